#include "firmware-bridge/decoders/hikvision_people_counting.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xml_document.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kMaxPassages = 1'000'000;
constexpr std::int64_t kMaxTotal = 999'999'999'999;
constexpr std::size_t kMaxDocuments = 8;
constexpr std::string_view kRoot = "EventNotificationAlert";

bool every_key(std::string_view) {
  return true;
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// What the envelope of a notification says about it.
struct Sender {
  std::string device;   ///< empty: nothing
  std::string message;  ///< id that is the same when the envelope is sent again; empty: none
};

class Notification {
 public:
  Notification(const XmlElement& root, const Place& place, const Sender& sender, Decoded& out)
      : root_(root), place_(place), sender_(sender), out_(out), sensor_(identity()) {}

  void decode() {
    if (root_.name != kRoot)
      return reject(out_, RejectKind::unsupported, place_,
                    fmt::format("expected the element {}, found {}", kRoot, excerpt(root_.name)));
    if (!states_once(root_, "peopleCounting", place_, out_)) return;
    const XmlElement* counting = child(&root_, "peopleCounting");
    if (counting != nullptr) return decode_counting(*counting, place_.at("peopleCounting"));
    const std::string_view event = text_of(&root_, "eventType");
    if (event.empty())
      return reject(out_, RejectKind::unsupported, place_.at("eventType"), "missing: what happened?");
    if (same_word(event, "PeopleCounting"))
      return reject(out_, RejectKind::sanity, place_.at("peopleCounting"),
                    "missing, but the event is PeopleCounting");
    report_trouble(event);
  }

 private:
  struct Stated {
    std::optional<DeviceTime> value;
    bool unreadable = false;
  };

  [[nodiscard]] std::string identity() const {
    const std::string_view address = text_of(&root_, "macAddress");
    return is_name(address) ? std::string(address) : sender_.device;
  }

  void decode_counting(const XmlElement& counting, const Place& place) {
    const std::string_view method = text_of(&counting, "statisticalMethods");
    const bool totals = same_word(method, "realTime");
    if (!totals && !same_word(method, "timeRange"))
      return reject(out_, RejectKind::unsupported, place.at("statisticalMethods"),
                    "expected realTime or timeRange, found " + excerpt(method));
    Observation observation;
    observation.sensor = sensor_;
    observation.kind = totals ? Kind::total : Kind::interval;
    observation.repeat_key = sender_.message;
    if (!read_line(counting, place, observation)) return;
    if (!read_counts(counting, place, observation)) return;
    if (!(totals ? read_instant(counting, place, observation) : read_window(counting, place, observation)))
      return;
    add_notes(counting, observation);
    out_.observations.push_back(std::move(observation));
  }

  bool read_line(const XmlElement& counting, const Place& place, Observation& to) {
    const char* key = child(&counting, "regionsID") != nullptr ? "regionsID" : "regionID";
    const bool stated = child(&counting, key) != nullptr;
    const std::string_view region = stated ? text_of(&counting, key) : "1";
    const std::string_view channel = text_of(&root_, "channelID");
    to.line = channel.empty() || channel == "1" ? std::string(region) : fmt::format("{}/{}", channel, region);
    if (states_once(counting, key, place, out_) && !region.empty() && is_name(to.line)) return true;
    reject(out_, RejectKind::sanity, place.at(key), "expected the number of the line");
    return false;
  }

  bool read_counts(const XmlElement& counting, const Place& place, Observation& to) {
    const bool in = read_side(counting, "enter", place, to, to.count_in);
    const bool out = read_side(counting, "exit", place, to, to.count_out);
    if (!in || !out) return false;
    if (to.count_in || to.count_out) return true;
    reject(out_, RejectKind::unsupported, place, "states neither enter nor exit");
    return false;
  }

  /// False when a number is stated but cannot be one: then the whole line is in doubt.
  bool read_side(const XmlElement& counting, const char* key, const Place& place, const Observation& of,
                 std::optional<std::int64_t>& into) {
    const XmlElement* value = child(&counting, key);
    if (value == nullptr) return true;
    if (!states_once(counting, key, place, out_)) return false;
    into = read_count(*value, place.at(key), of.kind == Kind::total ? kMaxTotal : kMaxPassages, out_);
    return into.has_value();
  }

  Stated read_time(const XmlElement* parent, std::string_view key, const Place& place) {
    const XmlElement* value = child(parent, key);
    if (value == nullptr) return {};
    if (const auto time = parse_iso_time(value->text)) return {time, false};
    reject(out_, RejectKind::sanity, place.at(key),
           "expected a time like 2024-07-08T12:27:24+08:00, found " + excerpt(value->text));
    return {std::nullopt, true};
  }

  /// The time of the count, which is not that of the message.
  bool read_instant(const XmlElement& counting, const Place& place, Observation& to) {
    Stated time = read_time(child(&counting, "RealTime"), "time", place.at("RealTime"));
    if (!time.value && !time.unreadable) time = read_time(&root_, "dateTime", place_);
    if (time.unreadable) to.flags.emplace_back("invalid_timestamp");
    to.time = time.value;
    return true;
  }

  /// A count without its window cannot be placed in time and is not guessed at.
  bool read_window(const XmlElement& counting, const Place& place, Observation& to) {
    const XmlElement* range = child(&counting, "TimeRange");
    const Place range_place = place.at("TimeRange");
    const Stated start = read_time(range, "startTime", range_place);
    const Stated end = read_time(range, "endTime", range_place);
    for (const auto& [stated, key] : {std::pair{&start, "startTime"}, std::pair{&end, "endTime"}}) {
      if (stated->value) continue;
      if (!stated->unreadable)
        reject(out_, RejectKind::sanity, range_place.at(key), "missing, but the counts are of a window");
      return false;
    }
    if (start.value->local != end.value->local || end.value->time < start.value->time) {
      reject(out_, RejectKind::sanity, range_place.at("endTime"), "the window ends before it starts");
      return false;
    }
    to.from = start.value;
    to.to = end.value;
    to.time = end.value;
    return true;
  }

  void add_notes(const XmlElement& counting, Observation& to) const {
    const auto note = [&to](const char* name, const XmlElement* value) {
      const auto number = value != nullptr ? whole_number(std::string_view(value->text)) : std::nullopt;
      if (number) to.flags.push_back(fmt::format("{}={}", name, *number));
    };
    note("passing", child(&counting, "pass"));
    note("duplicates", child(&counting, "duplicatePeople"));
    const XmlElement* children = child(&root_, "childCounting");
    note("child_in", child(children, "enter"));
    note("child_out", child(children, "exit"));
    if (to.time && to.time->local) to.flags.emplace_back("local_time_without_zone");
    if (same_word(text_of(&root_, "isDataRetransmission"), "true")) to.flags.emplace_back("historical");
  }

  /// An inactive loss of video is the heartbeat of the stream.
  void report_trouble(std::string_view event) {
    const std::string_view state = text_of(&root_, "eventState");
    const bool active = same_word(state, "active");
    if (!active && !same_word(state, "inactive")) return;
    DeviceReport report;
    report.sensor = sensor_;
    if (same_word(event, "shelteralarm") || same_word(event, "tamperdetection")) {
      report.tampered = active;
    } else if (active && same_word(event, "videoloss")) {
      report.faults.emplace_back("no video");
    } else {
      return;
    }
    out_.reports.push_back(std::move(report));
  }

  const XmlElement& root_;
  const Place& place_;
  const Sender& sender_;
  Decoded& out_;
  const std::string sensor_;
};

void decode_xml(std::string_view bytes, const Place& at, const Sender& sender, Decoded& out) {
  const auto root = parse_xml(bytes, out);
  if (root) return Notification(*root, at.at(root->name), sender, out).decode();
  const std::string pointer = at.pointer();
  std::string& message = out.rejects.back().message;
  if (!pointer.empty()) message = pointer + ": " + message;
}

/// Finds the XML texts in a JSON document, wherever they stand.
class Envelope {
 public:
  Envelope(const Json& root, Decoded& out) : out_(out) {
    const Json* header = member(&root, "header");
    sender_.device = name_of(member(header, "deviceId")).value_or("");
    sender_.message = name_of(member(header, "messageId")).value_or("");
    const Place top;
    search(root, top);
    if (seen_.empty())
      reject(out_, RejectKind::unsupported, top, "expected a notification in XML, or JSON that holds one");
  }

 private:
  /// As deep as the document is, which is bounded.
  void search(const Json& value, const Place& at) {
    if (const auto* text = value.get_ptr<const Json::string_t*>()) return found(*text, at);
    if (const auto* list = value.get_ptr<const Json::array_t*>())
      for (std::size_t i = 0; i < list->size(); ++i) search((*list)[i], at.at(i));
    if (const auto* object = value.get_ptr<const Json::object_t*>())
      for (const auto& [key, part] : *object) search(part, at.at(key));
  }

  /// The same text a second time states the same passages.
  void found(std::string_view text, const Place& at) {
    text = trim(text);
    if (!text.starts_with('<') || std::find(seen_.begin(), seen_.end(), text) != seen_.end()) return;
    if (seen_.size() == kMaxDocuments)
      return reject(out_, RejectKind::sanity, at, fmt::format("more than {} XML texts", kMaxDocuments));
    seen_.push_back(text);
    decode_xml(text, at, sender_, out_);
  }

  Sender sender_;
  std::vector<std::string_view> seen_;
  Decoded& out_;
};

}  // namespace

void HikvisionPeopleCounting::decode(const Frame& frame, const DecodeSettings&, DecodeSession&,
                                     Decoded& out) const {
  const std::string_view payload = trim(frame.payload);
  if (!payload.starts_with('{') && !payload.starts_with('[')) return decode_xml(payload, Place(), {}, out);
  const auto root = parse_json(payload, every_key, out);
  if (root) Envelope(*root, out);
}

}  // namespace lintel::bridge::decoders
