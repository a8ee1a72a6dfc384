#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "gateway/clock/bounds.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// What is known of all boots when the process starts.
struct KnownBoots {
  std::map<BootId, clock::Offset> offsets;
  UtcMs confirmed{};  ///< the last instant of an earlier boot that NTP or HQ vouched for
};
KnownBoots known_boots(store::Database& db, const BootId& current);

/// Keeps what wall time each boot had, and draws the consequences: boots without a time are placed between
/// their neighbours, and what was recorded on a clock that turns out to be wrong is moved. All in the
/// writer's batches: a crash anywhere goes on where the database stands. Writer thread only; SqliteError
/// leaves it.
class Boots {
 public:
  Boots(store::Store& store, counting::SeriesStates& series, clock::WallClock& wall);

  /// Whether keep() has something to write.
  [[nodiscard]] bool changed() const { return changed_; }
  /// This boot's time has changed. Returns by how much it is later than was thought, where that is more than
  /// a drift.
  std::optional<Millis> notice();
  void keep(UtcMs now);
  /// A frame of that boot came, in an open batch. One in which the gateway itself never ran, as a broker's
  /// journal may have it, was before this one; it is placed once all of its frames are here.
  void meet(const BootId& boot);
  /// No more frames are there.
  void met_all();
  /// Notes now and then that this boot is still running.
  void alive(BootTime now);

  /// Whether readings are left to be moved.
  [[nodiscard]] bool moving() const { return moving_; }
  /// Moves some.
  void move();

  void committed() { by_.reset(); }
  /// The batch was rolled back: all of it is to be done again.
  void rolled_back();

 private:
  void mark(const clock::Offset& current);
  Millis correct_before(const clock::Offset& current);
  void shift_placed(Millis by);
  void place();
  void load();
  [[nodiscard]] std::vector<clock::Boot> all();

  store::Store& store_;
  counting::SeriesStates& series_;
  clock::WallClock& wall_;
  store::Statement save_, alive_;
  bool changed_ = false;
  bool moving_ = false;
  std::optional<Millis> by_;  ///< not committed yet: this boot's time is later by that
  BootTime alive_at_{};
  std::set<BootId> known_;
  std::optional<BootId> met_;  ///< its frames are coming in
};

}  // namespace lintel::app
