#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// What is known of a time. In this order: where two statements meet, the higher one is right.
enum class CoverageState : std::uint8_t {
  unknown,   ///< stated before, and taken back
  down,      ///< known not to have been counting
  counting,  ///< whoever passed was counted
};

const char* to_string(CoverageState state);
CoverageState coverage_state_from(std::string_view word);  ///< `unknown` for every other word

/// `from` is part of it, `to` is not.
struct CoverageSpan {
  UtcMs from{}, to{};
  CoverageState state = CoverageState::counting;

  friend bool operator==(const CoverageSpan&, const CoverageSpan&) = default;
};

/// Whose coverage: a sensor's line or region; an empty label is the whole device.
struct CoverageSeries {
  std::int64_t sensor = 0;
  bool regional = false;
  std::string label;

  friend auto operator<=>(const CoverageSeries&, const CoverageSeries&) = default;
};

/// The table `coverage`. Writer thread only; what changes it runs inside the caller's transaction.
/// SqliteError leaves every function.
class CoverageRows {
 public:
  struct Row {
    CoverageSeries series;
    CoverageSpan span;
  };

  explicit CoverageRows(Database& db);

  /// Spans of a series that overlap [from, to] or touch it, in order of time.
  [[nodiscard]] std::vector<CoverageSpan> touching(const CoverageSeries& series, UtcMs from, UtcMs to);
  /// The same for all series.
  [[nodiscard]] std::vector<Row> overlapping(UtcMs from, UtcMs to);
  /// The last span of each series.
  [[nodiscard]] std::vector<Row> latest();
  /// Of line readings that began at `from` or later: the times that windows and totals told of completely.
  [[nodiscard]] std::vector<Row> told_by_readings(UtcMs from);

  /// Makes `after` of `before`, which is what the table has there. Spans that are not in both get a new
  /// revision, and are news for HQ.
  void replace(const CoverageSeries& series, const std::vector<CoverageSpan>& before,
               const std::vector<CoverageSpan>& after);
  /// Takes back what is said of a series in [from, to).
  void take_back(const CoverageSeries& series, UtcMs from, UtcMs to);
  /// The span that ended at `stored_end` has grown to `to`.
  void grow(const CoverageSeries& series, UtcMs stored_end, UtcMs to);

  /// Reads how far revisions have got; after a rollback.
  void load();

 private:
  void news();

  Database& db_;
  Statement touching_, overlapping_, latest_, readings_, insert_, remove_, grow_, news_;
  std::int64_t revision_ = 0;
};

}  // namespace lintel::store
