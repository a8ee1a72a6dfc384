#include <doctest/doctest.h>

#include "firmware-bridge/decoders/xml_document.hpp"

using namespace lintel::bridge;
using namespace lintel::bridge::decoders;

namespace {

/// The reject's kind and message, or "accepted".
std::string verdict(std::string_view bytes) {
  Decoded out;
  const auto document = parse_xml(bytes, out);
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

XmlElement parsed(std::string_view bytes) {
  Decoded out;
  auto document = parse_xml(bytes, out);
  REQUIRE(document);
  return std::move(*document);
}

}  // namespace

TEST_CASE("xml: elements are known by their local names, whatever their namespace") {
  for (const char* text : {"<a><b>1</b></a>", "<a xmlns=\"urn:x\"><b>1</b></a>",
                           "<n:a xmlns:n=\"urn:x\"><n:b>1</n:b></n:a>", "<n:a><n:b>1</n:b></n:a>"}) {
    const XmlElement root = parsed(text);
    CHECK(root.name == "a");
    CHECK(text_of(&root, "b") == "1");
  }
}

TEST_CASE("xml: text is what stands directly in an element, without the blanks of its layout") {
  const XmlElement root = parsed(
      "<?xml version=\"1.0\"?>\r\n<a>\r\n <b> x &amp; &#121;<!-- no --> "
      "</b>\n<c><![CDATA[<z>]]></c>\n<d/></a>");
  CHECK(text_of(&root, "b") == "x & y");
  CHECK(text_of(&root, "c") == "<z>");
  CHECK(text_of(&root, "d").empty());
  CHECK(child(&root, "d") != nullptr);
  CHECK(child(&root, "e") == nullptr);
  CHECK(child(nullptr, "e") == nullptr);
  CHECK(root.text.empty());
  CHECK(root.children.size() == 3);
}

TEST_CASE("xml: blanks and NULs around a document do not matter") {
  CHECK(verdict("\r\n<?xml version=\"1.0\"?><a/>\r\n") == "accepted");
  CHECK(verdict(std::string_view("<a/>\0", 5)) == "accepted");
  CHECK(verdict("\xEF\xBB\xBF<a/>") == "accepted");
}

TEST_CASE("xml: what is broken is refused with its place") {
  CHECK(verdict("") == "length: the XML text is cut off after 0 bytes");
  CHECK(verdict("<a><b>1</b>") == "length: the XML text is cut off after 11 bytes");
  CHECK(verdict("<a><b>1</") == "length: the XML text is cut off after 9 bytes");
  CHECK(verdict("<a><b>1</c></a>") == "integrity: not XML at byte 10 of 15 (mismatched tag)");
  CHECK(verdict("<a/><a/>") == "integrity: not XML at byte 5 of 8 (junk after document element)");
  CHECK(verdict("{\"a\":1}").starts_with("integrity: not XML at byte 1 of 7"));
  CHECK(verdict("<a>\x80</a>").starts_with("integrity: not XML at byte 4 of 8"));
  CHECK(verdict("<a b=\"1\" b=\"2\"/>").starts_with("integrity: not XML at byte 10 of 16"));
  CHECK(verdict("<?xml version=\"1.0\" encoding=\"GB2312\"?><a/>") ==
        "unsupported: the XML text is in an unknown encoding: set the device to UTF-8");
  CHECK(verdict(std::string_view("\xFF\xFE<\0a\0/\0>\0", 10)) ==
        "unsupported: the XML text is in UTF-16: set the device to UTF-8");
}

TEST_CASE("xml: document types are refused, and with them every entity that somebody could declare") {
  const std::string refused =
      "unsupported: a document type (DOCTYPE) is not accepted: sensors need none, attacks do";
  CHECK(verdict("<!DOCTYPE a><a/>") == refused);
  CHECK(verdict("<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\"><a/>") == refused);
  CHECK(verdict("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>") == refused);
  std::string laughs = "<!DOCTYPE a [<!ENTITY e0 \"ha\">";
  for (int i = 1; i < 30; ++i)
    laughs +=
        "<!ENTITY e" + std::to_string(i) + " \"" + repeat("&e" + std::to_string(i - 1) + ";", 10) + "\">";
  CHECK(verdict(laughs + "]><a>&e29;</a>") == refused);
  CHECK(verdict("<a>&e;</a>").starts_with("integrity: not XML at byte 4 of 10"));
}

TEST_CASE("xml: depth, size, elements, attributes and names are bounded") {
  CHECK(verdict(repeat("<a>", 32) + repeat("</a>", 32)) == "accepted");
  CHECK(verdict(repeat("<a>", 33) + repeat("</a>", 33)) == "sanity: nested deeper than 32 levels");
  CHECK(verdict(repeat("<a>", 300'000)) == "sanity: nested deeper than 32 levels");
  CHECK(verdict("<a>" + repeat("<b/>", 19'999) + "</a>") == "accepted");
  CHECK(verdict("<a>" + repeat("<b/>", 20'000) + "</a>") ==
        "sanity: more than 20000 elements in one message");
  std::string attributes;
  for (int i = 0; i < 65; ++i) attributes += " a" + std::to_string(i) + "=''";
  CHECK(verdict("<a" + attributes + "/>") == "sanity: more than 64 attributes in one element");
  CHECK(verdict("<" + std::string(129, 'x') + "/>") == "sanity: a name of more than 128 bytes");
  CHECK(
      verdict("<a>" + std::string(1 << 20, 'x') + "</a>").starts_with("length: 1048583 bytes are too long"));
}

TEST_CASE("xml: a count is a whole number from 0 on") {
  const auto read = [](const char* text) {
    Decoded out;
    const Place top;
    const auto count = read_count({"enter", text}, top.at("enter"), 1'000'000, out);
    CHECK(count.has_value() == out.rejects.empty());
    return count.value_or(-1);
  };
  CHECK(read("27") == 27);
  CHECK(read("0") == 0);
  CHECK(read("007") == 7);
  for (const char* wrong : {"", "-1", "1000001", "2.5", "+3", "0x10", "1e3", "1 2", "99999999999999999999"})
    CHECK_MESSAGE(read(wrong) == -1, wrong);
}

TEST_CASE("xml: an element stated twice where one is expected is refused by its path") {
  const XmlElement root = parsed("<a><b>1</b><b>2</b><c/></a>");
  Decoded out;
  const Place top;
  const Place place = top.at("a");
  CHECK(states_once(root, "c", place, out));
  CHECK(states_once(root, "d", place, out));
  CHECK_FALSE(states_once(root, "b", place, out));
  REQUIRE(out.rejects.size() == 1);
  CHECK(out.rejects[0].message == "/a/b: stated twice");
}

TEST_CASE("place: foreign keys are shown short and harmless") {
  const Place top;
  const std::string key = std::string(500, 'x') + "\x1B[31m";
  const Place place = top.at(key);
  const Place end = place.at("end");
  CHECK(end.pointer().size() == 163);
  CHECK(end.pointer().ends_with("xxx/end"));
  CHECK(top.at("\n\x80").pointer() == "/??");
}
