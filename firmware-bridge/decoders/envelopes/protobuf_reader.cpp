#include "firmware-bridge/decoders/envelopes/protobuf_reader.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

constexpr std::uint64_t kHighestField = (1U << 29) - 1;

}  // namespace

std::optional<ProtobufField> ProtobufReader::fail() {
  failed_ = true;
  return std::nullopt;
}

std::optional<std::uint64_t> ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;  // more than 64 bits
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ProtobufReader::fixed(std::size_t size) {
  if (rest_.size() < size) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(size);
  return value;
}

std::optional<ProtobufField> ProtobufReader::next() {
  position_ = begin_.size() - rest_.size();
  if (rest_.empty() || failed_) return std::nullopt;
  const auto tag = varint();
  if (!tag || *tag >> 3 == 0 || *tag >> 3 > kHighestField) return fail();
  ProtobufField field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  std::optional<std::uint64_t> value;
  switch (*tag & 7) {
    case 0: value = varint(); break;
    case 1: value = fixed(8); break;
    case 2: value = varint(); break;
    case 5: value = fixed(4); break;
    default: break;
  }
  if (!value) return fail();
  field.wire = static_cast<ProtobufField::Wire>(*tag & 7);
  if (field.wire == ProtobufField::Wire::bytes) {
    if (*value > rest_.size()) return fail();
    field.bytes = rest_.substr(0, *value);
    rest_.remove_prefix(*value);
  } else {
    field.value = *value;
  }
  return field;
}

}  // namespace lintel::bridge::decoders::envelopes
