#include "firmware-bridge/wire/packet.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lintel::bridge::wire {

namespace {

constexpr std::uint8_t kMostLines = 6;
constexpr std::size_t kMostStuffed = kMostPacket + 1;

// What a record is, beside its kind in the two lowest bits.
constexpr unsigned kKind = 0x03;
constexpr unsigned kMerged = 0x04;
constexpr unsigned kIn = 0x10;
constexpr unsigned kOut = 0x20;
constexpr unsigned kAged = 0x40;
constexpr unsigned kReserved = 0x88;

constexpr std::array<std::uint16_t, 256> kCrcTable = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    unsigned crc = i << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1U) ^ ((crc & 0x8000U) != 0 ? 0x1021U : 0U);
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

std::uint8_t byte_of(char c) {
  return static_cast<std::uint8_t>(c);
}

/// Takes fields off the front of a body whose length was checked before.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  template <class T>
  T number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{byte_of(left_[i])} << (8 * i);
    left_.remove_prefix(sizeof(T));
    return static_cast<T>(value);
  }
  std::string_view name() {
    const auto padded = left_.substr(0, kNameSize);
    left_.remove_prefix(kNameSize);
    return padded.substr(0, padded.find('\0'));
  }

 private:
  std::string_view left_;
};

bool is_padded(std::string_view field, bool (*fits)(char)) {
  const auto end = std::find(field.begin(), field.end(), '\0');
  return std::all_of(field.begin(), end, fits) &&
         std::all_of(end, field.end(), [](char c) { return c == '\0'; });
}

bool fits_serial(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
         c == '.';
}

bool fits_text(char c) {
  return c >= ' ' && c <= '~';
}

tl::unexpected<Reject> refuse(RejectKind kind, std::string message) {
  return tl::unexpected<Reject>({kind, std::move(message)});
}

tl::unexpected<Reject> too_short(std::string_view what, const Packet& packet, std::size_t least) {
  return refuse(RejectKind::length, fmt::format("the body of a {} has {} bytes, at least {} were expected",
                                                what, packet.body.size(), least));
}

void put(std::string& to, std::uint64_t number, int bytes) {
  for (; bytes > 0; --bytes, number >>= 8U) to.push_back(static_cast<char>(number & 0xffU));
}

std::string begin(Type type, std::string_view serial, std::uint32_t run) {
  std::string packet(1, static_cast<char>(kVersion << 4 | static_cast<int>(type)));
  packet.append(serial.substr(0, kNameSize));
  packet.resize(1 + kNameSize, '\0');
  put(packet, run, 4);
  return packet;
}

std::string finish(std::string packet) {
  const std::uint16_t crc = crc16(packet);
  packet.push_back(static_cast<char>(crc >> 8U));
  packet.push_back(static_cast<char>(crc & 0xffU));
  return stuff(packet);
}

bool is_known(unsigned type) {
  return (type >= 1 && type <= 3) || (type >= 9 && type <= 11);
}

}  // namespace

std::uint16_t crc16(std::string_view bytes) {
  unsigned crc = 0xffff;
  for (const char c : bytes) crc = ((crc << 8U) & 0xffffU) ^ kCrcTable[(crc >> 8U) ^ byte_of(c)];
  return static_cast<std::uint16_t>(crc);
}

bool unstuff(std::string_view stuffed, std::string& packet) {
  packet.clear();
  while (!stuffed.empty()) {
    const std::size_t code = byte_of(stuffed.front());
    if (code == 0 || code > stuffed.size()) return false;
    packet.append(stuffed.substr(1, code - 1));
    stuffed.remove_prefix(code);
    if (code != 255 && !stuffed.empty()) packet.push_back('\0');
  }
  return !packet.empty();
}

std::string stuff(std::string_view packet) {
  std::string out(1, '\0');
  while (true) {
    const auto run = packet.substr(0, std::min<std::size_t>(packet.find('\0'), 254));
    out.push_back(static_cast<char>(run.size() + 1));
    out.append(run);
    packet.remove_prefix(run.size());
    if (packet.empty()) break;
    if (packet.front() == '\0' && run.size() < 254) packet.remove_prefix(1);
  }
  out.push_back('\0');
  return out;
}

tl::expected<Packet, Reject> read_packet(std::string_view bytes) {
  if (bytes.size() < kHeadSize + 2 || bytes.size() > kMostPacket) {
    return refuse(RejectKind::length, fmt::format("a packet of {} bytes: they have {} to {}", bytes.size(),
                                                  kHeadSize + 2, kMostPacket));
  }
  if (crc16(bytes) != 0) {
    const auto stated = bytes.substr(bytes.size() - 2);
    return refuse(
        RejectKind::integrity,
        fmt::format("the CRC is {:04x}, the packet says {:02x}{:02x}: it was damaged on the line",
                    crc16(bytes.substr(0, bytes.size() - 2)), byte_of(stated[0]), byte_of(stated[1])));
  }
  const unsigned first = byte_of(bytes.front());
  if (first >> 4U != kVersion) {
    return refuse(RejectKind::unsupported,
                  fmt::format("byte 0 is {:#04x}: version {} of the wire, this gateway knows version {}",
                              first, first >> 4U, kVersion));
  }
  if (!is_known(first & 0xfU)) {
    return refuse(RejectKind::unsupported, fmt::format("byte 0 is {:#04x}: an unknown packet", first));
  }
  Packet packet;
  packet.type = static_cast<Type>(first & 0xfU);
  const auto serial = bytes.substr(1, kNameSize);
  const bool may_be_empty = packet.type == Type::ask;
  if (!is_padded(serial, fits_serial) || (serial.front() == '\0' && !may_be_empty)) {
    return refuse(RejectKind::sanity,
                  "bytes 1 to 12 are no serial: 1 to 12 letters, digits, - _ or . and zeros behind them");
  }
  packet.serial = serial.substr(0, serial.find('\0'));
  packet.run = Fields(bytes.substr(1 + kNameSize)).number<std::uint32_t>();
  packet.body = bytes.substr(kHeadSize, bytes.size() - kHeadSize - 2);
  return packet;
}

