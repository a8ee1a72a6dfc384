#include "firmware-bridge/decoders/profile/block_compiler.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::bridge::decoders::profile {

namespace {

const std::vector<std::string> kOccupied = {"true", "1", "on", "ON", "On", "occupied", "OCCUPIED"};
const std::vector<std::string> kVacant = {"false", "0", "off", "OFF", "Off", "vacant", "VACANT"};
const std::vector<std::string> kYes = {"true", "1", "on", "ON", "online", "connected", "Online"};
const std::vector<std::string> kNo = {"false", "0", "off", "OFF", "offline", "disconnected", "Offline"};

/// To milliseconds.
const std::vector<Unit> kDurations = {{"s", 1e3}, {"ms", 1}, {"min", 60e3}, {"h", 3600e3}};
const std::vector<Unit> kUptimes = {{"s", 1}, {"ms", 1e-3}, {"min", 60}, {"h", 3600}};
const std::vector<Unit> kVoltages = {{"mV", 1}, {"V", 1e3}};
const std::vector<Unit> kShares = {{"%", 1}, {"1", 100}};

}  // namespace

void BlockCompiler::inherit(std::string_view key, std::optional<Spot> stated) {
  if (stated) inherited_.emplace(key, std::move(*stated));
}

std::optional<Spot> BlockCompiler::own_or_inherited(Fields& fields, const char* key) const {
  auto own = fields.get(key);
  if (own) return own;
  const auto found = inherited_.find(key);
  return found != inherited_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<Source> BlockCompiler::optional_source(Fields& fields, const char* key,
                                                     const std::vector<Unit>& units) {
  const auto spot = fields.get(key);
  return spot ? std::optional(sources_.source(*spot, units)) : std::nullopt;
}

Group& BlockCompiler::group(Fields& fields) {
  const auto spot = fields.get("for_each");
  const std::string written = spot ? spot->value->dump(-1, ' ', true, Json::error_handler_t::replace) : "";
  auto found = std::find_if(form_.groups.begin(), form_.groups.end(),
                            [&](const Group& group) { return group.written == written; });
  if (found == form_.groups.end()) {
    Group made;
    made.written = written;
    const auto levels = each(*spot, problems_);
    if (levels.size() > kMaxLevels)
      problems_.add(spot->pointer, fmt::format("more than {} levels", kMaxLevels));
    for (const Spot& one : levels) {
      sources_.look_from(&made.levels);
      Level next = level(one, made.levels.empty());
      made.levels.push_back(std::move(next));
    }
    found = form_.groups.insert(form_.groups.end(), std::move(made));
  }
  sources_.look_from(&found->levels);
  return *found;
}

Level BlockCompiler::level(const Spot& spot, bool first) {
  Level made;
  if (!spot.value->is_object()) {
    made.container = sources_.path(spot);
    return made;
  }
  Fields fields(spot, problems_);
  const auto list = fields.get("list");
  const auto members = fields.get("members");
  const auto keys = fields.get("keys");
  const auto of = keys ? fields.get("of") : std::nullopt;
  made.optional = fields.flag("optional");
  if (int{list.has_value()} + int{members.has_value()} + int{keys.has_value()} != 1)
    problems_.add(spot.pointer, "expected one of list, members, keys");
  if (list) made.container = sources_.path(*list);
  if (members) {
    made.over = Level::Over::members;
    made.container = sources_.path(*members);
  }
  if (keys) {
    made.over = Level::Over::keys;
    made.keys = sources_.pattern(*keys);
    made.container = of ? sources_.path(*of) : sources_.ref(first ? "/" : ".", spot.pointer);
  }
  form_.keys.all |= members || keys;
  fields.finish();
  return made;
}

void BlockCompiler::statement(const Spot& spot) {
  Fields fields(spot, problems_);
  Group& home = group(fields);
  Statement made;
  if (const auto where = fields.get("where")) made.where = sources_.where(*where);
  constexpr std::pair<std::string_view, Kind> kKinds[] = {{"total", Kind::total},
                                                          {"interval", Kind::interval},
                                                          {"event", Kind::event},
                                                          {"level", Kind::level},
                                                          {"presence", Kind::presence}};
  if (const auto kind = fields.need("kind", "total, interval, event, level or presence")) {
    const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](const auto& one) { return *kind->value == one.first; });
    if (found != std::end(kKinds)) {
      made.kind = found->second;
    } else {
      problems_.add(kind->pointer,
                    "expected total, interval, event, level or presence, found " + shown(*kind->value));
    }
  }
  if (const auto sensor = own_or_inherited(fields, "sensor")) made.sensor = sources_.source(*sensor);
  made.line = optional_source(fields, "line");
  made.region = optional_source(fields, "region");
  counts(fields, made);
  times(fields, made);
  if (const auto flags = own_or_inherited(fields, "flags"))
    for (const Spot& one : each(*flags, problems_)) made.flags.push_back(sources_.flag(one));
  if (const auto key = own_or_inherited(fields, "repeat_key")) made.repeat_key = sources_.source(*key);
  fields.finish();
  demand_counts(fields, made);
  home.statements.push_back(std::move(made));
}

