#include <doctest/doctest.h>

#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"

using namespace lintel::bridge;
using namespace lintel::bridge::decoders;

namespace {

bool all_keys(std::string_view) {
  return true;
}
bool only_a(std::string_view key) {
  return key == "a";
}

/// The reject's kind and message, or "accepted".
std::string verdict(std::string_view bytes, KeyFilter wanted = all_keys) {
  Decoded out;
  const auto document = parse_json(bytes, wanted, out);
  REQUIRE(document.has_value() == out.rejects.empty());
  if (document) return "accepted";
  REQUIRE(out.rejects.size() == 1);
  return std::string(to_string(out.rejects[0].kind)) + ": " + out.rejects[0].message;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("json: what is broken is refused with its place") {
  CHECK(verdict("{\"a\":1}") == "accepted");
  CHECK(verdict(std::string_view(" {\"a\":1}\r\n\0", 11)) == "accepted");
  CHECK(verdict("{\"a\":1") == "length: the JSON text is cut off after 6 bytes");
  CHECK(verdict("") == "length: the JSON text is cut off after 0 bytes");
  CHECK(verdict("{\"a\":1]") == "integrity: not JSON at byte 7 of 7");
  CHECK(verdict("{\"a\":\"\x80\"}") == "integrity: not JSON at byte 7 of 9");
  CHECK(verdict("{\"a\":1}{\"a\":2}") == "integrity: not JSON at byte 8 of 14");
  CHECK(verdict("{\"a\":1e999}").starts_with("integrity: not JSON at byte"));
  CHECK(verdict("<html>captive portal</html>") == "integrity: not JSON at byte 1 of 27");
}

TEST_CASE("json: a key stated twice is refused, because nobody knows which one counts") {
  CHECK(verdict("{\"a\":1,\"a\":2}") == "integrity: the key \"a\" is stated twice in one object");
  CHECK(verdict("{\"a\":[{\"a\":1},{\"a\":2}]}") == "accepted");
}

TEST_CASE("json: nesting, size and number of values are bounded") {
  CHECK(verdict(repeat("[", 32) + repeat("]", 32)) == "accepted");
  CHECK(verdict(repeat("[", 33) + repeat("]", 33)) == "sanity: nested deeper than 32 levels");
  CHECK(verdict(repeat("[", 1'000'000)) == "sanity: nested deeper than 32 levels");
  CHECK(verdict(repeat("{\"a\":", 200'000)) == "sanity: nested deeper than 32 levels");
  CHECK(verdict(repeat("{\"b\":", 200'000), only_a) == "sanity: nested deeper than 32 levels");
  CHECK(verdict("[" + repeat("1,", 100'001) + "1]") == "sanity: more than 100000 values in one message");
  CHECK(verdict("\"" + repeat("x", 1 << 20) + "\"").starts_with("length: 1048578 bytes are too long"));
}

TEST_CASE("json: members that nobody reads are checked but not kept") {
  Decoded out;
  const auto document =
      parse_json(R"({"b":{"a":1,"c":[{"a":2}]},"a":{"b":3,"a":[4,{"b":5,"a":"x"}]},"c":null})", only_a, out);
  REQUIRE(document);
  CHECK(document->dump() == R"({"a":{"a":[4,{"a":"x"}]}})");
  CHECK(verdict("{\"b\":{\"x\":}}", only_a).starts_with("integrity"));
}

TEST_CASE("json: a count is a whole number however it is written, and nothing else") {
  const auto read = [](const char* text) {
    Decoded out;
    const auto count = read_count(Json::parse(text), Place(), 1'000'000, out);
    CHECK(count.has_value() == out.rejects.empty());
    return count.value_or(-1);
  };
  CHECK(read("27") == 27);
  CHECK(read("27.0") == 27);
  CHECK(read("\"27\"") == 27);
  CHECK(read("0") == 0);
  CHECK(read("-0") == 0);
  CHECK(read("1000000") == 1'000'000);
  for (const char* wrong : {"-1", "1000001", "27.5", "\"27.5\"", "\"\"", "\" 27\"", "\"+27\"", "\"0x1B\"",
                            "true", "[27]", "{}", "18446744073709551615", "18446744073709551616", "1e300",
                            "-9223372036854775808", "\"99999999999999999999999999\""})
    CHECK_MESSAGE(read(wrong) == -1, wrong);
}

TEST_CASE("json: a place is named as a JSON pointer") {
  Decoded out;
  const Place top;
  const Place list = top.at("line_total_data");
  const Place entry = list.at(1);
  reject(out, RejectKind::sanity, entry.at("line"), "missing");
  CHECK(out.rejects[0].message == "/line_total_data/1/line: missing");
}

TEST_CASE("text: a name is short, valid UTF-8 and free of control characters") {
  CHECK(is_name("door 1"));
  CHECK(is_name("T\xC3\xBCr"));
  CHECK(is_name("\xF0\x9F\x9A\xAA"));
  CHECK_FALSE(is_name(""));
  CHECK_FALSE(is_name(std::string(129, 'x')));
  CHECK_FALSE(is_name(std::string_view("a\0b", 3)));
  CHECK_FALSE(is_name("a\nb"));
  for (const char* wrong :
       {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"})
    CHECK_FALSE(is_name(wrong));
}

TEST_CASE("text: an excerpt shows foreign bytes without letting them act") {
  CHECK(excerpt("tele/\x1B[31m\n") == "\"tele/?[31m?\"");
  CHECK(excerpt(std::string(100, 'x')) == "\"" + std::string(40, 'x') + "...\"");
}
