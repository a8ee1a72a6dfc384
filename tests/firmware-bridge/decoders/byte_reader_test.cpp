#include <doctest/doctest.h>

#include "firmware-bridge/decoders/byte_reader.hpp"

using namespace lintel::bridge::decoders;

namespace {

constexpr std::string_view kBytes{"\x01\x02\x03\x04\xFF\xFE", 6};

}  // namespace

TEST_CASE("byte reader: numbers of either order are taken off the front") {
  ByteReader little(kBytes);
  CHECK(little.le32() == 0x04030201);
  CHECK(little.le16() == 0xFEFF);
  CHECK(little.left() == 0);
  ByteReader big(kBytes);
  CHECK(big.be16() == 0x0102);
  CHECK(big.be32() == 0x0304FFFE);
  CHECK_FALSE(big.failed());
  ByteReader odd(kBytes);
  CHECK(odd.le24() == 0x030201);
  CHECK(odd.u8() == 4);
  CHECK(odd.i8() == -1);
  CHECK(odd.offset() == 5);
}

TEST_CASE("byte reader: beyond the end everything is 0, and the reader says so ever after") {
  ByteReader reader(kBytes.substr(0, 3));
  CHECK(reader.be32() == 0);
  CHECK(reader.failed());
  CHECK(reader.u8() == 0);
  CHECK(reader.take(1).empty());
  CHECK(reader.left() == 3);
}

TEST_CASE("byte reader: two decimal digits in a byte, or nothing") {
  CHECK(bcd(0x59) == 59);
  CHECK(bcd(0x00) == 0);
  CHECK_FALSE(bcd(0x5A));
  CHECK_FALSE(bcd(0xA0));
}

TEST_CASE("byte reader: bytes as hex and back") {
  CHECK(to_hex(kBytes) == "01020304fffe");
  CHECK(from_hex("01020304FFfe") == std::string(kBytes));
  CHECK(from_hex("") == std::string());
  CHECK_FALSE(from_hex("012"));
  CHECK_FALSE(from_hex("0g"));
}
