#include "firmware-bridge/decoders/vdv301_passenger_counting.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xml_document.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kMaxTotal = 999'999'999;
constexpr std::size_t kMaxDoors = 64;
constexpr std::string_view kService = "PassengerCountingService.";

/// How the two standards name the same things.
struct Dialect {
  const char* door;
  const char* door_id;
  const char* count;
  const char* in;
  const char* out;
  const char* door_quality;   ///< beside the counts; null: each count states its own
  const char* count_quality;  ///< null: the door states it
};

constexpr Dialect kIbisIp = {"CountingData", "DoorID", "Count", "In", "Out", nullptr, "CountQuality"};
constexpr Dialect kItxpt = {
    "PassengerDoorCount", "DoorId", "PassengerCounting", "DoorPassengerIn", "DoorPassengerOut",
    "DoorCountQuality",   nullptr};

/// Classes of objects that are people, and how notes name them. Both spellings of the last are in use.
constexpr std::pair<std::string_view, std::string_view> kPeople[] = {
    {"Adult", "adult"},           {"Child", "child"},           {"Unidentified", "unidentified"},
    {"WheelChair", "wheelchair"}, {"Wheelchair", "wheelchair"},
};

/// IBIS-IP wraps values, ITxPT does not; both are accepted everywhere.
const XmlElement& unwrapped(const XmlElement& element) {
  const XmlElement* value = child(&element, "Value");
  return value == nullptr ? element : *value;
}

std::string_view value_of(const XmlElement& parent, std::string_view name) {
  const XmlElement* element = child(&parent, name);
  return element == nullptr ? std::string_view{} : std::string_view(unwrapped(*element).text);
}

bool means_defect(std::string_view quality) {
  return quality == "Defect" || quality == "Sabotage";
}

class Doors {
 public:
  Doors(const Dialect& dialect, Decoded& out) : dialect_(dialect), out_(out) {}

  /// The doors below `parent`, which states one time for all of them, or each its own.
  void decode(const XmlElement& parent, const Place& place, const char* common_time, const char* own_time) {
    const Stated common = read_time(parent, place, common_time);
    std::size_t number = 0;
    for (const XmlElement& door : parent.children) {
      if (door.name != dialect_.door) continue;
      const std::string step = fmt::format("{}[{}]", dialect_.door, ++number);
      if (number > kMaxDoors)
        return reject(out_, RejectKind::sanity, place.at(step), fmt::format("more than {} doors", kMaxDoors));
      const Place at = place.at(step);
      decode_door(door, at, own_time != nullptr ? read_time(door, at, own_time) : common);
    }
  }

 private:
  struct Stated {
    std::optional<DeviceTime> value;
    bool unreadable = false;
  };

  Stated read_time(const XmlElement& parent, const Place& place, const char* key) {
    if (key == nullptr || child(&parent, key) == nullptr) return {};
    const std::string_view text = value_of(parent, key);
    if (const auto time = parse_iso_time(text)) return {time, false};
    reject(out_, RejectKind::sanity, place.at(key),
           "expected a time like 2022-03-07T15:00:54, found " + excerpt(text));
    return {std::nullopt, true};
  }

  void decode_door(const XmlElement& door, const Place& place, const Stated& time) {
    Observation observation;
    observation.kind = Kind::total;
    observation.time = time.value;
    observation.line = value_of(door, dialect_.door_id);
    if (!states_once(door, dialect_.door_id, place, out_)) return;
    if (!is_name(observation.line))
      return reject(out_, RejectKind::sanity, place.at(dialect_.door_id), "expected the id of the door");
    if (std::find(seen_.begin(), seen_.end(), observation.line) != seen_.end())
      return reject(out_, RejectKind::sanity, place, "door " + observation.line + " is stated twice");
    seen_.push_back(observation.line);
    defect_ = dialect_.door_quality != nullptr && means_defect(value_of(door, dialect_.door_quality));
    if (!add_people(door, place, observation)) return;
    if (defect_) observation.flags.emplace_back("counter_defect");
    if (time.unreadable) observation.flags.emplace_back("invalid_timestamp");
    if (time.value && time.value->local) observation.flags.emplace_back("local_time_without_zone");
    out_.observations.push_back(std::move(observation));
  }

