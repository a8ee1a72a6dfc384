#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/counting/counter.hpp"
#include "gateway/store/coverage.hpp"

namespace lintel::counting {

using store::CoverageSeries;
using store::CoverageSpan;
using store::CoverageState;

/// When one series was counting: spans that neither overlap nor touch their like, in order of time. What lies
/// between them nobody knows. The same statements give the same spans, in whatever order and however often
/// they come: what a device counted is counted, also if its link was thought to be down meanwhile.
class Timeline {
 public:
  Timeline() = default;
  /// `spans` in order, without overlaps, as another timeline had them.
  explicit Timeline(std::vector<CoverageSpan> spans) : spans_(std::move(spans)) {}

  /// The higher state stays where the span meets others. A span that is none changes nothing.
  void lay(const CoverageSpan& span);
  /// Takes back what was stated of [from, to): it is `unknown` again, and stays listed as that, because HQ
  /// may have been told otherwise.
  void take_back(UtcMs from, UtcMs to);
  /// What was stated of [from, to) was so `delta` later: the clock has been learnt.
  void shift(UtcMs from, UtcMs to, Millis delta);

  [[nodiscard]] const std::vector<CoverageSpan>& spans() const { return spans_; }

 private:
  void settle();

  std::vector<CoverageSpan> spans_;
};

/// From what happens over time to statements about series. A window and a total say themselves for which
/// time they count. A series that states only passages or levels is counting as long as its device is known
/// to work: it is heard again before its patience ends, and its link was there. A gateway or a link that was
/// away makes a hole, unless the messages were queued for us meanwhile. Pure, but for what it remembers.
class CoverageRules {
 public:
  using Say = std::function<void(const CoverageSeries&, const CoverageSpan&)>;

  /// A break of a link that is shorter is not worth being called down. What may have been missed stays
  /// unknown.
  static constexpr Millis kShortBreak = std::chrono::seconds{10};

  explicit CoverageRules(Say say) : say_(std::move(say)) {}

  /// A sign of life.
  struct Sign {
    UtcMs at{};
    Millis patience{0};   ///< how long the device may be silent and still be believed to work
    bool queued = false;  ///< the message would have waited for us
  };

  /// A device was heard, with whatever it said.
  void heard(std::int64_t sensor, const Sign& sign);
  /// What counting made of a statement. `by_liveness`: the series has stated neither windows nor totals.
  void counted(const CoverageSeries& series, const Statement& statement, const Outcome& outcome,
               bool by_liveness);
  /// A region has stated how many people are there.
  void level(const CoverageSeries& series, UtcMs at);
  /// The device says that what it counts is wrong, of [from, at).
  void defective(const CoverageSeries& series, UtcMs from, UtcMs at);
  /// The last will of a device has come, or it is back.
  void connected(std::int64_t sensor, bool is, UtcMs at);

  /// How a sensor can reach us now; to be said again and again.
  struct Way {
    bool up = true;       ///< its link is there, and the sensor answers it where it is asked
    bool queues = false;  ///< what it sends meanwhile will come later
  };
  void way(std::int64_t sensor, Way way, UtcMs now);
  /// More than this between two of these calls is a step of the wall clock, or nobody looked: nothing is said
  /// of that time.
  static constexpr Millis kNobodyLooked = std::chrono::minutes{1};

  /// What an earlier run has left of a series: it was counting until then; absent: nobody knows.
  void recall(const CoverageSeries& series, bool by_liveness, std::optional<UtcMs> until);
  /// The clock has been learnt: what was said of [from, to) was `delta` later.
  void shift(UtcMs from, UtcMs to, Millis delta);
  /// Forgets the series, but not how sensors can reach us.
  void forget();

 private:
  struct Series {
    bool by_liveness = false;
    std::optional<UtcMs> since{};  ///< last sign of life that is part of the series
    std::optional<UtcMs> wrong_from{};
    UtcMs wrong_until{};
  };
  struct Sensor {
    std::map<CoverageSeries, Series> series;
    std::optional<UtcMs> up_since;  ///< nothing that was sent has been missed since then
    std::optional<UtcMs> away_since;
    std::optional<UtcMs> looked_at;
    std::optional<UtcMs> will_at;  ///< it left by its last will
  };

  Series& of(const CoverageSeries& series) { return sensors_[series.sensor].series[series]; }
  void say_all(const Sensor& sensor, UtcMs from, UtcMs to, CoverageState state) const;
  void tell(const CoverageSeries& series, UtcMs from, UtcMs to, CoverageState state) const;

  Say say_;
  std::map<std::int64_t, Sensor> sensors_;
};

}  // namespace lintel::counting
