#include "knowngood/archive/tar_entry.hpp"

#include <gtest/gtest.h>

#include <langinfo.h>
#include <clocale>
#include <memory>
#include <string>

namespace tar_entry_test {

using namespace knowngood;

struct free_entry {
  void operator()(::archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};
using entry_pointer = std::unique_ptr<::archive_entry, free_entry>;

TEST(tar_entry, describes_what_is_set_and_nothing_else) {
  const entry_pointer entry{::archive_entry_new()};
  ::archive_entry_copy_pathname(entry.get(), "caf\xe9");
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_size(entry.get(), 42);
  ::archive_entry_set_perm(entry.get(), 04755);
  tar_member member = detail::describe_entry(entry.get());
  EXPECT_EQ(member.name, "caf\xe9");
  EXPECT_EQ(member.type, entry_type::file);
  EXPECT_EQ(member.size, 42U);
  EXPECT_EQ(member.mode, 04755U);
  EXPECT_FALSE(member.modified);
  EXPECT_FALSE(member.sparse);
  ::archive_entry_set_mtime(entry.get(), -10, 500'000'000);
  ::archive_entry_sparse_add_entry(entry.get(), 0, 3);
  ::archive_entry_sparse_add_entry(entry.get(), 30, 5);
  member = detail::describe_entry(entry.get());
  EXPECT_EQ(member.modified, -9.5);
  EXPECT_TRUE(member.sparse);
  EXPECT_EQ(detail::mapped_bytes(entry.get()), 8U);
}

TEST(tar_entry, gives_no_size_to_what_has_no_content) {
  for (const auto& [kind, type] : {std::pair{AE_IFDIR, entry_type::directory}, std::pair{AE_IFLNK, entry_type::symlink},
                                   std::pair{AE_IFIFO, entry_type::fifo}}) {
    const entry_pointer entry{::archive_entry_new()};
    ::archive_entry_set_filetype(entry.get(), kind);
    ::archive_entry_set_size(entry.get(), 42);
    EXPECT_EQ(detail::describe_entry(entry.get()).type, type) << to_string(type);
    EXPECT_EQ(detail::describe_entry(entry.get()).size, 0U) << to_string(type);
  }
}

TEST(tar_entry, the_locale_lasts_as_long_as_its_scope) {
  ASSERT_NE(std::setlocale(LC_ALL, "C.UTF-8"), nullptr);
  ASSERT_STREQ(::nl_langinfo(CODESET), "UTF-8");
  {
    const detail::archive_locale scope{"C"};
    EXPECT_STRNE(::nl_langinfo(CODESET), "UTF-8");
  }
  EXPECT_STREQ(::nl_langinfo(CODESET), "UTF-8");
  std::setlocale(LC_ALL, "C");
}

}  // namespace tar_entry_test
