#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/counting/coverage.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/coverage.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::counting {

/// The coverage of all series: what the rules say goes into the table `coverage`. A span that grows is kept
/// in memory and written now and then, all series together, in a commit that happens anyway; everything else
/// is written with the readings that led to it. What a kill takes is found again in the readings, where they
/// tell their times. Writer thread only.
class CoverageStates {
 public:
  struct Options {
    Millis growth_every{60'000};  ///< growth is written at most this often
    Millis idle_every{300'000};   ///< nothing waits for somebody else's commit for longer than this
    std::function<BootTime()> clock;
  };

  CoverageStates(store::Database& db, const SeriesStates& series, Options options);

  /// After count(): what became of a statement about a line.
  void counted(std::int64_t sensor, std::string_view line, const Statement& statement,
               const Outcome& outcome);
  /// The rest of what happens goes to the rules directly.
  CoverageRules& rules() { return rules_; }

  /// Something has waited for a commit long enough: one should be made.
  [[nodiscard]] bool overdue() const;
  /// Writes what is due, inside the caller's transaction. SqliteError leaves it.
  void flush();
  /// Reads the table anew: after a rollback.
  void load();

  /// The clock has been learnt: what was stated of [from, to), of all series, was so `delta` later. Inside
  /// the caller's transaction.
  void shift(UtcMs from, UtcMs to, Millis delta);
  /// The readings of a series in [from, to) are gone: what was said of it is taken back. Inside the caller's
  /// transaction.
  void take_back(const CoverageSeries& series, UtcMs from, UtcMs to);

 private:
  /// The last span of a series.
  struct Head {
    CoverageSpan span;
    UtcMs stored_to{};  ///< as the table has it
  };

  void say(const CoverageSeries& series, const CoverageSpan& span);
  void write(const CoverageSeries& series, const CoverageSpan& span);
  void note_unwritten();
  void write_growth();
  void find_again();
  void read_heads();
  [[nodiscard]] bool by_liveness(std::int64_t sensor, std::string_view line) const;
  [[nodiscard]] Millis since(BootTime then) const;

  const SeriesStates& series_;
  const Options options_;
  store::CoverageRows rows_;
  CoverageRules rules_;
  std::map<CoverageSeries, Head> heads_;
  std::map<CoverageSeries, Timeline> waiting_;  ///< more than growth: written at the next commit
  bool grown_ = false;
  std::optional<BootTime> unwritten_since_;
  BootTime growth_written_{};
};

}  // namespace lintel::counting
