#include "gateway/setup/label.hpp"

#include <doctest/doctest.h>

using namespace lintel;

TEST_CASE("label: the address as a code and in words, the PIN, and nothing that a name could break") {
  const auto sheet = setup::label_sheet({"Bread & <Butter>", "http://lintel-main-street.local/", "482913"});
  REQUIRE(sheet);
  CHECK(sheet->find("Bread &amp; &lt;Butter&gt;") != std::string::npos);
  CHECK(sheet->find("http://lintel-main-street.local/") != std::string::npos);
  CHECK(sheet->find("PIN 482913") != std::string::npos);
  CHECK(sheet->find("<path d=\"M0 0h7v1h-7z") != std::string::npos);  // the first finder pattern
}

TEST_CASE("label: an address that no code can hold is refused") {
  CHECK(setup::label_sheet({"", "http://" + std::string(4000, 'a') + "/", ""}).error().kind ==
        ErrorKind::misconfigured);
}
