#include "firmware-bridge/decoders/profile/state.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

/// More people than pass a door in one message, fewer than a defect or an attack would claim.
constexpr std::int64_t kMaxPassages = 1'000'000;
constexpr std::int64_t kMaxTotal = 999'999'999'999;
constexpr std::int64_t kMaxWindowMs = std::int64_t{366} * 24 * 3600 * 1000;

/// A text or a whole number that can be an identity or a name.
std::optional<std::string> name_of(const Value& value) {
  if (const auto text = value.text())
    return is_name(*text) ? std::optional(std::string(*text)) : std::nullopt;
  const auto number = value.whole();
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

/// Whether the identity is that of the link, see Scope::find.
bool is_link(const Value& value) {
  return value.json() == nullptr && value.present() && value.text()->empty();
}

/// First, second or neither.
std::optional<bool> choose(Scope& scope, const Choice& choice, const Value& value) {
  if (scope.holds(choice.first, value)) return true;
  if (scope.holds(choice.second, value)) return false;
  return std::nullopt;
}

std::optional<std::int64_t> whole_of(Scope& scope, const std::optional<Source>& source, std::int64_t least,
                                     std::int64_t most) {
  const auto number = source ? scope.read(*source).whole(source->scale) : std::nullopt;
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

}  // namespace

bool State::reject(RejectKind kind, const std::string& place, std::string_view what) {
  rejects_.push_back({kind, fmt::format("{}: {}", place, what)});
  return false;
}

std::int64_t State::most() const {
  return statement_.kind == Kind::total ? kMaxTotal : kMaxPassages;
}

bool State::read() {
  made_.kind = statement_.kind;
  if (!read_sensor() || !read_names() || !read_times() || !read_counts()) return false;
  add_flags();
  if (statement_.repeat_key) made_.repeat_key = name_of(scope_.read(*statement_.repeat_key)).value_or("");
  return true;
}

bool State::read_sensor() {
  if (!statement_.sensor) return true;
  const Value value = scope_.read(*statement_.sensor);
  if (is_link(value)) return true;
  auto name = name_of(value);
  nameless_ = !name;
  if (nameless_)
    return reject(RejectKind::sanity, scope_.place(*statement_.sensor),
                  value.present() ? "expected the identity of the sensor, found " + value.shown()
                                  : "is missing: without the sensor's identity the counts belong to nobody");
  made_.sensor = std::move(*name);
  return true;
}

bool State::name(const std::optional<Source>& source, std::string_view what, std::string& into) {
  if (!source) return true;
  const Value value = scope_.read(*source);
  if (!value.present() && source->optional) return true;
  auto found = name_of(value);
  if (!found)
    return reject(RejectKind::sanity, scope_.place(*source),
                  fmt::format("expected the name of the {}, found {}", what, value.shown()));
  into = std::move(*found);
  return true;
}

bool State::read_names() {
  if (!name(statement_.line, "line", made_.line) || !name(statement_.region, "region", made_.region))
    return false;
  const LineMap& lines = settings_.lines_of(made_.sensor);
  const auto mapped = lines.find(made_.line);
  scope_.use_channels(mapped != lines.end() ? &mapped->second : nullptr);
  return true;
}

std::optional<DeviceTime> State::plain(const TimeSource& source, const Value& value) {
  for (const TimeFormat& format : source.formats) {
    std::optional<DeviceTime> time;
    if (const auto text = value.text()) {
      time = format.read(*text);
    } else if (const Json* json = value.json()) {
      const auto whole = whole_number(*json);
      time = whole               ? format.read(*whole)
             : json->is_number() ? format.read(json->get<double>())
                                 : std::nullopt;
    }
    if (time) return time;
  }
  return std::nullopt;
}

void State::in_zone(const TimeSource& source, DeviceTime& time) {
  if (!time.local) return;
  if (source.utc) time.local = false;
  if (!source.offset) return;
  const auto text = scope_.read(*source.offset).text();
  auto offset = text ? read_offset(*text) : std::nullopt;
  if (!offset) return;
  if (source.summer && scope_.read(*source.summer).is("true")) *offset += std::chrono::hours{1};
  time = {time.time - *offset, false};
}

/// A flag, no reject: a device whose clock is wrong has still counted people.
State::Stated State::instant(const TimeSource& source) {
  const Value value = scope_.read(source.source);
  if (!value.present()) return {};
  auto time = plain(source, value);
  if (!time) {
    flag("invalid_timestamp");
    return {std::nullopt, true};
  }
  in_zone(source, *time);
  if (const auto fault = clock_fault(time->time); !fault.empty()) {
    flag(fault);
    return {std::nullopt, true};
  }
  if (time->local) flag("local_time_without_zone");
  if (source.compared) compare(source, *time);
  return {time, false};
}

void State::compare(const TimeSource& source, const DeviceTime& time) {
  const auto other = plain(source, scope_.read(*source.compared));
  if (other && std::abs(count_ms(other->time) - count_ms(time.time)) > source.compared_seconds * 1000)
    flag("device_times_disagree");
}

bool State::read_times() {
  if (statement_.window && !read_window()) return false;
  if (statement_.time) {
    const Stated stated = instant(*statement_.time);
    if (stated.fault || stated.value) {
      made_.time = stated.value;
      return true;
    }
  }
  if (made_.to) made_.time = made_.to;
  return true;
}

bool State::read_window() {
  const Window& window = *statement_.window;
  if (window.from) made_.from = instant(*window.from).value;
  if (window.to) made_.to = instant(*window.to).value;
  if (window.seconds && (made_.from || made_.to)) {
    const auto ms = whole_of(scope_, window.seconds, 1, kMaxWindowMs);
    if (ms && made_.from) {
      made_.to = DeviceTime{made_.from->time + Millis{*ms}, made_.from->local};
    } else if (ms) {
      made_.from = DeviceTime{made_.to->time - Millis{*ms}, made_.to->local};
    }
  }
  return close_window(window);
}

/// A count without its window cannot be placed in time and is not guessed at. A level can.
bool State::close_window(const Window& window) {
  const bool whole = made_.from && made_.to && made_.from->local == made_.to->local;
  if (whole && made_.from->time <= made_.to->time) return true;
  if (statement_.kind != Kind::interval) {
    if (made_.to) made_.time = made_.to;
    made_.from.reset();
    made_.to.reset();
    return true;
  }
  if (whole)
    return reject(RejectKind::sanity, scope_.place(window.to ? window.to->source : window.from->source),
                  "the window ends before it starts");
  const Source& source = window.from && !made_.from ? window.from->source
                         : window.to && !made_.to   ? window.to->source
                         : window.seconds           ? *window.seconds
                                                    : window.to->source;
  const Value found = scope_.read(source);
  return reject(RejectKind::sanity, scope_.place(source),
                found.present() ? "expected a part of the window that is counted in, found " + found.shown()
                                : "is missing: counts inside a window need both its ends");
}

bool State::count(const std::optional<Source>& source, std::optional<std::int64_t>& into) {
  if (!source) return true;
  const Value value = scope_.read(*source);
  if (!value.present()) return true;
  into = value.whole(source->scale);
  if (into && *into >= 0 && *into <= most()) return true;
  into.reset();
  return reject(RejectKind::sanity, scope_.place(*source),
                fmt::format("expected a whole number from 0 to {}, found {}", most(), value.shown()));
}

bool State::read_counts() {
  if (statement_.kind == Kind::presence) return read_presence();
  if (statement_.count) return read_directed();
  if (!count(statement_.count_in, made_.count_in) || !count(statement_.count_out, made_.count_out) ||
      !count(statement_.occupancy, made_.occupancy))
    return false;
  const bool stated =
      statement_.kind == Kind::level ? made_.occupancy.has_value() : made_.count_in || made_.count_out;
  if (stated) return true;
  std::string wanted;
  for (const auto* source : {&statement_.count_in, &statement_.count_out, &statement_.occupancy})
    if (*source) wanted += (wanted.empty() ? "" : ", ") + (*source)->written();
  return reject(RejectKind::unsupported, scope_.place(), "states none of " + wanted);
}

/// A count whose direction another value tells, or whose channel the installation has mapped.
bool State::read_directed() {
  std::optional<std::int64_t> number;
  if (!count(statement_.count, number)) return false;
  if (!number)
    return reject(RejectKind::unsupported, scope_.place(*statement_.count), "is missing: nobody is counted");
  std::optional<bool> in;
  if (statement_.channel) {
    const Value channel = scope_.read(*statement_.channel);
    for (const auto& [line, channels] : settings_.lines_of(made_.sensor)) {
      if (!channel.is(channels.in) && !channel.is(channels.out)) continue;
      in = channel.is(channels.in);
      made_.line = line;
      break;
    }
  }
  if (!in && statement_.direction) {
    const Value value = scope_.read(statement_.direction->source);
    in = choose(scope_, *statement_.direction, value);
    if (!in)
      return reject(RejectKind::unsupported, scope_.place(statement_.direction->source),
                    "expected a direction, found " + value.shown());
  }
  if (!in) flag("no_direction");
  (in.value_or(true) ? made_.count_in : made_.count_out) = number;
  // Who passes in does not pass out. Of running counts the other side has its own.
  if (statement_.kind == Kind::event && in) (*in ? made_.count_out : made_.count_in) = 0;
  return true;
}

bool State::read_presence() {
  const Value value = scope_.read(statement_.presence->source);
  const auto occupied = choose(scope_, *statement_.presence, value);
  if (!occupied)
    return reject(RejectKind::unsupported, scope_.place(statement_.presence->source),
                  "expected occupied or vacant, found " + value.shown());
  flag(*occupied ? "occupied" : "vacant");
  return true;
}

void State::flag(std::string_view word) {
  if (made_.flags.empty()) made_.flags.reserve(statement_.flags.size() + 1);
  if (std::find(made_.flags.begin(), made_.flags.end(), word) == made_.flags.end())
    made_.flags.emplace_back(word);
}

void State::add_flags() {
  for (const Flag& one : statement_.flags) {
    if (!scope_.holds(one.where)) continue;
    if (const auto text = scope_.fill(one.text)) flag(*text);
  }
}

std::optional<DeviceReport> read_report(Scope& scope, const Report& report) {
  DeviceReport made;
  const auto yes_or_no = [&](const std::optional<Choice>& choice) {
    return choice ? choose(scope, *choice, scope.read(choice->source)) : std::nullopt;
  };
  const auto small = [&](const std::optional<Source>& source, int least, int most) {
    const auto number = whole_of(scope, source, least, most);
    return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
  };
  made.connected = yes_or_no(report.connected);
  made.tampered = yes_or_no(report.tampered);
  made.uptime_seconds = whole_of(scope, report.uptime_seconds, 0, INT32_MAX);
  made.battery_percent = small(report.battery_percent, 0, 100);
  made.battery_mv = small(report.battery_mv, 0, 100'000);
  made.signal_dbm = small(report.signal_dbm, -200, 20);
  if (report.firmware) made.firmware = name_of(scope.read(*report.firmware)).value_or("");
  for (const Flag& fault : report.faults) {
    const auto text = scope.holds(fault.where) ? scope.fill(fault.text) : std::nullopt;
    if (text) made.faults.push_back(*text);
  }
  const bool says_something = made.connected || made.tampered || made.uptime_seconds ||
                              made.battery_percent || made.battery_mv || made.signal_dbm ||
                              !made.firmware.empty() || !made.faults.empty();
  if (!says_something) return std::nullopt;
  const Value sensor = report.sensor ? scope.read(*report.sensor) : Value();
  if (!report.sensor || is_link(sensor)) return made;
  auto name = name_of(sensor);
  if (!name) return std::nullopt;
  made.sensor = std::move(*name);
  return made;
}

}  // namespace lintel::bridge::decoders::profile
