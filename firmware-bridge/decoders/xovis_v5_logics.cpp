#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xovis_v5_counters.hpp"
#include "firmware-bridge/decoders/xovis_v5_package.hpp"

namespace lintel::bridge::decoders {

namespace {

using Role = XovisRole;

constexpr std::int64_t kMaxPassages = 1'000'000;

class Logics {
 public:
  explicit Logics(const XovisPackage& package) : package_(package) {}

  void decode() {
    const auto* logics = package_.list_in(package_.data, "logics", package_.place);
    if (logics == nullptr) return;
    std::set<std::string, std::less<>> names;
    const Place list = package_.place.at("logics");
    for (std::size_t i = 0; i < logics->size() && !package_.gave_up(); ++i) {
      const Place at = list.at(i);
      const auto name = name_of(member(&(*logics)[i], "name"));
      if (!name) {
        reject(package_.out, RejectKind::sanity, at.at("name"), "expected the name of a line or zone");
      } else if (!names.insert(*name).second) {
        reject(package_.out, RejectKind::sanity, at,
               "two logics are called " + excerpt(*name) + ": give them different names on the sensor");
      } else {
        decode_logic((*logics)[i], *name, at);
      }
    }
  }

 private:
  void decode_logic(const Json& logic, const std::string& name, const Place& place) {
    const auto* records = package_.list_in(logic, "records", place);
    if (records == nullptr) return;
    const Place list = place.at("records");
    for (std::size_t i = 0; i < records->size() && !package_.gave_up(); ++i) {
      const Place at = list.at(i);
      Record record;
      if (read_window((*records)[i], at, record) && read_counts((*records)[i], name, at, record))
        add(record, name);
    }
  }

  struct Record {
    DeviceTime from;
    DeviceTime to;
    std::optional<std::int64_t> in;
    std::optional<std::int64_t> out;
    std::optional<std::int64_t> people;
    std::vector<std::string> quality;
    std::vector<std::string> notes;
  };

  bool read_window(const Json& record, const Place& place, Record& to) {
    const auto from = package_.read_time(record, "from", place);
    const auto end = package_.read_time(record, "to", place);
    if (!from || !end) return false;
    if (from->local != end->local || end->time < from->time) {
      reject(package_.out, RejectKind::sanity, place.at("to"), "the window ends before it starts");
      return false;
    }
    to.from = *from;
    to.to = *end;
    if (end->local) to.quality.emplace_back("local_time_without_zone");
    const auto number = [&](const char* key) {
      const Json* value = member(&record, key);
      return value != nullptr ? whole_number(*value) : std::nullopt;
    };
    const auto samples = number("samples");
    const auto expected = number("samples_expected");
    if (samples && expected && *samples < *expected)
      to.quality.push_back(fmt::format("incomplete_window({}/{})", *samples, *expected));
    return true;
  }

  /// False when a number is stated but cannot be one: then the whole record is in doubt.
  bool read_counts(const Json& record, const std::string& logic, const Place& place, Record& to) {
    const auto* counts = package_.list_in(record, "counts", place);
    if (counts == nullptr) return false;
    const ChannelMap* map = package_.map_of(logic);
    const Place list = place.at("counts");
    std::optional<std::string> strange;
    for (std::size_t i = 0; i < counts->size(); ++i) {
      const std::string name = name_of(member(&(*counts)[i], "name")).value_or("");
      const Role role = role_of_counter(name, map);
      if (role == Role::unknown) strange = name;
      if (!read_counter((*counts)[i], name, role, list.at(i), to)) return false;
    }
    if (strange && !to.people && (!to.in || !to.out)) package_.reject_unknown(*strange, logic, list);
    return true;
  }

  bool read_counter(const Json& counter, const std::string& name, Role role, const Place& at, Record& to) {
    const Json* value = member(&counter, "value");
    if (role == Role::unknown || role == Role::part || value == nullptr) return true;
    if (role == Role::note) {
      if (value->is_number()) to.notes.push_back(fmt::format("{}={}", name, value->dump()));
      return true;
    }
    auto& into = role == Role::in ? to.in : role == Role::out ? to.out : to.people;
    if (into) {
      reject(package_.out, RejectKind::integrity, at,
             "a second counter of the same meaning: " + excerpt(name));
      return false;
    }
    into = read_count(*value, at.at("value"), kMaxPassages, package_.out);
    return into.has_value();
  }

  void add(const Record& record, const std::string& logic) {
    Observation observation;
    observation.sensor = package_.sensor;
    observation.time = record.to;
    observation.from = record.from;
    observation.to = record.to;
    observation.flags = record.quality;
    if (record.in || record.out) {
      observation.kind = Kind::interval;
      observation.line = logic;
      observation.count_in = record.in;
      observation.count_out = record.out;
      package_.out.observations.push_back(observation);
    }
    if (!record.people) return;
    observation.kind = Kind::level;
    observation.line.clear();
    observation.count_in.reset();
    observation.count_out.reset();
    observation.region = logic;
    observation.occupancy = record.people;
    observation.flags.insert(observation.flags.end(), record.notes.begin(), record.notes.end());
    package_.out.observations.push_back(std::move(observation));
  }

  const XovisPackage& package_;
};

}  // namespace

void decode_xovis_logics(const XovisPackage& package) {
  Logics(package).decode();
}

}  // namespace lintel::bridge::decoders
