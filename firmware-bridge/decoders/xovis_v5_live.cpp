#include <map>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xovis_v5_counters.hpp"
#include "firmware-bridge/decoders/xovis_v5_package.hpp"

namespace lintel::bridge::decoders {

namespace {

using Role = XovisRole;

constexpr std::int64_t kMaxPresent = 1'000'000;
constexpr std::int64_t kMaxTotal = 999'999'999'999;

enum class Kin { person, group, unknown };

/// Who is in a frame.
class Crowd {
 public:
  explicit Crowd(const Json& frame) {
    const Json* value = member(&frame, "tracked_objects");
    const auto* objects = value != nullptr ? value->get_ptr<const Json::array_t*>() : nullptr;
    if (objects == nullptr || objects->empty()) return;
    all_ = kin_of_object(objects->front());
    for (const Json& object : *objects) {
      const Kin kin = kin_of_object(object);
      if (kin != all_) all_ = Kin::unknown;
      const Json* id = member(&object, "track_id");
      if (const auto track = id != nullptr ? whole_number(*id) : std::nullopt) kins_.emplace(*track, kin);
    }
  }

  /// What the object with that track is; of one that is not listed, what all of the frame are.
  [[nodiscard]] Kin kin_of(const Json* track) const {
    const auto number = track != nullptr ? whole_number(*track) : std::nullopt;
    const auto found = number ? kins_.find(*number) : kins_.end();
    return found == kins_.end() ? all_ : found->second;
  }

 private:
  static Kin kin_of_object(const Json& object) {
    const Json* type = member(&object, "type");
    if (type == nullptr || !type->is_string()) return Kin::unknown;
    return *type == "PERSON" ? Kin::person : *type == "GROUP" ? Kin::group : Kin::unknown;
  }

  std::map<std::int64_t, Kin> kins_;
  Kin all_ = Kin::unknown;
};

class Live {
 public:
  explicit Live(const XovisPackage& package) : package_(package) {}

  void decode() {
    const auto* frames = package_.list_in(package_.data, "frames", package_.place);
    if (frames == nullptr) return;
    const Place list = package_.place.at("frames");
    for (std::size_t i = 0; i < frames->size() && !package_.gave_up(); ++i)
      if (member(&(*frames)[i], "events") != nullptr) decode_frame((*frames)[i], list.at(i));
  }

 private:
  struct Moment {
    std::optional<DeviceTime> time;
    bool unreadable = false;
  };

  void decode_frame(const Json& frame, const Place& place) {
    const auto* events = package_.list_in(frame, "events", place);
    if (events == nullptr || events->empty()) return;
    const Moment moment = moment_of(frame, place);
    const Crowd crowd(frame);
    const Place list = place.at("events");
    for (std::size_t i = 0; i < events->size() && !package_.gave_up(); ++i) {
      const Place at = list.at(i);
      const std::string type = name_of(member(&(*events)[i], "type")).value_or("");
      const Json* attributes = member(&(*events)[i], "attributes");
      const Place inside = at.at("attributes");
      if (type == "LINE_CROSS_FORWARD" || type == "LINE_CROSS_BACKWARD") {
        decode_crossing(crowd, attributes, type == "LINE_CROSS_FORWARD", moment, inside);
      } else if (type == "COUNT_INCREMENT" || type == "COUNT_DECREMENT" || type == "COUNT_RESET") {
        decode_counter(attributes, moment, inside);
      }
    }
  }

  /// A frame without a time counts on arrival.
  Moment moment_of(const Json& frame, const Place& place) {
    if (member(&frame, "time") == nullptr) return {};
    const auto time = package_.read_time(frame, "time", place);
    return {time, !time.has_value()};
  }

  void decode_crossing(const Crowd& crowd, const Json* attributes, bool forward, const Moment& moment,
                       const Place& place) {
    const auto line = name_of(member(attributes, "geometry_name"));
    if (!line)
      return reject(package_.out, RejectKind::sanity, place.at("geometry_name"),
                    "expected the name of the line");
    const Json* track = member(attributes, "track_id");
    const Kin kin = crowd.kin_of(track);
    if (kin == Kin::unknown)
      return reject(package_.out, RejectKind::unsupported, place.at("track_id"),
                    "who crossed, a person or a group, is not told: let the agent push tracked objects");
    if (kin == Kin::group) return;
    Observation observation = begin(Kind::event, moment);
    observation.line = *line;
    observation.count_in = forward ? 1 : 0;
    observation.count_out = forward ? 0 : 1;
    const auto id = name_of(track);
    if (id && moment.time)
      observation.repeat_key =
          fmt::format("{}/{}/{}", count_ms(moment.time->time), *id, forward ? "fw" : "bw");
    package_.out.observations.push_back(std::move(observation));
  }

  /// The running count of one counter, which is one direction of its line.
  void decode_counter(const Json* attributes, const Moment& moment, const Place& place) {
    const auto logic = name_of(member(attributes, "logic_name"));
    const auto counter = name_of(member(attributes, "counter_name"));
    if (!logic)
      return reject(package_.out, RejectKind::sanity, place.at("logic_name"),
                    "expected the name of a line or zone");
    const Role role = role_of_counter(counter.value_or(""), package_.map_of(*logic));
    if (role == Role::part || role == Role::note) return;
    if (role == Role::unknown)
      return package_.reject_unknown(counter.value_or(""), *logic, place.at("counter_name"));
    const Json* value = member(attributes, "counter_value");
    if (value == nullptr)
      return reject(package_.out, RejectKind::sanity, place.at("counter_value"), "missing");
    const bool people = role == Role::people;
    const auto number =
        read_count(*value, place.at("counter_value"), people ? kMaxPresent : kMaxTotal, package_.out);
    if (!number) return;
    Observation observation = begin(people ? Kind::level : Kind::total, moment);
    (people ? observation.region : observation.line) = *logic;
    (people             ? observation.occupancy
     : role == Role::in ? observation.count_in
                        : observation.count_out) = number;
    if (!people) observation.flags.emplace_back("one_direction_only");
    package_.out.observations.push_back(std::move(observation));
  }

  [[nodiscard]] Observation begin(Kind kind, const Moment& moment) const {
    Observation observation;
    observation.sensor = package_.sensor;
    observation.kind = kind;
    observation.time = moment.time;
    if (moment.unreadable) observation.flags.emplace_back("invalid_timestamp");
    if (moment.time && moment.time->local) observation.flags.emplace_back("local_time_without_zone");
    return observation;
  }

  const XovisPackage& package_;
};

}  // namespace

void decode_xovis_live(const XovisPackage& package) {
  Live(package).decode();
}

}  // namespace lintel::bridge::decoders
