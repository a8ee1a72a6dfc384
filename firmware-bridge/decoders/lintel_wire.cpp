#include "firmware-bridge/decoders/lintel_wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "firmware-bridge/decoders/taken_records.hpp"
#include "firmware-bridge/wire/packet.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMostStuffed = wire::kMostPacket + 1;
constexpr std::size_t kMostNotes = 96;  ///< three for each device of a line
constexpr unsigned kSensesTampering = 16;
constexpr unsigned kTampered = 8;
constexpr int kOwnFaults = 8;  ///< first bit of those that only the maker knows

constexpr std::array<std::string_view, 6> kFaults = {"something stands before the sensor",
                                                     "the sensor does not answer or its values cannot be",
                                                     "weak signal: clean and align the sensor",
                                                     "opened or moved",
                                                     "low supply voltage",
                                                     "what the device should have kept was damaged"};
constexpr std::array<std::string_view, 6> kCauses = {
    "", "", "", "restarted by its watchdog", "restarted after its supply had dropped", ""};

using Stuffing = std::string;

/// The packet in a frame, which may be stuffed. What is neither is judged as unstuffed.
tl::expected<wire::Packet, Reject> read(std::string_view bytes, Stuffing& buffer) {
  auto packet = wire::read_packet(bytes);
  if (packet || packet.error().kind == RejectKind::unsupported) return packet;
  while (bytes.starts_with('\0')) bytes.remove_prefix(1);
  while (bytes.ends_with('\0')) bytes.remove_suffix(1);
  if (bytes.size() > kMostStuffed || !wire::unstuff(bytes, buffer)) return packet;
  auto unstuffed = wire::read_packet(buffer);
  return unstuffed || bytes.find('\0') == std::string_view::npos ? unstuffed : packet;
}

class Reader {
 public:
  Reader(const wire::Packet& packet, const Frame& frame, DecodeSession& session, Decoded& out)
      : packet_(packet), frame_(frame), session_(session), out_(out) {}

  void read() {
    switch (packet_.type) {
      case wire::Type::hello: return on(wire::read_hello(packet_));
      case wire::Type::record: return on(wire::read_record(packet_));
      case wire::Type::health: return on(wire::read_health(packet_));
      case wire::Type::ask:
      case wire::Type::welcome:
      case wire::Type::ack: return;
    }
  }

 private:
  template <class T>
  void on(const tl::expected<T, Reject>& content) {
    if (content) {
      take(*content);
    } else {
      out_.rejects.push_back(content.error());
    }
  }

  [[nodiscard]] std::string key(std::string_view what) const {
    return fmt::format("{} {}", what, packet_.serial);
  }

  [[nodiscard]] std::string_view note(std::string_view what) const {
    const auto found = session_.notes.find(key(what));
    return found == session_.notes.end() ? std::string_view{} : found->second;
  }

  void keep(std::string_view what, std::string text) {
    if (note(what) == text) return;
    session_.notes[key(what)] = std::move(text);
    session_.notes_changed = true;
    while (session_.notes.size() > kMostNotes) {
      const auto first = session_.notes.begin();
      session_.notes.erase(first->first.ends_with(packet_.serial) ? std::next(first) : first);
    }
  }

  void take(const wire::Hello& hello) {
    DeviceReport report;
    report.sensor = packet_.serial;
    report.connected = true;
    report.firmware = hello.firmware;
    if (hello.cause < kCauses.size() && !kCauses[hello.cause].empty()) {
      report.faults.emplace_back(kCauses[hello.cause]);
    }
    TakenRecords taken(note("taken"));
    if (taken.end(packet_.run) > hello.next) {
      report.faults.emplace_back(
          fmt::format("numbers its records from {} again under run {:08x}: its firmware has to choose "
                      "another run at each start",
                      hello.next, packet_.run));
      if (came_later()) taken.forget(packet_.run);
      keep("taken", taken.note());
    }
    std::string lines = fmt::format("{}", hello.abilities);
    for (const auto& line : hello.lines) lines += '\n' + line;
    keep("lines", std::move(lines));
    out_.reports.push_back(std::move(report));
  }

