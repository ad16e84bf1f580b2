#include "knowngood/ledger/base64.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace base64_test {

using namespace knowngood;

TEST(base64, knows_the_vectors_of_rfc_4648) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(base64, gives_all_bytes_back_at_every_length) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    const std::string text = encode_base64(bytes);
    EXPECT_EQ(text.size(), (bytes.size() + 2) / 3 * 4);
    EXPECT_EQ(decode_base64(text), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(base64, takes_the_url_safe_alphabet_with_and_without_padding) {
  EXPECT_EQ(encode_base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(decode_base64("-__-"), "\xfb\xff\xfe");
  EXPECT_EQ(decode_base64("-_8="), "\xfb\xff");
  EXPECT_EQ(decode_base64("-_8"), "\xfb\xff");
  EXPECT_EQ(decode_base64("Zm8"), "fo");
}

TEST(base64, refuses_what_could_be_spelt_otherwise) {
  for (const char* text : {"Z", "Zg=", "Zg===", "=", "====", "Zm9vY===", "Zh==", "Zm9=", "Zm9v ", " Zm9v", "Zm\n9v",
                           "Zm9v\n", "+_8=", "-/8=", "Zm=v", "Zg==Zg==", "Zm9v!", "\xc3\xa4g=="}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
  EXPECT_FALSE(decode_base64(std::string_view{"Zm9\0", 4}));
}

TEST(base64, reads_no_other_text_of_four_characters_as_the_same_bytes) {
  // All single-character edits of a padded and an unpadded group: none means the same bytes within one alphabet.
  for (const std::string text : {"Zm9v", "Zm8=", "Zg=="}) {
    const auto meant = decode_base64(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string edited = text;
        edited[at] = static_cast<char>(byte);
        if (edited != text) {
          EXPECT_NE(decode_base64(edited), meant) << edited;
        }
      }
    }
  }
}

}  // namespace base64_test
