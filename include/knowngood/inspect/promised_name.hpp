// promises_backup: whether a name promises a backup wherever it stands, in an archive among an application's files too.
//
// Layer: inspect. Example: promises_backup("db.sql.gz.gpg"), but not "layer.tar", "app.log.gz" or "libfoo.bundle".
#pragma once

#include <string>
#include <string_view>

#include "knowngood/base/ascii.hpp"
#include "knowngood/base/file_name.hpp"
#include "knowngood/inspect/name_claims.hpp"

namespace knowngood {

/// `d.sql.gz` of `d.sql.gz.age`: the file name in lower case, without the ending of what encrypts it.
inline std::string name_without_encryption(std::string_view name) {
  std::string lower = to_lower(file_name_of(name));
  for (const std::string_view ending :
       {".gpg", ".pgp", ".asc", ".age", ".enc", ".aes", ".crypt", ".cpt", ".openssl", ".ssl"}) {
    if (lower.size() > ending.size() && lower.ends_with(ending)) {
      lower.resize(lower.size() - ending.size());
      break;
    }
  }
  return lower;
}

/// Names that only backups have: dumps and archives that are compressed, archives by `.tar` but for the layers of
/// container images; what encrypts them may stand behind.
inline bool promises_backup(std::string_view name) {
  const std::string lower = name_without_encryption(name);
  if (lower.ends_with(".dump") || lower.ends_with(".pgdump")) return true;
  const name_claims claims = claims_of(lower);
  if (!claims.inner || lower == "layer.tar") return false;
  return *claims.inner == content::tar || (*claims.inner == content::plain_dump && claims.how != compression::none);
}

}  // namespace knowngood
