// list_names: the names that checksum lists and manifests go by, wherever they lie.
//
// Layer: inspect. Example: is_checksum_list_name("full/SHA256SUMS"), is_manifest_name("models_manifest.json").
#pragma once

#include <string_view>

#include "knowngood/base/file_name.hpp"

namespace knowngood {

/// True for the names that checksum lists go by: `checksums.txt`, `SHA256SUMS`, `x.sha256`, ….
inline bool is_checksum_list_name(std::string_view name) {
  name = file_name_of(name);
  for (const std::string_view ending :
       {".sha256",    ".sha512", ".sha1",      ".sha224",   ".sha384",  ".md5",        ".b2",      ".blake2",
        ".sha256sum", ".md5sum", ".sha512sum", ".sha1sum",  "SUMS",     "SUMS.txt",    "sums.txt", "SUM",
        "sum.txt",    ".sum",    "checksums",  "CHECKSUMS", "CHECKSUM", "checksum.txt"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

/// True for the names that manifests go by: `MANIFEST.txt`, `models_…_manifest.json`, `config_…_manifest.txt`.
inline bool is_manifest_name(std::string_view name) {
  name = file_name_of(name);
  return name == "MANIFEST.txt" || name == "MANIFEST" || name.ends_with("_manifest.json") ||
         name.ends_with("_manifest.txt") || name.ends_with(".manifest.json") || name == "manifest.json";
}

/// True for the names of a full backup's list of its components.
inline bool is_component_manifest_name(std::string_view name) {
  name = file_name_of(name);
  return name == "MANIFEST.txt" || name == "MANIFEST";
}

}  // namespace knowngood
