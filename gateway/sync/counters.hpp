#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/store/carried_counters.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::sync {

/// The totals of one series as a request states them.
struct StatedCounter {
  std::int64_t sensor = 0;  ///< local id
  std::int64_t hq_id = 0;
  std::uint32_t jumps = 0;  ///< as counting has it
  store::CarriedCounter totals;
};

/// Reads which totals HQ is to be told. They hold every reading of the database as it is read, so they may
/// only go with a request that holds all of these. Used by one thread; SqliteError leaves it.
class CounterReader {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit CounterReader(store::Database& reader);

  /// Totals that HQ cannot reckon from what it has been told and from the readings after it, and those of
  /// which it has heard `every` ago; at most 900, those of which it knows nothing first.
  [[nodiscard]] std::vector<StatedCounter> owed(Instant now, std::chrono::milliseconds every);
  /// HQ has taken these.
  void told(const std::vector<StatedCounter>& counters, Instant now);
  /// HQ is another one and knows nothing of them.
  void forget() { told_.clear(); }

 private:
  struct Told {
    StatedCounter counter;
    Instant when{};
  };
  [[nodiscard]] bool is_owed(const StatedCounter& counter, Instant now,
                             std::chrono::milliseconds every) const;

  store::Statement select_;
  std::unordered_map<std::string, Told> told_;
};

/// The request's `counters` (schema/SYNC.md), with its comma; nothing without any.
void append_counters(std::string& out, const std::vector<StatedCounter>& counters);
/// At least as many bytes as append_counters() writes for one.
[[nodiscard]] std::size_t width_of(const StatedCounter& counter);

}  // namespace lintel::sync
