#include "firmware-bridge/decoders/irisys_vector.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/irisys_register.hpp"
#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kMaxPassages = 1'000'000;
constexpr std::int64_t kMaxTotal = 999'999'999'999;
constexpr std::size_t kMaxRejects = 64;
constexpr std::size_t kMaxNotes = 64;
constexpr std::size_t kTargetBytes = 15;
constexpr unsigned char kStaffLanyard = 0x20;

/// Every key that this file reads, sorted.
constexpr std::string_view kKeys[] = {"CountLogs",  "Counts",   "FriendlyDeviceSerial",
                                      "LogEntryId", "Name",     "Timestamp",
                                      "Value",      "register", "status",
                                      "t",          "value"};
static_assert(std::is_sorted(std::begin(kKeys), std::end(kKeys)));

bool is_read(std::string_view key) {
  return std::binary_search(std::begin(kKeys), std::end(kKeys), key);
}

/// The device that a topic names; empty where it names none.
std::string sensor_of_topic(std::string_view topic) {
  const std::size_t last = topic.rfind('/');
  if (last == std::string_view::npos) return {};
  const std::string_view subject = topic.substr(last + 1);
  if (subject != "counts" && subject != "status" && subject != "targets") return {};
  const std::string_view device = topic.substr(0, last).substr(topic.substr(0, last).rfind('/') + 1);
  return is_name(device) ? std::string(device) : std::string{};
}

class Message {
 public:
  Message(const Json& root, std::string topic_sensor, const DecodeSettings& settings, Decoded& out)
      : root_(root), settings_(settings), out_(out), sensor_(std::move(topic_sensor)) {}

  void decode() {
    if (const auto* changes = root_.get_ptr<const Json::array_t*>()) return decode_changes(*changes);
    if (const Json* logs = member(&root_, "CountLogs")) return decode_logs(*logs);
    if (const Json* status = member(&root_, "status")) return decode_status(*status);
    reject(out_, RejectKind::unsupported, top_,
           "expected a list of register changes, CountLogs or status of an Irisys Vector");
  }

 private:
  [[nodiscard]] bool gave_up() const { return out_.rejects.size() >= kMaxRejects; }

  void decode_changes(const Json::array_t& changes) {
    for (std::size_t i = 0; i < changes.size() && !gave_up(); ++i) decode_change(changes[i], top_.at(i));
  }

  void decode_change(const Json& change, const Place& at) {
    const auto name = name_of(member(&change, "register"));
    if (!name) return reject(out_, RejectKind::sanity, at.at("register"), "expected the name of a register");
    const auto meaning = meaning_of(*name, at.at("register"));
    if (!meaning) return;
    const Json* value = member(&change, "value");
    if (value == nullptr) return reject(out_, RejectKind::sanity, at.at("value"), "missing");
    const auto people = read_count(*value, at.at("value"), kMaxPassages, out_);
    if (!people || *people == 0) return;
    Observation observation = begin(Kind::event, member(&change, "t"));
    observation.line = meaning->line;
    observation.count_in = meaning->out ? 0 : *people;
    observation.count_out = meaning->out ? *people : 0;
    if (meaning->guessed) observation.flags.emplace_back("no_direction");
    out_.observations.push_back(std::move(observation));
  }

  void decode_logs(const Json& value) {
    if (const auto serial = name_of(member(&root_, "FriendlyDeviceSerial"))) sensor_ = *serial;
    const Place place = top_.at("CountLogs");
    const auto* logs = value.get_ptr<const Json::array_t*>();
    if (logs == nullptr) return reject(out_, RejectKind::unsupported, place, "expected a list");
    for (std::size_t i = 0; i < logs->size() && !gave_up(); ++i) decode_log((*logs)[i], place.at(i));
  }

  /// The registers at one moment; both sides of a line make one observation.
  void decode_log(const Json& log, const Place& at) {
    const Place place = at.at("Counts");
    const Json* value = member(&log, "Counts");
    const auto* counts = value != nullptr ? value->get_ptr<const Json::array_t*>() : nullptr;
    if (counts == nullptr) return reject(out_, RejectKind::unsupported, place, "expected a list");
    Observation common = begin(Kind::total, member(&log, "Timestamp"));
    if (const auto entry = name_of(member(&log, "LogEntryId"))) common.repeat_key = "log=" + *entry;
    std::map<std::string, std::size_t, std::less<>> lines;
    for (std::size_t i = 0; i < counts->size() && !gave_up(); ++i)
      decode_register((*counts)[i], common, lines, place.at(i));
  }