tl::expected<Hello, Reject> read_hello(const Packet& packet) {
  constexpr std::size_t kFixed = 27;
  if (packet.body.size() < kFixed) return too_short("hello", packet, kFixed);
  Fields fields(packet.body);
  Hello hello;
  hello.abilities = fields.number<std::uint8_t>();
  hello.starts = fields.number<std::uint16_t>();
  hello.cause = fields.number<std::uint8_t>();
  hello.oldest = fields.number<std::uint32_t>();
  hello.next = fields.number<std::uint32_t>();
  hello.room = fields.number<std::uint16_t>();
  if (hello.next < hello.oldest || hello.next - hello.oldest > 255) {
    return refuse(RejectKind::sanity,
                  fmt::format("it holds records {} to {}, which are no 0 to 255", hello.oldest, hello.next));
  }
  if (!is_padded(packet.body.substr(14, kNameSize), fits_text)) {
    return refuse(RejectKind::sanity, "bytes 31 to 42 are no version: printable ASCII and zeros behind it");
  }
  hello.firmware = fields.name();
  const auto lines = fields.number<std::uint8_t>();
  if (lines > kMostLines) {
    return refuse(RejectKind::sanity,
                  fmt::format("byte 43 states {} lines, more than {}", lines, kMostLines));
  }
  const std::size_t whole = kFixed + lines * kNameSize;
  if (packet.body.size() < whole) return too_short("hello", packet, whole);
  for (std::size_t i = 0; i < lines; ++i) {
    if (!is_padded(packet.body.substr(kFixed + i * kNameSize, kNameSize), fits_text)) {
      return refuse(RejectKind::sanity, fmt::format("the name of line {} is not printable ASCII", i));
    }
    hello.lines.emplace_back(fields.name());
  }
  return hello;
}

tl::expected<Record, Reject> read_record(const Packet& packet) {
  constexpr std::size_t kFixed = 20;
  if (packet.body.size() < kFixed) return too_short("record", packet, kFixed);
  Fields fields(packet.body);
  Record record;
  record.number = fields.number<std::uint32_t>();
  record.behind = fields.number<std::uint8_t>();
  const unsigned what = fields.number<std::uint8_t>();
  record.line = fields.number<std::uint8_t>();
  record.life = fields.number<std::uint8_t>();
  const Millis age{fields.number<std::uint32_t>()};
  const std::int64_t in = fields.number<std::uint32_t>();
  const std::int64_t out = fields.number<std::uint32_t>();
  if (record.behind > record.number || record.line >= kMostLines) {
    return refuse(RejectKind::sanity, fmt::format("record {} of line {} cannot have {} before it",
                                                  record.number, record.line, record.behind));
  }
  record.kind = (what & kReserved) != 0 ? Record::Kind::unknown : static_cast<Record::Kind>(what & kKind);
  record.merged = (what & kMerged) != 0;
  if ((what & kAged) != 0) record.age = age;
  if ((what & kIn) != 0) record.count_in = in;
  if ((what & kOut) != 0) record.count_out = out;
  return record;
}

tl::expected<Health, Reject> read_health(const Packet& packet) {
  constexpr std::size_t kFixed = 20;
  if (packet.body.size() < kFixed) return too_short("health", packet, kFixed);
  Fields fields(packet.body);
  Health health;
  health.uptime_seconds = fields.number<std::uint32_t>();
  health.supply_mv = fields.number<std::uint16_t>();
  health.battery_percent = fields.number<std::uint8_t>();
  health.faults = fields.number<std::uint16_t>();
  health.merged = fields.number<std::uint32_t>();
  health.lost = fields.number<std::uint32_t>();
  health.damaged = fields.number<std::uint16_t>();
  health.waiting = fields.number<std::uint8_t>();
  return health;
}

std::string make_ask() {
  return finish(begin(Type::ask, {}, 0));
}

std::string make_welcome(std::string_view serial, std::uint32_t run, std::optional<UtcMs> now) {
  auto packet = begin(Type::welcome, serial, run);
  put(packet, now ? static_cast<std::uint64_t>(count_ms(*now)) : 0, 6);
  return finish(std::move(packet));
}

std::string make_ack(std::string_view serial, std::uint32_t run, std::uint32_t next) {
  auto packet = begin(Type::ack, serial, run);
  put(packet, next, 4);
  return finish(std::move(packet));
}

void Cutter::reset() {
  buffer_.clear();
  overlong_ = false;
}

void Cutter::keep(char byte) {
  if (buffer_.size() < kMostStuffed) {
    buffer_.push_back(byte);
  } else {
    overlong_ = true;
  }
}

}  // namespace lintel::bridge::wire
