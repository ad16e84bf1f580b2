# shellcheck shell=bash
# The benchmark's database on a private server, for the recipes that make the large files. Sourced with ROOT, the repository, set.
#
#   . benchmark_database.sh; benchmark_database_create 1; database_dump big.sql.gz "$BENCHMARK_DATE"; benchmark_database_grow 1

# shellcheck source=fixtures/estate/messages.sh
. "$ROOT/fixtures/estate/messages.sh"
# shellcheck source=fixtures/estate/scratch.sh
. "$ROOT/fixtures/estate/scratch.sh"
# shellcheck source=fixtures/estate/calendar.sh
. "$ROOT/fixtures/estate/calendar.sh"
# shellcheck source=fixtures/estate/archive.sh
. "$ROOT/fixtures/estate/archive.sh"
# shellcheck source=fixtures/estate/server.sh
. "$ROOT/fixtures/estate/server.sh"
# shellcheck source=fixtures/estate/database.sh
. "$ROOT/fixtures/estate/database.sh"

# shellcheck disable=SC2034  # used by the recipes
BENCHMARK_DATE=20251208

is_part() {
    [[ $1 =~ ^(1|0?\.[0-9]+)$ ]]
}

# Starts a server below SCRATCH with the benchmark's tables, or PART of their rows.
benchmark_database_create() {
    # Rows that are new with their table then need no write-ahead log.
    SERVER_SETTINGS+=(wal_level=minimal max_wal_senders=0)
    server_create
    server_start
    server_psql postgres --command 'CREATE DATABASE ner11_db'
    server_psql ner11_db --set part="$1" --file "$ROOT/bench/database.sql"
}

# Grows the data directory to 4 GB, or PART of it.
benchmark_database_grow() {
    server_psql ner11_db --set rows="1300000 * $1" --file "$ROOT/bench/growth.sql"
}
