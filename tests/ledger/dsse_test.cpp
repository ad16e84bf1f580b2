#include "knowngood/ledger/dsse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "knowngood/testing/scratch_directory.hpp"
#include "ledger/sample_keys.hpp"

namespace dsse_test {

using namespace knowngood;
using json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

const location where{"report.json.dsse"};

std::string malformed(const std::string& text) {
  try {
    static_cast<void>(parse_envelope(text, where));
  } catch (const stream_error& error) {
    EXPECT_EQ(error.as_finding().check, "signature.malformed");
    EXPECT_EQ(error.as_finding().where, where);
    return error.what();
  }
  return "read";
}

TEST(dsse, encodes_what_is_signed_as_the_specification_does) {
  EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(pre_authentication_encoding("", ""), "DSSEv1 0  0 ");
  EXPECT_EQ(pre_authentication_encoding("t", std::string_view{"a\0b", 3}), (std::string{"DSSEv1 1 t 3 a\0b", 16}));
  EXPECT_EQ(pre_authentication_encoding("t", "\xc3\xa4"), "DSSEv1 1 t 2 \xc3\xa4") << "lengths count bytes";
}

TEST(dsse, gives_an_envelope_back_as_it_was) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
  for (const std::string& payload : {std::string{}, std::string{"{}"}, all_bytes}) {
    auto envelope = sign_payload(in_toto_payload_type, payload, samples::key(0));
    add_signature(envelope, samples::key(1));
    const std::string text = to_json(envelope);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    const auto read = parse_envelope(text, where);
    EXPECT_EQ(read.payload, payload);
    EXPECT_EQ(read.payload_type, in_toto_payload_type);
    EXPECT_EQ(to_json(read), text);
    EXPECT_THAT(verify_envelope(read, {samples::key(1).public_key(), samples::key(0).public_key()}),
                ElementsAre(samples::key(0).id(), samples::key(1).id()));
    EXPECT_THAT(verify_envelope(read, {samples::key(1).public_key()}), ElementsAre("", samples::key(1).id()));
    EXPECT_THAT(verify_envelope(read, {samples::key(2).public_key()}), ElementsAre("", ""));
    EXPECT_THAT(verify_envelope(read, {}), ElementsAre("", ""));
  }
}

TEST(dsse, is_verified_by_openssl_without_knowngood) {
  const scratch_directory here;
  const auto key = make_key_files((here.path() / "k").string());
  const auto envelope = sign_payload(in_toto_payload_type, "{\"a\": 1}", key);
  here.write("e.dsse", to_json(envelope));
  // What docs/ledger.md tells auditors, with jq's part done by python, which every Debian has.
  here.write("open.py",
             "import base64, json\n"
             "e = json.load(open('e.dsse'))\n"
             "body, kind = base64.b64decode(e['payload'], validate=True), e['payloadType'].encode()\n"
             "open('pae', 'wb').write(b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(body), body))\n"
             "open('sig', 'wb').write(base64.b64decode(e['signatures'][0]['sig'], validate=True))\n");
  ASSERT_EQ(here.run("python3 open.py 2>&1").output, "");
  const std::string verify = "openssl pkeyutl -verify -rawin -pubin -inkey k.pub -in pae -sigfile sig 2>&1";
  EXPECT_THAT(here.run(verify).output, HasSubstr("Signature Verified Successfully"));
  EXPECT_EQ(here.run(verify).status, 0);
  ASSERT_EQ(here.run("printf x >> pae").status, 0);
  EXPECT_NE(here.run(verify).status, 0);

  ASSERT_EQ(here.run("python3 open.py && openssl pkeyutl -sign -rawin -inkey k.key -in pae -out sig2").status, 0);
  EXPECT_EQ(here.read("sig2"), envelope.signatures.front().bytes) << "Ed25519 signs in one way only";
}

TEST(dsse, reads_what_other_tools_write) {
  const auto envelope = sign_payload(in_toto_payload_type, "\xfb\xff\xfe>?", samples::key(0));
  json document = json::parse(to_json(envelope));
  std::string url_safe = document["payload"];
  for (auto& c : url_safe) c = c == '+' ? '-' : c == '/' ? '_' : c;
  ASSERT_NE(url_safe, document["payload"]);
  document["payload"] = url_safe;
  document["signatures"][0].erase("keyid");
  document["signatures"][0]["extra"] = {1, 2};
  document["more"] = "unknown fields are to be ignored";
  const auto read = parse_envelope(document.dump(4), where);
  EXPECT_EQ(read.payload, envelope.payload);
  EXPECT_EQ(read.signatures.front().key_id, "");
  EXPECT_THAT(verify_envelope(read, {samples::key(0).public_key()}), ElementsAre(samples::key(0).id()));
}

TEST(dsse, refuses_what_is_no_envelope) {
  const std::string whole = to_json(sign_payload(in_toto_payload_type, "{}", samples::key(0)));
  ASSERT_EQ(malformed(whole), "read");
  for (std::size_t length = 0; length + 1 < whole.size(); ++length)
    EXPECT_NE(malformed(whole.substr(0, length)), "read");
  const auto changed = [&](const std::string& pointer, const json& value) {
    json document = json::parse(whole);
    document[json::json_pointer{pointer}] = value;
    return malformed(document.dump());
  };
  EXPECT_THAT(changed("/payload", "e30"), "read");
  EXPECT_THAT(changed("/payload", "e3"), HasSubstr("/payload: base64 is expected"));
  EXPECT_THAT(changed("/payload", "e30= "), HasSubstr("base64"));
  EXPECT_THAT(changed("/payload", 5), HasSubstr("text"));
  EXPECT_THAT(changed("/payloadType", nullptr), HasSubstr("text"));
  EXPECT_THAT(changed("/signatures", json::array()), HasSubstr("a signature is expected"));
  EXPECT_THAT(changed("/signatures", json::object()), HasSubstr("an array"));
  EXPECT_THAT(changed("/signatures/0", "x"), HasSubstr("an object"));
  EXPECT_THAT(changed("/signatures/0/sig", "!"), HasSubstr("/signatures/0/sig"));
  EXPECT_THAT(changed("/signatures/0/keyid", 7), HasSubstr("/signatures/0/keyid"));
  EXPECT_THAT(malformed(R"({"payload": "", "payload": "", "payloadType": "", "signatures": []})"), HasSubstr("twice"));
  EXPECT_THAT(malformed("[]"), HasSubstr("an object"));
  json many = json::parse(whole);
  for (int i = 0; i < 200; ++i) many["signatures"].push_back(many["signatures"][0]);
  EXPECT_THAT(malformed(many.dump()), HasSubstr("at most 100"));
}

}  // namespace dsse_test
