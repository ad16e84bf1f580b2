// The catalogue of everything that knowngood can find. The one source of ids, usual severities, meanings and advice;
// docs/checks.md is made from it (`verify --list-checks`), and a test holds the two together.
//
// Layer: base. To add a check: one line here, at the end of its family, and in `all`. Ids are never reused. It is long
// because it is one table, and is looked things up in rather than read.
#pragma once

#include <array>
#include <string_view>

#include "knowngood/base/check.hpp"

namespace knowngood::checks {

using enum severity;

// The stored file itself
inline constexpr check file_empty{"file.empty", error, "the artifact has no bytes",
                                  "run the backup again and find out why it wrote nothing"};
inline constexpr check file_changed{
    "file.changed", error, "the file changed while it was read",
    "a backup is still being written, or something rewrites it: verify it again when it is done"};
inline constexpr check file_replaced{
    "file.replaced", warning,
    "another file lies under the name since the artifact was read, or none, or it was written to",
    "what was verified is the file before: verify the one that is there now, and rotate before or after the run"};
inline constexpr check file_unreadable{
    "file.unreadable", error, "the medium does not give the bytes back",
    "copy what can be read elsewhere, replace the medium, and restore this artifact from another copy"};
inline constexpr check file_kind{"file.kind", error, "the content is not of the promised kind",
                                 "look at what the backup procedure wrote; restore from an older artifact"};
inline constexpr check file_name_disagrees{"file.name-disagrees", warning,
                                           "the name claims another format than the content has",
                                           "rename the file or mend the procedure that names it"};
inline constexpr check file_unprotected{"file.unprotected", warning,
                                        "nothing in the format or beside it would show damage",
                                        "write a checksum file beside it when the backup is made"};
inline constexpr check file_unknown{"file.unknown", note,
                                    "the content's format is not one that knowngood can look into",
                                    "a checksum file is the only evidence for it"};
inline constexpr check file_opaque{
    "file.opaque", note, "the content is encrypted and was not looked into, as the policy accepts",
    "only its digest was checked: rehearse the restore by hand, with the key that a restore would use"};
inline constexpr check file_symlink{"file.symlink", note, "the artifact is a symbolic link",
                                    "nothing, if that is intended"};

// Checksum files
inline constexpr check checksum_mismatch{
    "checksum.mismatch", error, "the content is not what the checksum file vouches for",
    "the artifact or its checksum file was altered or belongs to another: restore from another copy"};
inline constexpr check checksum_missing_file{"checksum.missing-file", error, "a listed file is not there",
                                             "find the file or make the backup again"};
inline constexpr check checksum_unlisted{
    "checksum.unlisted", warning, "a file that should be listed is not",
    "its content is not vouched for: make the checksum file again from a trusted copy"};
inline constexpr check checksum_malformed{"checksum.malformed", error, "a line is no checksum line",
                                          "make the checksum file again from a trusted copy"};
inline constexpr check checksum_empty{"checksum.empty", error, "the checksum file lists nothing",
                                      "make the checksum file again from a trusted copy"};
inline constexpr check checksum_sidecar_missing{
    "checksum.sidecar-missing", error, "the promised checksum file is not there",
    "the backup procedure did not finish, or the file was lost: restore it from another copy"};
inline constexpr check checksum_other_file{"checksum.other-file", error,
                                           "the checksum file lists other files, not this one",
                                           "it belongs to another artifact: find the right one"};
inline constexpr check checksum_moved{"checksum.moved", note,
                                      "the checksum file names an absolute path that is no longer this file's",
                                      "sha256sum -c will not find it: write bare names into checksum files"};
inline constexpr check checksum_duplicate{"checksum.duplicate", note, "a file is listed more than once",
                                          "nothing, where the lines agree"};
inline constexpr check checksum_conflict{"checksum.conflict", error, "a file is listed with two different digests",
                                         "make the checksum file again from a trusted copy"};
inline constexpr check checksum_unsupported{"checksum.unsupported", error,
                                            "a line uses a digest that this build cannot compute",
                                            "check it with the tool that wrote it"};
inline constexpr check checksum_itself{"checksum.itself", note, "the checksum file lists itself",
                                       "nothing: no list can hold its own digest; the line is ignored"};
inline constexpr check checksum_encoding{
    "checksum.encoding", note, "the checksum file is of an encoding that the checksum tools cannot read",
    "write it as plain text: PowerShell's redirection writes UTF-16, `| Out-File -Encoding ascii` does not"};

// gzip (RFC 1952)
inline constexpr check gzip_header{"gzip.header", error, "the member header is not one", "restore from another copy"};
inline constexpr check gzip_header_crc{"gzip.header-crc", error, "the header's CRC-16 differs",
                                       "restore from another copy"};
inline constexpr check gzip_deflate{"gzip.deflate", error, "the compressed data cannot be inflated",
                                    "restore from another copy; what precedes the offset can be salvaged"};
inline constexpr check gzip_crc32{"gzip.crc32", error, "the data's CRC-32 differs from the trailer's",
                                  "restore from another copy"};
inline constexpr check gzip_length{"gzip.length", error, "the data's length differs from the trailer's",
                                   "restore from another copy"};
inline constexpr check gzip_truncated{
    "gzip.truncated", error, "the stream ends before its trailer",
    "the backup was cut short (disk full, killed, network): make it again, restore from an older one"};
inline constexpr check gzip_trailing_data{
    "gzip.trailing-data", error, "bytes follow the last member that are no member",
    "gunzip ignores them: find out what wrote them, and restore from another copy"};
inline constexpr check gzip_trailing_zeros{"gzip.trailing-zeros", note, "zero bytes pad the end",
                                           "nothing: tape and block devices pad"};
inline constexpr check gzip_member_after_zeros{
    "gzip.member-after-zeros", error, "another member follows zero padding",
    "gunzip silently drops it: the restored content would be incomplete; join the members without padding"};

// zstd, xz, bzip2, lz4
inline constexpr check compression_damaged{"compression.damaged", error, "the compressed data is damaged",
                                           "restore from another copy"};
inline constexpr check compression_truncated{"compression.truncated", error, "the compressed stream ends early",
                                             "the backup was cut short: make it again, restore from an older one"};
inline constexpr check compression_trailing_data{"compression.trailing-data", error,
                                                 "bytes follow the end of the compressed stream",
                                                 "find out what wrote them, and restore from another copy"};
inline constexpr check compression_end_unproved{
    "compression.end-unproved", error, "the compressed format does not mark its end, and nothing else proves it",
    "whether bytes are missing cannot be known: compress without legacy options (lz4 without -l)"};

// tar
inline constexpr check tar_header{"tar.header", error, "a member header is damaged",
                                  "restore from another copy; members before it can be salvaged"};
inline constexpr check tar_truncated{"tar.truncated", error, "the archive ends inside a member",
                                     "the backup was cut short: make it again, restore from an older one"};
inline constexpr check tar_end_missing{
    "tar.end-missing", error, "the two zero blocks that end an archive are not there",
    "whether members are missing cannot be known: make it again, restore from an older one"};
inline constexpr check tar_data_after_end{"tar.data-after-end", error, "data follows the end of the archive",
                                          "tar would not restore it: it may be a second archive (tar -i reads on)"};
inline constexpr check tar_empty{
    "tar.empty", error, "the archive holds nothing",
    "the procedure archived an empty or wrong directory: mend it, restore from an older one"};
inline constexpr check tar_unsafe_name{"tar.unsafe-name", error,
                                       "a member's name leads out of the directory it is restored into",
                                       "do not extract it as root: the archive is crafted or was made wrongly"};
inline constexpr check tar_absolute_name{"tar.absolute-name", warning, "a member's name is absolute",
                                         "extract with --no-absolute-filenames or its like, and archive with -C"};
inline constexpr check tar_unsafe_link{"tar.unsafe-link", error, "a hard link leads out of the archive's root",
                                       "do not extract it as root: the archive is crafted or was made wrongly"};
inline constexpr check tar_through_symlink{"tar.through-symlink", error,
                                           "a member would be written through a symbolic link in the archive",
                                           "do not extract it: it may write anywhere"};
inline constexpr check tar_link_outside{"tar.link-outside", note, "a symbolic link points outside of the archive",
                                        "nothing: volumes have such links"};
inline constexpr check tar_link_target_missing{"tar.link-target-missing", error,
                                               "a hard link's target is not in the archive before it",
                                               "the link's content cannot be restored: restore from another copy"};
inline constexpr check tar_duplicate{"tar.duplicate", note, "a name stands in the archive twice; the later one wins",
                                     "nothing, if the archive is updated by appending"};
inline constexpr check tar_device{"tar.device", note, "a device node", "restoring it takes root"};
inline constexpr check tar_malformed{"tar.malformed", error, "a member's extended header cannot be understood",
                                     "names or sizes may be wrong: restore from another copy"};
inline constexpr check tar_secret_readable{"tar.secret-readable", warning,
                                           "an archive that holds secrets is readable by everybody",
                                           "chmod 600 it, and set umask 077 in the backup procedure"};
inline constexpr check tar_volume{"tar.volume", error, "the archive is one volume of several",
                                  "it cannot be restored alone: keep the volumes together, or archive without -M"};
inline constexpr check tar_padding{"tar.padding", warning,
                                   "bytes that are no zeros fill the archive's last record behind its end",
                                   "tar ignores them; what writes them is defective, or the medium is: find out which"};
inline constexpr check tar_incremental{
    "tar.incremental", error, "an incremental archive: files that its directories name are in earlier ones",
    "alone it restores a part: keep it beside the full archive and those in between"};
inline constexpr check tar_no_bytes{"tar.no-bytes", warning, "all files of the archive are empty",
                                    "look whether the procedure archived what it should"};
inline constexpr check tar_holes{"tar.holes", note, "a sparse file's holes were not read",
                                 "nothing: what is stored of it was; its digest is not known"};

// zip, 7z, cpio and other archives
inline constexpr check archive_damaged{"archive.damaged", error, "the archive or a member of it cannot be read",
                                       "restore from another copy; other members can be salvaged"};
inline constexpr check archive_truncated{"archive.truncated", error, "the archive ends before its end",
                                         "the backup was cut short: make it again, restore from an older one"};
inline constexpr check archive_crc{"archive.crc", error, "a member's content differs from its checksum",
                                   "restore from another copy; other members can be salvaged"};
inline constexpr check archive_directory{"archive.directory", error, "the archive's directory and its members disagree",
                                         "which of them is right cannot be known: restore from another copy"};
inline constexpr check archive_trailing_data{"archive.trailing-data", warning, "bytes follow the end of the archive",
                                             "they are not restored: find out what wrote them"};
inline constexpr check archive_gap{"archive.gap", note, "bytes between members that belong to none",
                                   "nothing, if the archive was changed in place"};
inline constexpr check archive_empty{
    "archive.empty", error, "the archive holds nothing",
    "the procedure archived an empty or wrong directory: mend it, restore from an older one"};

// SQLite databases, snapshots of Redis
inline constexpr check sqlite_header{"sqlite.header", error, "the database's header is not one",
                                     "restore from another copy"};
inline constexpr check sqlite_truncated{
    "sqlite.truncated", error, "the database file is not of the length that its header states",
    "the copy was cut short, or taken while it was written to: take it with sqlite3 .backup"};
inline constexpr check sqlite_page{"sqlite.page", error, "a page of the database is of no kind that SQLite has",
                                   "restore from another copy; sqlite3 .recover salvages what is left"};
inline constexpr check sqlite_wal{"sqlite.wal", note,
                                  "the database is in WAL mode: its last changes may lie in the -wal file beside it",
                                  "back it up with sqlite3 .backup, or together with its -wal file"};
inline constexpr check redis_header{"redis.header", error, "the snapshot's header is not one",
                                    "restore from another copy"};
inline constexpr check redis_truncated{"redis.truncated", error, "the snapshot ends before its end marker",
                                       "the copy was cut short: make it again, restore from an older one"};
inline constexpr check redis_crc{"redis.crc", error, "the snapshot's content differs from its CRC-64",
                                 "restore from another copy"};

// Artifacts in parts
inline constexpr check split_missing{"split.missing", error, "a part of a split artifact is not there",
                                     "without it nothing behind it restores: find the part, or another copy"};

// PostgreSQL plain dumps
inline constexpr check dump_truncated{
    "dump.truncated", error, "the dump does not end with its completion trailer",
    "pg_dump died or the copy was cut short, whatever gunzip says: make it again, restore from an older one"};
inline constexpr check dump_unterminated_copy{"dump.unterminated-copy", error, "a COPY block does not end",
                                              "rows are missing: make it again, restore from an older one"};
inline constexpr check dump_unterminated_statement{"dump.unterminated-statement", error,
                                                   "the dump ends inside a statement",
                                                   "make it again, restore from an older one"};
inline constexpr check dump_columns{"dump.columns", error,
                                    "a row has another number of columns than its COPY statement",
                                    "the row cannot be restored: restore from another copy"};
inline constexpr check dump_row_escape{"dump.row-escape", error, "a row holds an escape that pg_dump does not write",
                                       "the row would be restored wrongly: restore from another copy"};
inline constexpr check dump_encoding{"dump.encoding", error, "bytes are not valid in the dump's own encoding",
                                     "PostgreSQL will refuse them: restore from another copy"};
inline constexpr check dump_meta_command{"dump.meta-command", error, "a psql meta-command that pg_dump does not write",
                                         "do not feed the dump to psql: it may execute programs"};
inline constexpr check dump_data_after_end{"dump.data-after-end", error, "statements follow the completion trailer",
                                           "something was appended: find out what, restore from another copy"};
inline constexpr check dump_no_header{"dump.no-header", error, "the dump does not begin as pg_dump's do",
                                      "its beginning is lost: restore from another copy"};
inline constexpr check dump_empty{
    "dump.empty", error, "the dump holds no object and no row",
    "the wrong or an empty database was dumped: mend the procedure, restore from an older one"};
inline constexpr check dump_no_rows{"dump.no-rows", note, "the dump holds tables and no row",
                                    "right for --schema-only; otherwise an empty database was dumped"};
inline constexpr check dump_error_text{"dump.error-text", error,
                                       "other text, such as a program's error message, stands where SQL should",
                                       "look at what the procedure wrote, mend it, and make the dump again"};
inline constexpr check dump_utf16{
    "dump.utf-16", error, "the dump was rewritten as UTF-16, of which psql restores nothing",
    "redirection (>) by Windows PowerShell does that: let pg_dump write the file itself, with --file"};
inline constexpr check dump_foreign_lines{
    "dump.foreign-lines", warning, "lines that pg_dump did not write stand before, between or behind dumps",
    "keep other programs' output out of the dump; psql with ON_ERROR_STOP stops at such lines"};
inline constexpr check dump_end_unproved{"dump.end-unproved", warning,
                                         "nothing in the dump proves that it is whole: its comments were stripped",
                                         "keep the dump as pg_dump writes it: its last comment is what proves its end"};
inline constexpr check dump_bytes{"dump.bytes", error, "bytes stand in the dump that pg_dump does not write there",
                                  "something overwrote or rewrote the dump: restore from another copy"};
inline constexpr check dump_line_endings{
    "dump.line-endings", warning, "the dump's lines end in CR LF, as a terminal or an editor leaves them",
    "psql restores rows of COPY as they were; take dumps without a terminal (docker exec without -t)"};
inline constexpr check dump_row_security{"dump.row-security", warning,
                                         "the dump was made with row security on: it may hold only some of the rows",
                                         "dump as a role that may see all rows, without --enable-row-security"};
inline constexpr check dump_joined{"dump.joined", error,
                                   "dumps were joined so that the same is made twice, or two databases become one",
                                   "write each dump into a file of its own, or use pg_dump --create"};
inline constexpr check dump_statement{"dump.statement", error, "a statement that pg_dump does not write",
                                      "find out who changed the dump, and restore from another copy"};
inline constexpr check dump_data_only{"dump.data-only", note, "the dump holds rows and no tables to put them into",
                                      "keep a dump of the schema beside it, or dump both together"};

// PostgreSQL's custom archives (pg_dump -Fc)
inline constexpr check dump_archive{"dump.archive", error, "an archive of pg_dump is not as pg_dump writes it",
                                    "restore from another copy; make it again"};
inline constexpr check dump_archive_data{"dump.archive-data", error,
                                         "data that the table of contents promises is missing",
                                         "rows are missing: make it again, restore from an older one"};
inline constexpr check dump_archive_offset{"dump.archive-offset", error,
                                           "data lies elsewhere than the table of contents states",
                                           "pg_restore looks for it in the wrong place: restore from another copy"};
inline constexpr check dump_archive_order{"dump.archive-order", warning,
                                          "data lies in another order than the table of contents",
                                          "pg_restore cannot read it from a pipe: find out what rewrote the archive"};

// PostgreSQL data directories
inline constexpr check pgdata_control_crc{"pgdata.control-crc", error, "the control file's CRC-32C differs",
                                          "the cluster will not start: restore from another copy"};
inline constexpr check pgdata_control_malformed{"pgdata.control-malformed", error, "the control file is not one",
                                                "the cluster will not start: restore from another copy"};
inline constexpr check pgdata_inconsistent{
    "pgdata.inconsistent", error, "a data directory was copied while its server ran, without a backup label",
    "it may even boot, and hold tuples from the future: use pg_basebackup or pg_dump, or stop the server first"};
inline constexpr check pgdata_incomplete{"pgdata.incomplete", error,
                                         "a data directory lacks files that every cluster has",
                                         "it cannot start: make the backup again"};
inline constexpr check pgdata_version{"pgdata.version", error,
                                      "files of one data directory are of different versions of PostgreSQL",
                                      "no server starts from it: restore from another copy"};
inline constexpr check pgdata_label_malformed{"pgdata.label-malformed", error, "the backup_label is not one",
                                              "without it recovery begins in the wrong place: take another copy"};
inline constexpr check pgdata_wal_missing{
    "pgdata.wal-missing", error, "the write-ahead log that a data directory needs to start is not in the backup",
    "keep pg_wal.tar beside it, use pg_basebackup --wal-method=fetch or stream, or name the archive that has it in the "
    "policy (held_by)"};
inline constexpr check pgdata_tablespace_missing{
    "pgdata.tablespace-missing", error, "a tablespace is a link that leads out of the backup",
    "its tables are not in it: back up the tablespace with its data directory, or name the archive that has it in the "
    "policy (held_by)"};

// git bundles
inline constexpr check bundle_header{"bundle.header", error, "the bundle's header is damaged",
                                     "restore from another copy"};
inline constexpr check bundle_truncated{"bundle.truncated", error, "the bundle ends early",
                                        "make it again, restore from an older one"};
inline constexpr check bundle_prerequisites{"bundle.prerequisites", error,
                                            "the bundle needs commits that it does not hold",
                                            "it is not a complete history: git bundle create FILE --all"};
inline constexpr check bundle_no_refs{"bundle.no-refs", error, "the bundle records no ref",
                                      "git bundle create FILE --all in the right repository"};
inline constexpr check bundle_pack_header{"bundle.pack-header", error, "the pack's header is damaged",
                                          "restore from another copy"};
inline constexpr check bundle_object{"bundle.object", error, "an object of the pack is damaged",
                                     "restore from another copy"};
inline constexpr check bundle_object_count{
    "bundle.object-count", error, "the pack holds another number of objects than it says", "restore from another copy"};
inline constexpr check bundle_digest{"bundle.digest", error, "the pack's digest differs from its trailer",
                                     "restore from another copy"};
inline constexpr check bundle_trailing_data{"bundle.trailing-data", error, "bytes follow the pack's trailer",
                                            "git refuses such a bundle: restore from another copy"};
inline constexpr check bundle_ref_missing{"bundle.ref-missing", error, "a ref's object is not in the pack",
                                          "the ref cannot be cloned: make it again"};
inline constexpr check bundle_unproven{
    "bundle.unproven", warning,
    "some objects' names could not be determined, so that others that name them prove nothing",
    "give the bundle as a file of its own; the drill clones it and lets git look"};
inline constexpr check bundle_ref_unproven{"bundle.ref-unproven", warning,
                                           "whether a ref's object is in the pack could not be determined",
                                           "git clone the bundle, which a drill does"};
inline constexpr check bundle_filtered{"bundle.filtered", error, "objects were filtered out of the bundle",
                                       "it is not a complete history: make it without --filter"};
inline constexpr check bundle_duplicate_ref{
    "bundle.duplicate-ref", warning, "the bundle lists a ref twice, and git clone refuses it",
    "git init DIR, then git -C DIR fetch FILE 'refs/*:refs/*' gets everything; mend the procedure: git bundle create "
    "FILE --all, and no branch beside it"};

// Manifests
inline constexpr check manifest_missing{"manifest.missing", error, "the promised manifest is not there",
                                        "the backup procedure did not finish: run it again"};
inline constexpr check manifest_malformed{"manifest.malformed", error, "the manifest cannot be understood",
                                          "the procedure that writes it failed: run it again and look at its output"};
inline constexpr check manifest_missing_member{"manifest.missing-member", error,
                                               "the manifest names something that the archive does not hold",
                                               "it was not backed up: make the backup again"};
inline constexpr check manifest_unlisted_member{
    "manifest.unlisted-member", error, "the archive holds something that the manifest should list and does not",
    "manifest and archive are of different moments: make the backup again"};
inline constexpr check manifest_size{"manifest.size", error, "a member's size differs from the manifest's",
                                     "manifest and archive are of different moments: make the backup again"};
inline constexpr check manifest_time{"manifest.time", warning,
                                     "a member's modification time differs from the manifest's",
                                     "the file was rewritten between manifest and archive: make the backup again"};
inline constexpr check manifest_timestamp{"manifest.timestamp", warning,
                                          "the manifest carries another timestamp than its name",
                                          "the manifest may belong to another backup"};
inline constexpr check manifest_empty{"manifest.empty", error, "the manifest lists nothing",
                                      "the procedure looked in the wrong place: mend it"};
inline constexpr check manifest_component_missing{"manifest.component-missing", error,
                                                  "the manifest promises a component that the archive does not hold",
                                                  "the full backup is incomplete: make it again"};

// Presence
inline constexpr check presence_missing{"presence.missing", error, "no artifact of the component is there at all",
                                        "the backup never ran or writes elsewhere: run it now"};
inline constexpr check presence_stale{"presence.stale", error,
                                      "the newest artifact is older than its schedule or max_age allows",
                                      "the backup job failed or did not run: look at its log, run it now"};
inline constexpr check presence_late{"presence.late", warning,
                                     "the artifact of the run that is due is not there yet, and may still come",
                                     "look whether the job still runs; it becomes an error when its grace is over"};
inline constexpr check presence_future{"presence.future", error, "an artifact is dated in the future",
                                       "check the clock and the time zone of the host that wrote it"};
inline constexpr check presence_timestamp{"presence.timestamp", error, "a name's timestamp is no date",
                                          "rename it, or mend the procedure that names it"};
inline constexpr check presence_identical{"presence.identical", error,
                                          "two artifacts of different times have identical content",
                                          "the job is stuck or copies an old file: look at its log"};
inline constexpr check presence_unclaimed{"presence.unclaimed", note, "a file belongs to no component",
                                          "remove it, or name it in the policy"};
inline constexpr check presence_directory{"presence.directory", error, "a component's directory is not there",
                                          "check the path in the policy, and whether the file system is mounted"};
inline constexpr check presence_incomplete{"presence.incomplete", error,
                                           "a backup's directory lacks something that the policy says it must hold",
                                           "the procedure stopped on the way: run it again, restore from an older one"};

// Size
inline constexpr check size_minimum{
    "size.minimum", error, "the artifact is smaller than its minimum",
    "look inside: the database may be empty or the dump failed; restore from an older one"};
inline constexpr check size_drift{"size.drift", warning, "the size differs much from the median of its predecessors",
                                  "find out what grew or vanished"};

// Restored archives
inline constexpr check restore_refused{
    "restore.refused", error, "a member was not extracted, for it would have left the directory it is restored into",
    "do not extract the archive as root: it is crafted or was made wrongly"};
inline constexpr check restore_missing_file{"restore.missing-file", error,
                                            "a required file is not among what was restored",
                                            "it was not backed up: mend the procedure, look in an older artifact"};
inline constexpr check restore_content{"restore.content", error,
                                       "a restored file is not what the archive or its manifest says",
                                       "restore from another copy"};
inline constexpr check restore_syntax{"restore.syntax", error, "a restored configuration file cannot be parsed",
                                      "the service would not start with it: look at what was backed up"};
inline constexpr check restore_mode{
    "restore.mode", note, "an owner, a mode or a special file of the archive was not restored in the rehearsal",
    "nothing: restoring it for real takes root and trust in the archive"};
inline constexpr check restore_implied_directory{
    "restore.implied-directory", warning,
    "a volume's archive has no entries for directories, so that a restore makes them with other owners and modes",
    "archive the directory itself, `tar -C VOLUME -czf FILE .`, not a list of its files; after a restore set owners "
    "and "
    "modes by hand"};

// Loaded dumps
inline constexpr check load_sql{
    "load.sql", error, "a statement of the dump fails",
    "the object or its rows are not restored: look at the statement's line in the dump, and restore from another copy"};
inline constexpr check load_refused{"load.refused", error,
                                    "the dump asks for something that no backup needs: programs, server files, C code",
                                    "do not feed the dump to psql: it may execute programs; find out who changed it"};
inline constexpr check load_superuser{"load.superuser", warning, "a statement takes a superuser, and was not rehearsed",
                                      "run it by hand as a superuser after a real restore, once its content is known"};
inline constexpr check load_extension{
    "load.extension", warning, "the dump needs an extension that the drill may not or cannot create",
    "name it under drill.extensions in the policy, and install its package on this host"};
inline constexpr check load_role{"load.role", note, "the dump names roles that it does not create",
                                 "restore them first: pg_dumpall --roles-only"};
inline constexpr check load_server_version{"load.server-version", warning,
                                           "the dump was made on a newer server than the one it is restored into",
                                           "install that PostgreSQL version on the host of the drill"};

// Rows, compared
inline constexpr check rows_missing_table{"rows.missing-table", error,
                                          "a table is not there after the restore, or not in the dump",
                                          "it would be lost: mend the procedure, restore from another copy"};
inline constexpr check rows_extra_table{"rows.extra-table", error, "a table is there that should not be",
                                        "dump and capture are of different databases or moments"};
inline constexpr check rows_fewer{"rows.fewer", error, "a table has fewer rows than it should",
                                  "rows are lost: restore from another copy"};
inline constexpr check rows_more{"rows.more", error, "a table has more rows than it should",
                                 "rows were added or loaded twice: restore from another copy"};
inline constexpr check rows_different{"rows.different", error, "a table has as many rows as it should, and other ones",
                                      "rows were altered: restore from another copy"};
inline constexpr check rows_empty{"rows.empty", note, "a table is empty on both sides",
                                  "right for some; otherwise an empty table was dumped"};
inline constexpr check rows_counted_only{
    "rows.counted-only", note, "rows were counted and not compared",
    "dump with COPY instead of INSERT statements, so that contents can be compared"};
inline constexpr check rows_zone{"rows.zone", note, "the time zone that a dump was written in had to be inferred",
                                 "dump with PGTZ=UTC, or with drill capture, which records it"};

// Restored databases
inline constexpr check objects_missing{"objects.missing", error,
                                       "an object of the dump is not in the restored database",
                                       "it would be lost: look at the statement that failed"};
inline constexpr check objects_invalid_index{"objects.invalid-index", error, "an index is not valid",
                                             "REINDEX it in the source database and back up again"};
inline constexpr check objects_unvalidated_constraint{"objects.unvalidated-constraint", warning,
                                                      "a constraint is not validated: rows may break it",
                                                      "ALTER TABLE … VALIDATE CONSTRAINT in the source database"};
inline constexpr check objects_sequence_behind{
    "objects.sequence-behind", error, "a sequence is behind the column that it fills",
    "the next insert fails: setval it in the source database and back up again"};
inline constexpr check objects_unpopulated_view{
    "objects.unpopulated-view", error, "a materialized view is not populated",
    "REFRESH MATERIALIZED VIEW fails or was never run: look at the statement that failed"};
inline constexpr check assertion_failed{"assertion.failed", error,
                                        "an assertion of the policy does not hold in the restored database",
                                        "look at what it selects in the source database and in the dump"};

// Captures
inline constexpr check capture_missing{"capture.missing", error, "the promised capture is not there",
                                       "make the backup with drill capture"};
inline constexpr check capture_malformed{"capture.malformed", error, "the capture cannot be understood",
                                         "make the backup again with drill capture"};
inline constexpr check capture_other_artifact{"capture.other-artifact", error,
                                              "the capture was made with another artifact",
                                              "find the right one, or make the backup again with drill capture"};

// Rehearsed clones
inline constexpr check clone_failed{"clone.failed", error, "git cannot clone the bundle",
                                    "the repository cannot be restored from it: make it again"};
inline constexpr check clone_fsck{"clone.fsck", error, "git fsck finds damage in the clone",
                                  "the history is damaged: repair the repository, make the bundle again"};
inline constexpr check clone_refs{"clone.refs", error, "the clone's refs are not the bundle's",
                                  "make the bundle again"};
inline constexpr check clone_missing_ref{"clone.missing-ref", error, "a required ref is not in the bundle",
                                         "git bundle create FILE --all in the right repository"};
inline constexpr check clone_checkout{"clone.checkout", error, "the newest commit cannot be checked out",
                                      "files would be lost: make the bundle again"};
inline constexpr check clone_behind{"clone.behind", warning,
                                    "the live repository has commits or refs that the bundle lacks",
                                    "make the bundle after every push"};
inline constexpr check clone_unpushed{"clone.unpushed", warning, "the live repository has commits that were not pushed",
                                      "git push"};
inline constexpr check clone_uncommitted{"clone.uncommitted", warning,
                                         "the live repository has changes that were not committed",
                                         "commit or stash them: no bundle holds them"};

// Booted data directories
inline constexpr check boot_failed{
    "boot.failed", error, "a restored data directory does not start",
    "the volume cannot be restored: dump instead, or stop the server while the volume is copied"};
inline constexpr check boot_corrupt{
    "boot.corrupt", error, "pg_amcheck finds corruption in a restored data directory",
    "the volume was copied while its server wrote to it: dump instead, or stop the server while it is copied"};

// Probes
inline constexpr check probe_failed{"probe.failed", error, "the policy's probe command fails",
                                    "look at its output in the report"};
inline constexpr check probe_timeout{"probe.timeout", error, "the policy's probe command did not end in time",
                                     "raise drill.probe_timeout, or look at what it waits for"};

// The rehearsal as a whole
inline constexpr check drill_skipped{"drill.skipped", error,
                                     "a step was skipped that the policy does not allow to skip",
                                     "make the step possible, or name it under drill.allow_skip"};
inline constexpr check drill_unpacked_only{
    "drill.unpacked-only", warning, "a backup in an archive was unpacked, and neither loaded nor cloned",
    "nobody has proved that it restores: give it a component of its own, or make the archive's kind full-system"};
inline constexpr check drill_older_artifact{
    "drill.older-artifact", error,
    "the newest artifact is not sound, and an older one was restored; a warning where it cannot be checked",
    "what came between is lost: mend the backup procedure"};
inline constexpr check drill_not_restored{
    "drill.not-restored", error, "a full backup promises a dump that was not restored",
    "look at what was put there instead of the dump, and mend the full backup's procedure"};
inline constexpr check drill_not_inside{
    "drill.not-inside", warning, "a full backup holds nothing of a component that the policy backs up",
    "add it to the full backup's procedure: from this file alone it cannot be recovered"};
inline constexpr check drill_unconfined{
    "drill.unconfined", warning,
    "the kernel does not give the drill all that keeps its server from the host; a note where files outside of the "
    "scratch directory are out of its reach all the same",
    "run drills by root or where user namespaces are allowed, with Landlock (Linux 5.13 or newer, `landlock` in "
    "/sys/kernel/security/lsm), or on a host that nothing else depends on; see docs/threat-model.md"};
inline constexpr check drill_rto{"drill.rto", error, "the restore took longer than its objective",
                                 "restore from a faster medium, or in parallel; or revise the objective"};
inline constexpr check drill_rpo{"drill.rpo", error, "the restored state is older than its objective",
                                 "back up more often; or revise the objective"};
inline constexpr check drill_slower{"drill.slower", warning, "the restore took much longer than earlier drills",
                                    "find out what grew"};
inline constexpr check drill_cleanup{"drill.cleanup", error, "something of the drill is left behind",
                                     "remove it by hand, as the message says"};
inline constexpr check drill_leftover{"drill.leftover", note,
                                      "an earlier drill was killed, and what it left was removed", "nothing"};

// Ledgers and signatures
inline constexpr check ledger_line{"ledger.line", error, "a line of the ledger is no ledger line",
                                   "restore the ledger from a copy; what stands before the line is still good"};
inline constexpr check ledger_torn{
    "ledger.torn", error, "the last line of the ledger was not written to its end",
    "the run was killed or the disk was full: the next run repairs it, and its report is kept"};
inline constexpr check ledger_chain{"ledger.chain", error, "a line does not carry the digest of the line before it",
                                    "lines were removed, reordered or edited: restore the ledger from a copy"};
inline constexpr check ledger_report_missing{"ledger.report-missing", error,
                                             "a report that the ledger lists is not there", "restore it from a copy"};
inline constexpr check ledger_report_altered{"ledger.report-altered", error,
                                             "a report is not the one that the ledger vouches for",
                                             "it was edited: restore it from a copy"};
inline constexpr check ledger_report_unlisted{"ledger.report-unlisted", error,
                                              "a report lies in the ledger that no line lists",
                                              "a line was removed, or the ledger was put back: restore it from a copy; "
                                              "what a killed run left, the next one lists"};
inline constexpr check ledger_head{
    "ledger.head", error, "the signed head is not the ledger's last line",
    "lines were removed from the end, or added without a signature: restore the ledger from a copy"};
inline constexpr check signature_missing{"signature.missing", error, "what should be signed is not",
                                         "run the tool with --sign KEY"};
inline constexpr check signature_malformed{"signature.malformed", error, "the signature is no DSSE envelope",
                                           "restore it from a copy, or sign again"};
inline constexpr check signature_invalid{"signature.invalid", error, "the signature does not verify",
                                         "the document was edited, or another key signed it"};
inline constexpr check signature_other{"signature.other", error, "the signature is of another document",
                                       "find the right one, or sign again"};

inline constexpr std::array all{
    &file_empty,
    &file_changed,
    &file_replaced,
    &file_unreadable,
    &file_kind,
    &file_name_disagrees,
    &file_unprotected,
    &file_unknown,
    &file_opaque,
    &file_symlink,
    &checksum_mismatch,
    &checksum_missing_file,
    &checksum_unlisted,
    &checksum_malformed,
    &checksum_empty,
    &checksum_sidecar_missing,
    &checksum_other_file,
    &checksum_moved,
    &checksum_duplicate,
    &checksum_conflict,
    &checksum_unsupported,
    &checksum_itself,
    &checksum_encoding,
    &gzip_header,
    &gzip_header_crc,
    &gzip_deflate,
    &gzip_crc32,
    &gzip_length,
    &gzip_truncated,
    &gzip_trailing_data,
    &gzip_trailing_zeros,
    &gzip_member_after_zeros,
    &compression_damaged,
    &compression_truncated,
    &compression_trailing_data,
    &compression_end_unproved,
    &tar_header,
    &tar_truncated,
    &tar_end_missing,
    &tar_data_after_end,
    &tar_empty,
    &tar_unsafe_name,
    &tar_absolute_name,
    &tar_unsafe_link,
    &tar_through_symlink,
    &tar_link_outside,
    &tar_link_target_missing,
    &tar_duplicate,
    &tar_device,
    &tar_malformed,
    &tar_secret_readable,
    &tar_volume,
    &tar_padding,
    &tar_incremental,
    &tar_no_bytes,
    &tar_holes,
    &archive_damaged,
    &archive_truncated,
    &archive_crc,
    &archive_directory,
    &archive_trailing_data,
    &archive_gap,
    &archive_empty,
    &sqlite_header,
    &sqlite_truncated,
    &sqlite_page,
    &sqlite_wal,
    &redis_header,
    &redis_truncated,
    &redis_crc,
    &split_missing,
    &dump_truncated,
    &dump_unterminated_copy,
    &dump_unterminated_statement,
    &dump_columns,
    &dump_row_escape,
    &dump_encoding,
    &dump_meta_command,
    &dump_data_after_end,
    &dump_no_header,
    &dump_empty,
    &dump_no_rows,
    &dump_error_text,
    &dump_archive,
    &dump_archive_data,
    &dump_archive_offset,
    &dump_archive_order,
    &dump_utf16,
    &dump_foreign_lines,
    &dump_end_unproved,
    &dump_bytes,
    &dump_line_endings,
    &dump_row_security,
    &dump_joined,
    &dump_statement,
    &dump_data_only,
    &pgdata_control_crc,
    &pgdata_control_malformed,
    &pgdata_inconsistent,
    &pgdata_incomplete,
    &pgdata_version,
    &pgdata_label_malformed,
    &pgdata_wal_missing,
    &pgdata_tablespace_missing,
    &bundle_header,
    &bundle_truncated,
    &bundle_prerequisites,
    &bundle_no_refs,
    &bundle_pack_header,
    &bundle_object,
    &bundle_object_count,
    &bundle_digest,
    &bundle_trailing_data,
    &bundle_ref_missing,
    &bundle_unproven,
    &bundle_ref_unproven,
    &bundle_filtered,
    &bundle_duplicate_ref,
    &manifest_missing,
    &manifest_malformed,
    &manifest_missing_member,
    &manifest_unlisted_member,
    &manifest_size,
    &manifest_time,
    &manifest_timestamp,
    &manifest_empty,
    &manifest_component_missing,
    &presence_missing,
    &presence_stale,
    &presence_late,
    &presence_future,
    &presence_timestamp,
    &presence_identical,
    &presence_unclaimed,
    &presence_directory,
    &presence_incomplete,
    &size_minimum,
    &size_drift,
    &restore_refused,
    &restore_missing_file,
    &restore_content,
    &restore_syntax,
    &restore_mode,
    &restore_implied_directory,
    &load_sql,
    &load_refused,
    &load_superuser,
    &load_extension,
    &load_role,
    &load_server_version,
    &rows_missing_table,
    &rows_extra_table,
    &rows_fewer,
    &rows_more,
    &rows_different,
    &rows_empty,
    &rows_counted_only,
    &rows_zone,
    &objects_missing,
    &objects_invalid_index,
    &objects_unvalidated_constraint,
    &objects_sequence_behind,
    &objects_unpopulated_view,
    &assertion_failed,
    &capture_missing,
    &capture_malformed,
    &capture_other_artifact,
    &clone_failed,
    &clone_fsck,
    &clone_refs,
    &clone_missing_ref,
    &clone_checkout,
    &clone_behind,
    &clone_unpushed,
    &clone_uncommitted,
    &boot_failed,
    &boot_corrupt,
    &probe_failed,
    &probe_timeout,
    &drill_skipped,
    &drill_unpacked_only,
    &drill_older_artifact,
    &drill_not_restored,
    &drill_not_inside,
    &drill_unconfined,
    &drill_rto,
    &drill_rpo,
    &drill_slower,
    &drill_cleanup,
    &drill_leftover,
    &ledger_line,
    &ledger_torn,
    &ledger_chain,
    &ledger_report_missing,
    &ledger_report_altered,
    &ledger_report_unlisted,
    &ledger_head,
    &signature_missing,
    &signature_malformed,
    &signature_invalid,
    &signature_other,
};

/// The catalogue's entry for `id`, or null.
constexpr const check* find(std::string_view id) noexcept {
  for (const check* entry : all) {
    if (entry->id == id) return entry;
  }
  return nullptr;
}

}  // namespace knowngood::checks
