// extract: restores a tar archive into a directory, out of which nothing of it can lead.
//
// Layer: archive. The archive is hostile: absolute names are taken as relative, `..` is refused, nothing is written
// through a symbolic link whatever the order of members, hard links lead only to what lies beneath, devices and fifos
// are not made, setuid, setgid and sticky bits are dropped.
//   const extract_result got = extract(open_archive(path, where, bounds, findings), where,
//                                       confined_directory{"/scratch/models"}, {bounds}, findings);
//   if (!got.complete) ...   // findings say why
#pragma once

#include <memory>
#include <utility>

#include "knowngood/archive/confined_directory.hpp"
#include "knowngood/archive/extraction.hpp"
#include "knowngood/archive/tar_reader.hpp"
#include "knowngood/base/error.hpp"
#include "knowngood/io/observed.hpp"

namespace knowngood {

/// Restores what `tar_bytes`, a tar archive without compression, holds into `into`, which stays as it is itself. Of
/// members with the same name the later one stands, as after tar. Files keep their time and the mode's rwx bits, files
/// at least rw and directories at least rwx for the owner, so that they can be read and removed. Runs of zeros become
/// holes. Extended attributes and access control lists are not restored; times only of the first `compared_members`
/// directories.
///
/// Symbolic links are restored as the archive has them and may point out of `into`: whoever reads there uses
/// confined_directory or does not follow links. Nothing may run there that follows them.
///
/// Damage is a finding and ends the extraction where it cannot be read on after it: what was whole by then stays, a
/// member that was not is removed. Reports what tar_reader reports, `restore.refused`, `restore.content` for members
/// that could not be restored as they are, and `restore.mode`. Throws `environment_error` when a limit is exceeded or
/// the directory cannot be written to, `interrupted`.
inline extract_result extract(std::unique_ptr<source> tar_bytes, const location& where, const confined_directory& into,
                              const extract_options& options, finding_sink& findings) {
  detail::extraction restoring{where, into, options, findings};
  tar_reader reader{observe(std::move(tar_bytes),
                            [&](byte_view chunk) {
                              restoring.check_stop();
                              if (options.on_bytes) options.on_bytes(chunk.size());
                            }),
                    where, options.bounds, findings};
  try {
    while (const tar_member* member = reader.next()) restoring.restore(*member, reader);
    restoring.outcome().complete = true;
  } catch (const stream_error& error) {
    findings.report(error.as_finding());
  } catch (const environment_error&) {
    restoring.finish();
    throw;
  }
  return restoring.finish();
}

}  // namespace knowngood
