#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace lintel::sync {

/// A count the sensor did not state.
inline constexpr std::int64_t kNoCount = std::numeric_limits<std::int64_t>::min();

/// One reading as a row of the raw tables holds it. Instants and durations are milliseconds.
struct Reading {
  std::int64_t change_no = 0;
  std::int64_t started_at = 0;
  std::int64_t seq = 0;
  std::int64_t duration = 0;
  std::int64_t count_in = kNoCount;  ///< occupancy of a region series
  std::int64_t count_out = kNoCount;
  std::int64_t flags = 0;
  std::int64_t revision = 1;
};

/// The readings of one series inside one request, kept as columns.
class Series {
 public:
  Series(std::int64_t sensor, bool region, std::string name)
      : sensor_(sensor), region_(region), name_(std::move(name)) {}

  void add(const Reading& reading);
  /// The reading added last had another key before.
  void add_move(std::int64_t started_at, std::int64_t seq);

  /// Appends the series as an object of the contract (schema/SYNC.md), naming the sensor by `id`, a JSON
  /// value. Columns that say nothing are left out. `packed`: counts may be digits in a row.
  void append_json(std::string& out, const std::string& id, bool packed = false) const;

  /// What this series may have in common with others, as JSON without braces: everything but its sensor, its
  /// start and its counts. Absent: it says more of its readings than that.
  [[nodiscard]] std::optional<std::string> shared() const;
  /// The start of its first reading.
  [[nodiscard]] std::int64_t start() const { return readings_.front().started_at; }
  /// Its lists of counts, each with its key, as JSON.
  struct Column {
    const char* key;
    std::string list;
  };
  [[nodiscard]] std::vector<Column> counts(bool packed) const;

  /// At least the bytes that `reading` adds to append_json().
  [[nodiscard]] std::size_t width(const Reading& reading) const;

  [[nodiscard]] std::int64_t sensor() const { return sensor_; }
  [[nodiscard]] bool region() const { return region_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t size() const { return readings_.size(); }
  /// The change that stands at position `k`.
  [[nodiscard]] std::int64_t change_no(std::size_t k) const { return readings_[k].change_no; }

 private:
  struct Move {
    std::size_t position;
    std::int64_t started_at;
    std::int64_t seq;
  };

  void append_times(std::string& out) const;
  void append_durations(std::string& out) const;
  [[nodiscard]] bool counted() const;
  [[nodiscard]] std::int64_t steady_step() const;
  [[nodiscard]] std::string list_of(std::int64_t Reading::*column, bool packed) const;
  void append_unless_default(std::string& out, const char* key, std::int64_t Reading::*column,
                             std::int64_t usual) const;
  void append_moves(std::string& out) const;
  [[nodiscard]] bool all(std::int64_t Reading::*column, std::int64_t value) const;

  std::int64_t sensor_;
  bool region_;
  std::string name_;
  std::vector<Reading> readings_;
  std::vector<Move> moves_;
};

}  // namespace lintel::sync