  void decode_register(const Json& count, const Observation& common,
                       std::map<std::string, std::size_t, std::less<>>& lines, const Place& at) {
    const auto name = name_of(member(&count, "Name"));
    if (!name) return reject(out_, RejectKind::sanity, at.at("Name"), "expected the name of a register");
    const auto meaning = meaning_of(*name, at.at("Name"));
    if (!meaning) return;
    const Json* value = member(&count, "Value");
    if (value == nullptr) return reject(out_, RejectKind::sanity, at.at("Value"), "missing");
    const auto total = read_count(*value, at.at("Value"), kMaxTotal, out_);
    if (!total) return;
    const auto [line, fresh] = lines.emplace(meaning->line, out_.observations.size());
    if (fresh) {
      out_.observations.push_back(common);
      out_.observations.back().line = meaning->line;
      if (meaning->guessed) out_.observations.back().flags.emplace_back("no_direction");
    }
    Observation& observation = out_.observations[line->second];
    auto& side = meaning->out ? observation.count_out : observation.count_in;
    if (side) return reject(out_, RejectKind::sanity, at, "a second register of the same side of the line");
    side = total;
  }

  void decode_status(const Json& status) {
    DeviceReport report;
    report.sensor = sensor_;
    if (status == "connected" || status == "disconnected") {
      report.connected = status == "connected";
      return out_.reports.push_back(std::move(report));
    }
    reject(out_, RejectKind::unsupported, top_.at("status"), "expected connected or disconnected");
  }

  /// Nothing, and no reject, for a register that counts nobody.
  std::optional<IrisysRegister> meaning_of(const std::string& name, const Place& at) {
    const IrisysRegister meaning = irisys_register(name, settings_.lines_of(sensor_));
    if (meaning.use == IrisysRegister::Use::counts) return meaning;
    if (meaning.use == IrisysRegister::Use::unknown)
      reject(out_, RejectKind::unsupported, at,
             "whether the register " + excerpt(name) +
                 " is in or out is not known: map the channels of its line");
    return std::nullopt;
  }

  [[nodiscard]] Observation begin(Kind kind, const Json* stated) const {
    Observation observation;
    observation.sensor = sensor_;
    observation.kind = kind;
    if (stated == nullptr) return observation;
    const auto* text = stated->get_ptr<const Json::string_t*>();
    observation.time = text != nullptr ? parse_iso_time(*text) : std::nullopt;
    if (!observation.time) {
      observation.flags.emplace_back("invalid_timestamp");
    } else if (observation.time->local) {
      observation.flags.emplace_back("local_time_without_zone");
    }
    return observation;
  }

  const Json& root_;
  const Place top_;
  const DecodeSettings& settings_;
  Decoded& out_;
  std::string sensor_;
};

bool is_targets(std::string_view payload) {
  return !payload.empty() && (payload.front() == 0 || payload.front() == 1);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

/// Whether the number of people is news: it changed, or a minute has passed. Fifteen rows a second would wear
/// out a card and say nothing more.
bool is_news(std::size_t people, const std::string& sensor, const Frame& frame, DecodeSession& session) {
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(frame.arrived).count();
  const std::string state = fmt::format("{} in minute {}", people, minute);
  const auto known = session.notes.find(sensor);
  if (known == session.notes.end()) {
    if (session.notes.size() < kMaxNotes) session.notes.emplace(sensor, state);
    return true;
  }
  return std::exchange(known->second, state) != state;
}

void decode_targets(const Frame& frame, const std::string& sensor, DecodeSession& session, Decoded& out) {
  const std::string_view payload = frame.payload;
  const std::size_t head = payload.front() == 1 ? 9 : 1;
  if (payload.size() < head || (payload.size() - head) % kTargetBytes != 0) {
    out.rejects.push_back(
        {RejectKind::length, fmt::format("{} bytes are not a whole number of targets: expected "
                                         "{} bytes and {} for each",
                                         payload.size(), head, kTargetBytes)});
    return;
  }
  const std::size_t people = (payload.size() - head) / kTargetBytes;
  if (!is_news(people, sensor, frame, session)) return;
  Observation observation;
  observation.sensor = sensor;
  observation.kind = Kind::level;
  observation.occupancy = static_cast<std::int64_t>(people);
  const std::uint64_t time = head == 9 ? little_endian(payload.substr(1, 8)) : 0;
  constexpr std::uint64_t kLastMillisecond = 100'000'000'000'000;  // the year 5138
  if (head == 9 && time < kLastMillisecond) {
    observation.time = DeviceTime{utc_ms(static_cast<std::int64_t>(time)), false};
  } else if (head == 9) {
    observation.flags.emplace_back("invalid_timestamp");
  }
  std::size_t tagged = 0;
  for (std::size_t i = 0; i < people; ++i)
    tagged += (static_cast<unsigned char>(payload[head + i * kTargetBytes + 2]) & kStaffLanyard) != 0;
  if (tagged > 0) observation.flags.push_back(fmt::format("tagged={}", tagged));
  out.observations.push_back(std::move(observation));
}

}  // namespace

bool IrisysVector::recognises(const Frame& frame) const {
  return !is_targets(frame.payload) && Decoder::recognises(frame);
}

void IrisysVector::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
                          Decoded& out) const {
  std::string sensor = sensor_of_topic(frame.topic);
  if (is_targets(frame.payload)) return decode_targets(frame, sensor, session, out);
  if (frame.topic.ends_with("/targets")) return;  // of a type that is to be passed over
  const auto root = parse_json(frame.payload, is_read, out);
  if (root) Message(*root, std::move(sensor), settings, out).decode();
}

}  // namespace lintel::bridge::decoders