  void take(const wire::Health& health) {
    DeviceReport report;
    report.sensor = packet_.serial;
    report.connected = true;
    report.uptime_seconds = health.uptime_seconds;
    if (health.battery_percent <= 100) {
      report.battery_percent = health.battery_percent;
    } else if (health.supply_mv != 0) {
      report.battery_mv = health.supply_mv;
    }
    for (std::size_t bit = 0; bit < 16; ++bit) {
      if ((health.faults >> bit & 1U) == 0) continue;
      report.faults.push_back(bit < kFaults.size() ? std::string(kFaults[bit])
                              : bit < kOwnFaults   ? fmt::format("fault {}", bit)
                                                 : fmt::format("the maker's fault {}", bit - kOwnFaults + 1));
    }
    if (health.lost != 0)
      report.faults.push_back(fmt::format("{} passages were lost in the device", health.lost));
    const bool senses = (abilities() & kSensesTampering) != 0;
    if (senses || (health.faults & kTampered) != 0) report.tampered = (health.faults & kTampered) != 0;
    out_.reports.push_back(std::move(report));
  }

  void take(const wire::Record& record) {
    TakenRecords taken(note("taken"));
    if (!taken.take(packet_.run, record.number)) return;
    keep("taken", taken.note());
    keep("heard", arrival());
    if (record.kind == wire::Record::Kind::nothing || record.kind == wire::Record::Kind::unknown) {
      return refuse(record);
    }
    Observation observation;
    observation.sensor = packet_.serial;
    observation.line = line_name(record.line);
    observation.kind = record.kind == wire::Record::Kind::event ? Kind::event : Kind::total;
    observation.age = record.age;
    observation.count_in = record.count_in;
    observation.count_out = record.count_out;
    if (record.merged) observation.flags.emplace_back("merged");
    if (observation.kind == Kind::total) {
      observation.wraps_at = std::int64_t{1} << 32;
      observation.counter_run = fmt::format("{:08x}/{}", packet_.run, record.life);
    }
    observation.repeat_key = fmt::format("{}/{:08x}/{}", packet_.serial, packet_.run, record.number);
    out_.observations.push_back(std::move(observation));
  }

  [[nodiscard]] std::string arrival() const {
    std::string text;
    for (const auto byte : frame_.boot) text += fmt::format("{:02x}", byte);
    return fmt::format("{} {:020}", text, frame_.arrived.count());
  }

  /// Whether this frame arrived after the last record: one that waited for the clock may be decoded late.
  [[nodiscard]] bool came_later() const {
    constexpr std::size_t kBoot = 2 * std::tuple_size_v<BootId>;
    const auto last = note("heard");
    const auto now = arrival();
    return last.substr(0, kBoot) == std::string_view(now).substr(0, kBoot) && last < now;
  }

  void refuse(const wire::Record& record) {
    const bool damaged = record.kind == wire::Record::Kind::nothing;
    out_.rejects.push_back(
        {damaged ? RejectKind::sanity : RejectKind::unsupported,
         damaged ? fmt::format("record {} of {} was damaged in the device's memory: what it counted is lost",
                               record.number, packet_.serial)
                 : fmt::format("record {} of {} is of a kind that version {} of the wire does not have",
                               record.number, packet_.serial, wire::kVersion)});
  }

  [[nodiscard]] unsigned abilities() const {
    const auto known = note("lines");
    unsigned value = 0;
    std::from_chars(known.data(), known.data() + known.size(), value);
    return value;
  }

  /// As the device named it; before its hello was heard, by number.
  [[nodiscard]] std::string line_name(std::uint8_t line) const {
    auto names = note("lines");
    for (int skip = line + 1; skip > 0; --skip) {
      const auto end = names.find('\n');
      if (end == std::string_view::npos) return fmt::format("{}", line + 1);
      names.remove_prefix(end + 1);
    }
    return std::string(names.substr(0, names.find('\n')));
  }

  const wire::Packet& packet_;
  const Frame& frame_;
  DecodeSession& session_;
  Decoded& out_;
};

}  // namespace

PacketCut LintelWire::next_packet(std::string_view bytes) const {
  const auto begin = std::min(bytes.find_first_not_of('\0'), bytes.size());
  const auto end = bytes.find('\0', begin);
  if (end == std::string_view::npos) {
    const bool may_end = bytes.size() - begin <= kMostStuffed;
    return {may_end ? begin : bytes.size(), 0};
  }
  return {begin, end - begin};
}

bool LintelWire::recognises(const Frame& frame) const {
  Stuffing buffer;
  return read(frame.payload, buffer).has_value();
}

void LintelWire::decode(const Frame& frame, const DecodeSettings&, DecodeSession& session,
                        Decoded& out) const {
  Stuffing buffer;
  const auto packet = read(frame.payload, buffer);
  if (packet) {
    Reader(*packet, frame, session, out).read();
  } else {
    out.rejects.push_back(packet.error());
  }
}

}  // namespace lintel::bridge::decoders
