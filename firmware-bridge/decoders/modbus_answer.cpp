#include "firmware-bridge/decoders/modbus_answer.hpp"

#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kShortest = 5;  ///< unit, function, exception code, checksum
constexpr std::size_t kFrame = 5;     ///< unit, function, length, checksum
constexpr unsigned kException = 0x80;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

const char* exception_name(unsigned code) {
  switch (code) {
    case 1: return "illegal function";
    case 2: return "illegal data address";
    case 3: return "illegal data value";
    case 4: return "device failure";
    case 5: return "acknowledge, still working";
    case 6: return "busy";
    case 10: return "gateway path unavailable";
    case 11: return "gateway target does not respond";
    default: return "exception";
  }
}

void refuse(Decoded& out, RejectKind kind, std::string why) {
  out.rejects.push_back({kind, std::move(why)});
}

std::optional<ModbusRequest> request_of(const Frame& frame, Decoded& out) {
  const auto bytes = from_hex(frame.topic);
  auto request = bytes ? parse_modbus_request(*bytes) : std::nullopt;
  if (!request) {
    refuse(out, RejectKind::unsupported,
           "an answer needs the request it belongs to, 8 bytes in hex as 5a04003c00043cee, found " +
               excerpt(frame.topic));
  }
  return request;
}

/// Length and checksum; true where the bytes are what the unit sent.
bool is_whole(std::string_view bytes, Decoded& out) {
  if (bytes.size() < kShortest) {
    refuse(out, RejectKind::length, fmt::format("an answer of {} bytes is cut off", bytes.size()));
    return false;
  }
  const unsigned stated = byte_at(bytes, bytes.size() - 2) | byte_at(bytes, bytes.size() - 1) << 8;
  const unsigned expected = modbus_crc(bytes.substr(0, bytes.size() - 2));
  if (stated == expected) return true;
  refuse(out, RejectKind::integrity,
         fmt::format("its checksum is {:04x}, {:04x} was expected: cut off, or disturbed on the line", stated,
                     expected));
  return false;
}

std::size_t data_bytes(const ModbusRead& read) {
  return read.function <= 2 ? (read.count + std::size_t{7}) / 8 : read.count * std::size_t{2};
}

void report_exception(std::uint8_t unit, const ModbusRead& read, unsigned code, Decoded& out) {
  DeviceReport report;
  report.sensor = modbus_unit_name(unit);
  report.faults.push_back(fmt::format("answers function {} at {} with {} ({})", read.function, read.address,
                                      exception_name(code), code));
  out.reports.push_back(std::move(report));
}

}  // namespace

std::optional<std::uint32_t> ModbusAnswer::u32(std::uint16_t address) const {
  if (address < request.read.address) return std::nullopt;
  const std::size_t at = std::size_t{2} * (address - request.read.address);
  if (request.read.function < 3 || at + 4 > data.size()) return std::nullopt;
  return byte_at(data, at) << 24 | byte_at(data, at + 1) << 16 | byte_at(data, at + 2) << 8 |
         byte_at(data, at + 3);
}

std::optional<ModbusAnswer> read_modbus(const Frame& frame, Decoded& out) {
  const auto request = request_of(frame, out);
  if (!request || !is_whole(frame.payload, out)) return std::nullopt;
  const std::string_view bytes = frame.payload;
  const unsigned unit = byte_at(bytes, 0), function = byte_at(bytes, 1);
  if (unit != request->unit || (function & ~kException) != request->read.function) {
    refuse(out, RejectKind::sanity,
           fmt::format("unit {} answers function {}, asked was unit {} for function {}", unit,
                       function & ~kException, request->unit, request->read.function));
    return std::nullopt;
  }
  if (function >= kException) {
    if (bytes.size() != kShortest) {
      refuse(out, RejectKind::length, fmt::format("an exception of {} bytes, expected 5", bytes.size()));
    } else {
      report_exception(request->unit, request->read, byte_at(bytes, 2), out);
    }
    return std::nullopt;
  }
  const std::size_t expected = data_bytes(request->read);
  if (byte_at(bytes, 2) != (expected & 0xFF) || bytes.size() != kFrame + expected) {
    refuse(out, RejectKind::length,
           fmt::format("{} bytes that state {} bytes of content, asked was for {}", bytes.size(),
                       byte_at(bytes, 2), expected));
    return std::nullopt;
  }
  return ModbusAnswer{*request, bytes.substr(3, expected)};
}

}  // namespace lintel::bridge::decoders
