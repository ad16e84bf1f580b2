# shellcheck shell=bash
# What the comparisons share: their arguments, and the line that says what was compared on what. Sourced with ROOT, the repository, set.
#
#   . comparison.sh; parse_comparison "$@"; say_comparison

# shellcheck source=fixtures/estate/messages.sh
. "$ROOT/fixtures/estate/messages.sh"

FILE=
ROUNDS=5
VERIFY=$ROOT/build/release/bin/verify

parse_comparison() {
    while [ $# -gt 0 ]; do
        case $1 in
            --rounds) needs_value "$1" $#; ROUNDS=$2; shift ;;
            --verify) needs_value "$1" $#; VERIFY=$2; shift ;;
            --help) header_of "$0"; exit 0 ;;
            -*) misused "unknown argument: $1" ;;
            *) FILE=$1 ;;
        esac
        shift
    done
    is_count "$ROUNDS" || misused "--rounds takes a number from 1: $ROUNDS"
    [ -n "$FILE" ] || misused "which file?"
    [ -r "$FILE" ] || misused "cannot read $FILE"
    [ -r "$FILE.sha256" ] || misused "the file has no checksum beside it: $FILE.sha256"
    [ -x "$VERIFY" ] || misused "not built: $VERIFY (cmake --preset release && cmake --build --preset release)"
    FILE=$(realpath "$FILE")
    VERIFY=$(realpath "$VERIFY")
}

say_comparison() {
    echo "${FILE##*/}: $(stat -c %s "$FILE") bytes; $ROUNDS rounds after one to warm up; $(nproc) processors"
}

# An argument as a shell reads it.
quoted() {
    printf '%q' "$1"
}
