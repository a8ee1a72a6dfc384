#pragma once

#include <map>
#include <string>

#include <fmt/format.h>

#include "gateway/counting/coverage.hpp"

namespace lintel::test {

using counting::CoverageSeries;
using counting::CoverageSpan;
using counting::CoverageState;

/// A morning that begins at 8:00; tests count in minutes from there.
inline const UtcMs kMorning = utc_ms(1'785'484'800'000);

inline UtcMs minute(double minutes) {
  return kMorning + Millis{static_cast<std::int64_t>(minutes * 60'000)};
}

inline CoverageSpan span(double from, double to, CoverageState state = CoverageState::counting) {
  return {minute(from), minute(to), state};
}

inline std::string shown(UtcMs at) {
  return fmt::format("{:.10g}", static_cast<double>((at - kMorning).count()) / 60'000);
}

/// "0-10 counting, 20-30 down", in minutes.
inline std::string shown(const std::vector<CoverageSpan>& spans) {
  std::string text;
  for (const auto& each : spans) {
    text += fmt::format("{}{}-{} {}", text.empty() ? "" : ", ", shown(each.from), shown(each.to),
                        to_string(each.state));
  }
  return text;
}

/// A device under the rules: what it states goes through counting, what the rules say is laid on timelines.
class WatchedDevice {
 public:
  static constexpr std::int64_t kSensor = 1;

  WatchedDevice()
      : rules([this](const CoverageSeries& series, const CoverageSpan& each) { lines[series].lay(each); }) {}

  static CoverageSeries line(const std::string& name = "") { return {kSensor, false, name}; }
  static CoverageSeries region(const std::string& name) { return {kSensor, true, name}; }

  /// From now on the link is so; until then it was looked at every half minute.
  void way(double at, bool up, bool queues = false) {
    for (double each = looked ? looked_at + 0.5 : at; each < at; each += 0.5)
      rules.way(kSensor, last_way, minute(each));
    last_way = {up, queues};
    looked_at = at;
    looked = true;
    rules.way(kSensor, last_way, minute(at));
  }
  void heard(double at, bool queued = false) { rules.heard(kSensor, {minute(at), patience, queued}); }

  void window(double from, double to, std::int64_t in, const std::string& name = "") {
    state(bridge::Kind::interval, from, to, in, name);
  }
  counting::Outcome total(double at, std::int64_t in, const std::string& name = "") {
    return state(bridge::Kind::total, at, at, in, name);
  }
  void passage(double at, const std::string& name = "", bool queued = false) {
    heard(at, queued);
    state(bridge::Kind::event, at, at, 1, name);
  }
  void level(double at, const std::string& name) {
    heard(at);
    rules.level(region(name), minute(at));
  }
  void wrong(double from, double at) { rules.defective(line(), minute(from), minute(at)); }
  void connected(double at, bool is) { rules.connected(kSensor, is, minute(at)); }

  std::string of(const CoverageSeries& series = line()) { return shown(lines[series].spans()); }

  counting::Outcome state(bridge::Kind kind, double from, double at, std::int64_t in,
                          const std::string& name) {
    counting::Statement statement;
    statement.kind = kind;
    statement.from = minute(from);
    statement.at = minute(at);
    statement.count_in = in;
    statement.restarted = restarted;
    statement.reset_at = reset_at;
    auto& remembered = states[name];
    const auto outcome = counting::count(remembered, statement);
    const bool alive = !remembered.has_totals() && remembered.interval_length == Millis{0};
    rules.counted(line(name), statement, outcome, alive);
    return outcome;
  }

  counting::CoverageRules::Way last_way{};
  double looked_at = 0;
  bool looked = false;
  Millis patience = std::chrono::minutes{3};
  bool restarted = false;
  std::optional<UtcMs> reset_at;
  std::map<std::string, counting::SeriesState> states;
  std::map<CoverageSeries, counting::Timeline> lines;
  counting::CoverageRules rules;
};

}  // namespace lintel::test
