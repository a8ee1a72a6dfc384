#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/counting/coverage_states.hpp"
#include "gateway/counting/occupancy.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/regions.hpp"
#include "gateway/store/store.hpp"

namespace lintel::counting {

/// The people present in all counted regions. It hears of every row of the raw tables and turns those of the
/// lines around a region into regional readings of its sensor; what changes in the past of the running period
/// or of the one before makes that be reckoned again from the raw rows, and what was recorded of it gets new
/// revisions. Nothing of it is stored beside the readings and the drift: after a start it is reckoned anew.
///
/// Also judges every region against its capacity. Writer thread only; SqliteError leaves flush().
class Occupancies {
 public:
  /// A level that stands still is recorded again after this time while somebody is present: HQ takes a level
  /// of more than an hour ago for none.
  static constexpr Millis kSignOfLife = std::chrono::minutes{15};

  /// The store must outlive it.
  Occupancies(store::Store& store, SeriesStates& series, CoverageStates& coverage);
  ~Occupancies();
  Occupancies(const Occupancies&) = delete;
  Occupancies& operator=(const Occupancies&) = delete;

  /// What sensors.d says now, and when the store is open; the mirror is read at the next flush. Where nobody
  /// says when the store is open, days are reset when they begin.
  void configure(std::vector<store::RegionInFile> files, OpenSpans open = {});

  /// Whether the region is counted: levels that its sensor states are none of it.
  [[nodiscard]] bool counts(std::int64_t sensor, std::string_view region) const;

  /// Which time it is: a frame has come, or a second has passed. Old while frames of before are taken in.
  void at(UtcMs now) { now_ = now; }
  /// Something is to be written although nobody has passed: a reset, a sign of life.
  [[nodiscard]] bool due(UtcMs now);

  /// Writes what has come of the readings, inside the caller's transaction.
  void flush();
  /// Forgets what has gathered: after a rollback.
  void load();

 private:
  struct Counted {
    store::Region region;
    Occupancy now;
    bool unknown = true;                  ///< to be reckoned from the raw rows
    std::optional<OccupancyPeriod> past;  ///< a period before, to be reckoned again
    std::vector<OccupancyLevel> pending;
    std::optional<store::OccupancyDrift> kept;                       ///< as stored
    UtcMs recorded{};                                                ///< the last level
    std::vector<std::pair<std::int64_t, store::CountedFrom>> lines;  ///< with ids, those that are known
  };
  struct Target {
    std::size_t region;
    bool out_is_in;
  };

  void heard(std::int64_t sensor, std::string_view line, const store::Reading& reading, bool fresh);
  void listen();
  void settle();
  [[nodiscard]] OccupancyPeriod period(UtcMs at) const;
  void bring_up(Counted& counted);
  void end_before(Counted& counted, const OccupancyPeriod& current);
  void begin(Counted& counted, const OccupancyPeriod& period);
  [[nodiscard]] OccupancyWalk reckon(const Counted& counted, const OccupancyPeriod& period);
  /// Where the last level of it stands now.
  UtcMs tell_again(const Counted& counted, const OccupancyWalk& walk);
  void record(Counted& counted, const OccupancyLevel& level);
  void put(const Counted& counted, const OccupancyLevel& level);
  void keep(Counted& counted, const Occupancy& occupancy, bool ended);
  void judge();

  store::Store& store_;
  SeriesStates& series_;
  CoverageStates& coverage_;
  OpenSpans open_;
  store::Regions rows_;
  store::CapacityAlerts alerts_;
  store::Statement passages_, told_;
  std::vector<store::RegionInFile> files_;
  bool unsettled_ = true;
  std::size_t sensors_known_ = 0;
  std::vector<Counted> counted_;
  std::vector<store::Region> stated_;  ///< with a capacity, and a sensor that says itself how many are there
  std::map<std::pair<std::int64_t, std::string>, std::vector<Target>, std::less<>> targets_;
  mutable OccupancyPeriod period_;  ///< of the last instant asked for
  UtcMs now_{};
  UtcMs wall_{};  ///< the last second; empty: nobody says
};

}  // namespace lintel::counting