void BlockCompiler::counts(Fields& fields, Statement& statement) {
  statement.count_in = optional_source(fields, "count_in");
  statement.count_out = optional_source(fields, "count_out");
  statement.occupancy = optional_source(fields, "occupancy");
  statement.count = optional_source(fields, "count");
  statement.channel = optional_source(fields, "channel");
  if (const auto direction = fields.get("direction"))
    statement.direction = sources_.choice(*direction, "in", "out", {}, {});
  if (const auto presence = fields.get("presence"))
    statement.presence = sources_.choice(*presence, "occupied", "vacant", kOccupied, kVacant);
}

void BlockCompiler::demand_counts(const Fields& fields, const Statement& statement) {
  const bool counted = statement.count_in || statement.count_out;
  const auto wrong = [&](std::string_view what) { problems_.add(fields.pointer(), std::string(what)); };
  if (statement.count && counted)
    wrong("\"count\" goes with \"direction\" or \"channel\", not with count_in and count_out");
  if (statement.count && !statement.direction && !statement.channel)
    wrong("\"count\" needs \"direction\" (what says in or out), or \"channel\"");
  if (!statement.count && (statement.direction || statement.channel))
    wrong("\"direction\" and \"channel\" need \"count\": the number that goes in or out");
  switch (statement.kind) {
    case Kind::level:
      if (!statement.occupancy) wrong("a level needs \"occupancy\": the people present");
      break;
    case Kind::presence:
      if (!statement.presence) wrong("kind presence needs \"presence\": what says occupied or vacant");
      break;
    case Kind::interval:
      if (!statement.window) wrong("an interval needs \"window\", here or for the whole profile");
      [[fallthrough]];
    case Kind::total:
    case Kind::event:
      if (!counted && !statement.count) wrong("expected count_in, count_out or count");
  }
}

void BlockCompiler::times(Fields& fields, Statement& statement) {
  if (const auto time = own_or_inherited(fields, "time")) statement.time = sources_.time(*time);
  const auto window = own_or_inherited(fields, "window");
  if (!window) return;
  Fields parts(*window, problems_);
  auto& made = statement.window.emplace();
  if (const auto from = parts.get("from")) made.from = sources_.time(*from);
  if (const auto to = parts.get("to")) made.to = sources_.time(*to);
  if (const auto seconds = parts.get("length")) {
    made.seconds = sources_.source(*seconds, kDurations);
    if (made.seconds->scale == 1)
      made.seconds->scale = seconds->value->is_object() && seconds->value->contains("unit") ? 1 : 1e3;
  }
  parts.finish();
  if (int{made.from.has_value()} + int{made.to.has_value()} + int{made.seconds.has_value()} != 2)
    problems_.add(window->pointer, "expected two of from, to and length");
}

void BlockCompiler::report(const Spot& spot) {
  Fields fields(spot, problems_);
  Group& home = group(fields);
  Report made;
  if (const auto where = fields.get("where")) made.where = sources_.where(*where);
  if (const auto sensor = own_or_inherited(fields, "sensor")) made.sensor = sources_.source(*sensor);
  made.battery_percent = optional_source(fields, "battery_percent", kShares);
  made.battery_mv = optional_source(fields, "battery_mv", kVoltages);
  made.signal_dbm = optional_source(fields, "signal_dbm");
  made.uptime_seconds = optional_source(fields, "uptime_seconds", kUptimes);
  made.firmware = optional_source(fields, "firmware");
  if (const auto connected = fields.get("connected"))
    made.connected = sources_.choice(*connected, "yes", "no", kYes, kNo);
  if (const auto tampered = fields.get("tampered"))
    made.tampered = sources_.choice(*tampered, "yes", "no", kYes, kNo);
  if (const auto faults = fields.get("faults"))
    for (const Spot& one : each(*faults, problems_)) made.faults.push_back(sources_.flag(one));
  fields.finish();
  home.reports.push_back(std::move(made));
}

void BlockCompiler::ignore(const Spot& spot) {
  Fields fields(spot, problems_);
  Group& home = group(fields);
  Where where;
  if (const auto stated = fields.need("where", "which messages or items count nobody; {} for all"))
    where = sources_.where(*stated);
  fields.finish();
  home.ignored.push_back(std::move(where));
}

}  // namespace lintel::bridge::decoders::profile
