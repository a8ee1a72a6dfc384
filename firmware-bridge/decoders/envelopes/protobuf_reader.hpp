#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lintel::bridge::decoders::envelopes {

/// One field of a protobuf message: its number and what the wire says of its value. Which of the two holds
/// depends on the wire type; what type the number means is the reader's to know.
struct ProtobufField {
  enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  std::uint32_t number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;  ///< varint, fixed64, fixed32
  std::string_view bytes;   ///< bytes, text or a message within
};

/// Walks through the fields of one message, which it does not copy. Never reads outside of `message`, never
/// calls itself: what lies within a field stays bytes until somebody makes a reader of them. Groups, which
/// proto3 does not have, are refused.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : begin_(message), rest_(message) {}

  /// The next field; nothing at the end of the message and where it is broken, which failed() tells apart.
  std::optional<ProtobufField> next();
  [[nodiscard]] bool failed() const { return failed_; }
  /// How many bytes were read before the field that came last, or before the break.
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  std::optional<std::uint64_t> varint();
  std::optional<std::uint64_t> fixed(std::size_t size);
  std::optional<ProtobufField> fail();

  std::string_view begin_;
  std::string_view rest_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace lintel::bridge::decoders::envelopes
