#include "gateway/app/times.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::app {

namespace {

using namespace std::chrono_literals;

constexpr auto kMostAhead = 10min;
constexpr auto kLongestWindow = std::chrono::days{400};
constexpr UtcMs kUnset{
    std::chrono::sys_days{std::chrono::year{2015} / 1 / 1}};  // older than any device in use

UtcMs to_utc(const bridge::DeviceTime& time, const clock::Zone& zone) {
  return time.local ? zone.to_utc(time.time) : time.time;
}

bool believable(UtcMs time, UtcMs arrival) {
  return time >= kUnset && time <= arrival + kMostAhead;
}

}  // namespace

Result<counting::Statement> resolve(const bridge::Observation& observation, const clock::Zone& zone,
                                    UtcMs arrival) {
  counting::Statement statement;
  statement.kind = observation.kind;
  statement.count_in = observation.count_in;
  statement.count_out = observation.count_out;
  statement.counter_run = observation.counter_run;
  statement.repeat_key = observation.repeat_key;
  statement.wraps_at = observation.wraps_at;
  const auto states = [&](std::string_view flag) {
    return std::find(observation.flags.begin(), observation.flags.end(), flag) != observation.flags.end();
  };
  statement.restarted = states("device_restarted");

  const auto end = observation.to ? observation.to : observation.time;
  const Millis age = observation.age.value_or(Millis{0});
  const bool aged = age >= Millis{0} && age <= kLongestWindow;
  const UtcMs stated = end ? to_utc(*end, zone) : aged ? arrival - age : arrival;
  if (!end || believable(stated, arrival)) {
    statement.at = stated;
  } else {
    statement.at = arrival;
    statement.flags |= store::kArrivalTime;
  }
  statement.from = statement.at;
  if (observation.kind == bridge::Kind::interval && observation.from) {
    const Millis length = stated - to_utc(*observation.from, zone);
    if (length < Millis{0} || length > kLongestWindow) {
      return fail(ErrorKind::rejected,
                  fmt::format("the window from {} to {} is no window", format_utc(observation.from->time),
                              end ? format_utc(end->time) : "arrival"));
    }
    statement.from = statement.at - length;
  }
  // A total of today: the device's midnight lies before it.
  if (observation.kind == bridge::Kind::total && states("resets_daily")) {
    const auto midnight = std::chrono::floor<std::chrono::days>(zone.to_wall(statement.at));
    statement.reset_at = zone.to_utc(UtcMs{midnight});
  }
  return statement;
}

}  // namespace lintel::app
