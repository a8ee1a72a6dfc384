#include "firmware-bridge/decoders/milesight_push.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

/// More people than pass a door in one message, fewer than a defect or an attack would claim.
constexpr std::int64_t kMaxPassages = 1'000'000;
constexpr std::int64_t kMaxTotal = 999'999'999'999;
constexpr std::size_t kMaxEntries = 64;

/// A list of lines and what its numbers mean.
struct LineSection {
  const char* key;
  Kind kind;
  const char* in;
  const char* out;
  std::int64_t max;
};

constexpr LineSection kLineSections[] = {
    {"line_trigger_data", Kind::event, "in", "out", kMaxPassages},
    {"line_periodic_data", Kind::interval, "in", "out", kMaxPassages},
    {"line_total_data", Kind::total, "in_counted", "out_counted", kMaxTotal},
};

/// Objects that may hold region_count_data; the empty one is the message itself.
constexpr const char* kRegionParents[] = {"region_data", "region_trigger_data", ""};

/// Every key that this file reads, sorted.
constexpr std::string_view kKeys[] = {
    "capacity_counted",
    "children",
    "children_in",
    "children_out",
    "current_total",
    "device_info",
    "device_sn",
    "end_time",
    "in",
    "in_counted",
    "line",
    "line_periodic_data",
    "line_total_data",
    "line_trigger_data",
    "line_uuid",
    "out",
    "out_counted",
    "region",
    "region_count_data",
    "region_data",
    "region_trigger_data",
    "running_time",
    "start_time",
    "time",
    "time_info",
    "total",
};
static_assert(std::is_sorted(std::begin(kKeys), std::end(kKeys)));

bool is_read(std::string_view key) {
  return std::binary_search(std::begin(kKeys), std::end(kKeys), key);
}

/// What /time_info says; a time that is stated but unreadable is marked.
struct TimeInfo {
  struct Stated {
    std::optional<DeviceTime> value;
    bool unreadable = false;
  };
  Stated time;
  Stated start;
  Stated end;

  /// The end of the window where there is one, else the moment of sending.
  [[nodiscard]] const Stated& instant() const { return end.value || end.unreadable ? end : time; }
};

class Message {
 public:
  Message(const Json& root, std::string sensor, Decoded& out)
      : root_(root), sensor_(std::move(sensor)), out_(out), times_(read_times()) {}

  void decode() {
    for (const LineSection& section : kLineSections) decode_lines(section);
    for (const char* parent : kRegionParents) decode_regions(parent);
  }

 private:
  TimeInfo read_times() {
    const Json* info = member(&root_, "time_info");
    return {read_time(info, "time"), read_time(info, "start_time"), read_time(info, "end_time")};
  }

  TimeInfo::Stated read_time(const Json* info, std::string_view key) {
    const Json* value = member(info, key);
    if (value == nullptr) return {};
    const auto* text = value->get_ptr<const Json::string_t*>();
    const auto time = text != nullptr ? parse_iso_time(*text) : std::nullopt;
    if (time) return {time, false};
    const Place info_place = top_.at("time_info");
    reject(out_, RejectKind::sanity, info_place.at(key),
           "expected a time like 2026-07-31T23:12:00+02:00, found " +
               (text != nullptr ? excerpt(*text) : std::string("no text")));
    return {std::nullopt, true};
  }

