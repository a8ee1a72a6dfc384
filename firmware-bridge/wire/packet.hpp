#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge::wire {

/// The packets of the lintel wire as WIRE.md lays them out; the gateway's reading of what lintel_wire.h
/// writes. Numbers are little-endian, the CRC stands big-endian at the end.

inline constexpr std::string_view kDecoder = "lintel-wire";
inline constexpr int kVersion = 1;
inline constexpr std::size_t kNameSize = 12;
inline constexpr std::size_t kHeadSize = 1 + kNameSize + 4;
inline constexpr std::size_t kMostPacket = 240;  ///< unstuffed; room for later versions below COBS's 254

enum class Type : std::uint8_t { hello = 1, record = 2, health = 3, ask = 9, welcome = 10, ack = 11 };

/// A packet whose check is right. Views point into the bytes it was read from.
struct Packet {
  Type type{};
  std::string_view serial;  ///< empty where the gateway asks whoever is there
  std::uint32_t run = 0;    ///< names one numbering of records; a new one begins with every forgetful start
  std::string_view body;    ///< between head and CRC
};

struct Hello {
  std::uint8_t abilities = 0;
  std::uint16_t starts = 0;  ///< 0: the device does not count them
  std::uint8_t cause = 0;
  std::uint32_t oldest = 0;  ///< first record that was not acknowledged
  std::uint32_t next = 0;    ///< number of the next record
  std::uint16_t room = 0;    ///< records its memory holds
  std::string firmware;
  std::vector<std::string> lines;
};

struct Record {
  /// nothing: it was damaged in the device's memory; unknown: a kind of a later version.
  enum class Kind : std::uint8_t { nothing, event, total, unknown };
  std::uint32_t number = 0;
  std::uint8_t behind = 0;  ///< how many records before it the device still holds
  Kind kind = Kind::nothing;
  bool merged = false;
  std::uint8_t line = 0;
  std::uint8_t life = 0;  ///< starts within the run: totals began at 0 again with each
  std::optional<Millis> age;
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;

  [[nodiscard]] std::uint32_t oldest() const { return number - behind; }
};

struct Health {
  std::uint32_t uptime_seconds = 0;
  std::uint16_t supply_mv = 0;         ///< 0: not measured
  std::uint8_t battery_percent = 255;  ///< 255: has none
  std::uint16_t faults = 0;
  std::uint32_t merged = 0;
  std::uint32_t lost = 0;
  std::uint16_t damaged = 0;
  std::uint8_t waiting = 0;
};

/// CRC-16/IBM-3740: polynomial 0x1021, initial value 0xffff, not reflected, no final XOR; "123456789" gives
/// 0x29b1. Over a packet with its CRC behind it: 0.
std::uint16_t crc16(std::string_view bytes);

/// COBS without its delimiters. False: the codes do not fit the bytes.
bool unstuff(std::string_view stuffed, std::string& packet);
/// With a delimiter at both ends.
std::string stuff(std::string_view packet);

/// Reads an unstuffed packet. Fails with what is wrong with it, and where.
tl::expected<Packet, Reject> read_packet(std::string_view bytes);
tl::expected<Hello, Reject> read_hello(const Packet& packet);
tl::expected<Record, Reject> read_record(const Packet& packet);
tl::expected<Health, Reject> read_health(const Packet& packet);

/// What the gateway sends, stuffed and with delimiters.
std::string make_ask();
std::string make_welcome(std::string_view serial, std::uint32_t run, std::optional<UtcMs> now);
/// All records before `next` are committed.
std::string make_ack(std::string_view serial, std::uint32_t run, std::uint32_t next);

/// Cuts a stream at its delimiters. Holds one packet at most; of a longer stretch without delimiter nothing
/// is kept but that it was there. Not thread-safe.
class Cutter {
 public:
  /// Calls `on_packet(std::string_view stuffed)` for each stretch between delimiters, with no bytes for one
  /// that was too long. The view lives only as long as the call.
  template <class F>
  void feed(std::string_view bytes, F&& on_packet) {
    for (const char byte : bytes) {
      if (byte != '\0') {
        keep(byte);
      } else if (!buffer_.empty()) {
        on_packet(overlong_ ? std::string_view{} : std::string_view(buffer_));
        reset();
      }
    }
  }
  void reset();

 private:
  void keep(char byte);

  std::string buffer_;
  bool overlong_ = false;
};

}  // namespace lintel::bridge::wire