  /// Sums the classes that are people; false when one of them cannot be read, which spoils the sum.
  bool add_people(const XmlElement& door, const Place& place, Observation& to) {
    std::size_t number = 0;
    std::vector<std::string_view> classes;
    for (const XmlElement& count : door.children) {
      if (count.name != dialect_.count) continue;
      const std::string step = fmt::format("{}[{}]", dialect_.count, ++number);
      if (!add_class(count, place.at(step), classes, to)) return false;
    }
    if (number == 0) reject(out_, RejectKind::unsupported, place.at(dialect_.count), "missing: no counts");
    return to.count_in.has_value();  // a door that only counts bicycles states nothing about people
  }

  bool add_class(const XmlElement& count, const Place& place, std::vector<std::string_view>& classes,
                 Observation& to) {
    const std::string_view name = value_of(count, "ObjectClass");
    if (std::find(classes.begin(), classes.end(), name) != classes.end()) {
      reject(out_, RejectKind::sanity, place, "the class " + excerpt(name) + " is stated twice");
      return false;
    }
    classes.push_back(name);
    const auto* people = std::find_if(std::begin(kPeople), std::end(kPeople),
                                      [name](const auto& known) { return known.first == name; });
    if (people == std::end(kPeople)) return true;
    const auto in = read_side(count, dialect_.in, place);
    const auto out = read_side(count, dialect_.out, place);
    if (!in || !out) return false;
    if (dialect_.count_quality != nullptr && means_defect(value_of(count, dialect_.count_quality)))
      defect_ = true;
    to.count_in = to.count_in.value_or(0) + *in;
    to.count_out = to.count_out.value_or(0) + *out;
    to.flags.push_back(fmt::format("{}={}/{}", people->second, *in, *out));
    return true;
  }

  std::optional<std::int64_t> read_side(const XmlElement& count, const char* key, const Place& place) {
    const XmlElement* element = child(&count, key);
    if (element == nullptr) {
      reject(out_, RejectKind::sanity, place.at(key), "missing: the sum of the door would be wrong");
      return std::nullopt;
    }
    if (!states_once(count, key, place, out_)) return std::nullopt;
    const std::string_view error = text_of(element, "ErrorCode");
    if (!error.empty()) defect_ = true;
    if (error.empty() || child(element, "Value") != nullptr)
      return read_count(unwrapped(*element), place.at(key), kMaxTotal, out_);
    reject(out_, RejectKind::sanity, place.at(key), "no number but the error " + excerpt(error));
    return std::nullopt;
  }

  const Dialect& dialect_;
  Decoded& out_;
  std::vector<std::string> seen_;
  bool defect_ = false;  ///< of the door being read
};

void decode_service(const XmlElement& root, const Place& place, Decoded& out) {
  if (const XmlElement* error = child(&root, "OperationErrorMessage"))
    return reject(out, RejectKind::unsupported, place.at("OperationErrorMessage"),
                  "the counter answers " + excerpt(unwrapped(*error).text));
  for (const char* key : {"AllData", "SpecificDoorData"})
    if (const XmlElement* data = child(&root, key))
      return Doors(kIbisIp, out).decode(*data, place.at(key), "TimeStamp", nullptr);
}

}  // namespace

void Vdv301PassengerCounting::decode(const Frame& frame, const DecodeSettings&, DecodeSession&,
                                     Decoded& out) const {
  const auto root = parse_xml(frame.payload, out);
  if (!root) return;
  const Place top;
  const Place place = top.at(root->name);
  if (root->name.starts_with(kService)) return decode_service(*root, place, out);
  if (root->name == "PassengerDoorCountDelivery")
    return Doors(kItxpt, out).decode(*root, place, nullptr, "RecordedAtTime");
  reject(out, RejectKind::unsupported, top,
         "expected an answer of the PassengerCountingService or PassengerDoorCountDelivery, found " +
             excerpt(root->name));
}

}  // namespace lintel::bridge::decoders