  void decode_lines(const LineSection& section) {
    const Json* list = member(&root_, section.key);
    const Place place = top_.at(section.key);
    const auto* entries = entries_of(list, place);
    if (entries == nullptr) return;
    if (section.kind == Kind::interval && !has_window(place)) return;
    std::vector<std::string> lines;
    std::vector<std::string_view> uuids;
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const Place at = place.at(i);
      auto observation = read_line(section, (*entries)[i], at);
      if (!observation) continue;
      if (std::find(lines.begin(), lines.end(), observation->line) != lines.end()) {
        reject(out_, RejectKind::sanity, at, "line " + observation->line + " is stated twice in one message");
        continue;
      }
      lines.push_back(observation->line);
      if (repeats_uuid((*entries)[i], uuids)) observation->flags.emplace_back("duplicate_line_uuid");
      out_.observations.push_back(std::move(*observation));
    }
  }

  /// The elements of a list that is there and not empty.
  const Json::array_t* entries_of(const Json* list, const Place& place) {
    if (list == nullptr) return nullptr;
    const auto* entries = list->get_ptr<const Json::array_t*>();
    if (entries == nullptr) {
      reject(out_, RejectKind::unsupported, place, "expected a list");
      return nullptr;
    }
    if (entries->size() > kMaxEntries) {
      reject(out_, RejectKind::sanity, place,
             fmt::format("{} entries are more than {}", entries->size(), kMaxEntries));
      return nullptr;
    }
    return entries->empty() ? nullptr : entries;
  }

  /// A count without its window cannot be placed in time and is not guessed at.
  bool has_window(const Place& section) {
    const Place info = top_.at("time_info");
    for (const auto& [stated, key] :
         {std::pair{&times_.start, "start_time"}, std::pair{&times_.end, "end_time"}}) {
      if (stated->value) continue;
      if (!stated->unreadable)
        reject(out_, RejectKind::sanity, info.at(key),
               "missing, but " + section.pointer() + " counts inside a window");
      return false;
    }
    if (times_.start.value->local == times_.end.value->local &&
        times_.end.value->time >= times_.start.value->time)
      return true;
    reject(out_, RejectKind::sanity, info.at("end_time"), "the window ends before it starts");
    return false;
  }

  std::optional<Observation> read_line(const LineSection& section, const Json& entry, const Place& at) {
    auto observation = begin(section.kind);
    auto line = name_of(member(&entry, "line"));
    if (!line) {
      reject(out_, RejectKind::sanity, at.at("line"), "expected the number of the line");
      return std::nullopt;
    }
    observation.line = std::move(*line);
    const Json* total = member(&entry, "total");
    const Place total_place = at.at("total");
    const Json& counts = total != nullptr ? *total : entry;
    const Place& counts_place = total != nullptr ? total_place : at;
    const bool in = read_side(counts, counts_place, section.in, section.max, observation.count_in);
    const bool out = read_side(counts, counts_place, section.out, section.max, observation.count_out);
    if (!in || !out) return std::nullopt;
    if (!observation.count_in && !observation.count_out) {
      reject(out_, RejectKind::unsupported, counts_place,
             fmt::format("states neither {} nor {}", section.in, section.out));
      return std::nullopt;
    }
    add_notes(section, entry, counts, observation);
    return observation;
  }

  /// False when a number is stated but cannot be one: then the whole line is in doubt.
  bool read_side(const Json& counts, const Place& place, const char* key, std::int64_t max,
                 std::optional<std::int64_t>& into) {
    const Json* value = member(&counts, key);
    if (value == nullptr) return true;
    into = read_count(*value, place.at(key), max, out_);
    return into.has_value();
  }

  /// Numbers that explain a count without being one: children are part of it, not on top of it.
  static void add_notes(const LineSection& section, const Json& entry, const Json& counts, Observation& to) {
    const auto note = [&](const char* name, const Json* value) {
      const auto number = value != nullptr ? whole_number(*value) : std::nullopt;
      if (number) to.flags.push_back(fmt::format("{}={}", name, *number));
    };
    if (section.kind == Kind::total) return note("device_net", member(&counts, "capacity_counted"));
    const Json* children = member(&entry, "children");
    note("children_in", children != nullptr ? member(children, "in") : member(&entry, "children_in"));
    note("children_out", children != nullptr ? member(children, "out") : member(&entry, "children_out"));
  }

  /// Firmware has been seen to give two lines the same uuid: line numbers tell them apart, uuids do not.
  static bool repeats_uuid(const Json& entry, std::vector<std::string_view>& seen) {
    const Json* value = member(&entry, "line_uuid");
    const auto* uuid = value != nullptr ? value->get_ptr<const Json::string_t*>() : nullptr;
    if (uuid == nullptr) return false;
    if (std::find(seen.begin(), seen.end(), *uuid) != seen.end()) return true;
    seen.push_back(*uuid);
    return false;
  }

  void decode_regions(std::string_view parent_key) {
    const Json* parent = parent_key.empty() ? &root_ : member(&root_, parent_key);
    const Place parent_place = parent_key.empty() ? Place() : top_.at(parent_key);
    const Place place = parent_place.at("region_count_data");
    const auto* entries = entries_of(member(parent, "region_count_data"), place);
    if (entries == nullptr) return;
    for (std::size_t i = 0; i < entries->size(); ++i) decode_region((*entries)[i], place.at(i));
  }

  void decode_region(const Json& entry, const Place& at) {
    auto region = name_of(member(&entry, "region"));
    if (!region)
      return reject(out_, RejectKind::sanity, at.at("region"), "expected the number of the region");
    const Json* total = member(&entry, "total");
    const Place total_place = at.at("total");
    const Place& place = total != nullptr ? total_place : at;
    const Json* people = member(total != nullptr ? total : &entry, "current_total");
    if (people == nullptr) return reject(out_, RejectKind::unsupported, place, "states no current_total");
    auto observation = begin(Kind::level);
    observation.occupancy = read_count(*people, place.at("current_total"), kMaxPassages, out_);
    if (!observation.occupancy) return;
    observation.region = std::move(*region);
    out_.observations.push_back(std::move(observation));
  }

  [[nodiscard]] Observation begin(Kind kind) const {
    Observation observation;
    observation.sensor = sensor_;
    observation.kind = kind;
    const TimeInfo::Stated& instant = times_.instant();
    observation.time = instant.value;
    if (kind == Kind::interval) {
      observation.from = times_.start.value;
      observation.to = times_.end.value;
    }
    if (instant.unreadable) observation.flags.emplace_back("invalid_timestamp");
    if (instant.value && instant.value->local) observation.flags.emplace_back("local_time_without_zone");
    return observation;
  }

  const Json& root_;
  const Place top_;
  const std::string sensor_;
  Decoded& out_;
  const TimeInfo times_;
};

/// Auxiliary: a running time that cannot be read takes nothing from the counts and is passed over.
void report_uptime(const Json* device, const std::string& sensor, Decoded& out) {
  const Json* running = member(device, "running_time");
  const auto seconds = running != nullptr ? whole_number(*running) : std::nullopt;
  if (!seconds || *seconds < 0) return;
  DeviceReport report;
  report.sensor = sensor;
  report.uptime_seconds = seconds;
  out.reports.push_back(std::move(report));
}

}  // namespace

void MilesightPush::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const auto root = parse_json(frame.payload, is_read, out);
  if (!root) return;
  const Place top;
  if (!root->is_object()) return reject(out, RejectKind::unsupported, top, "expected a JSON object");
  const Json* device = member(&*root, "device_info");
  auto sensor = name_of(member(device, "device_sn"));
  if (!sensor) {
    const Place place = top.at("device_info");
    return reject(out, RejectKind::sanity, place.at("device_sn"),
                  "missing: without the serial number the counts belong to nobody");
  }
  report_uptime(device, *sensor, out);
  Message(*root, std::move(*sensor), out).decode();
}

}  // namespace lintel::bridge::decoders
