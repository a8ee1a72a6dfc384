#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"
#include "gateway/counting/counter.hpp"
#include "gateway/store/carried_counters.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::counting {

/// People of a series that this card has counted one by one since the carried totals, as the device states
/// its directions.
struct OneByOne {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

/// Until when the carried totals and what HQ holds after them tell of everybody.
UtcMs told_until(const store::CarriedCounter& carried);

/// Goes on from totals that another card had accepted: the next total counts what it moved since then beyond
/// what HQ holds, by the rules of any silence, as one reading marked recovered. A zero that this card has
/// seen since is what these totals fell to. What else the state remembers stays. Fails, and changes nothing,
/// where readings after the totals say that these hold no more; the message says why.
Result<void> carry_on(SeriesState& state, const store::CarriedCounter& carried, const OneByOne& own);

/// A statement that outlives the frame it came in.
class FirstTotal {
 public:
  explicit FirstTotal(const Statement& statement);
  [[nodiscard]] Statement statement() const;  ///< valid as long as this
  [[nodiscard]] UtcMs at() const { return statement_.at; }

 private:
  Statement statement_;
  std::string run_;
};

/// The totals with which series began here, in the table first_totals. Writer thread.
class FirstTotals {
 public:
  explicit FirstTotals(store::Database& db);

  void note(std::int64_t sensor, std::string_view line, std::string_view serial, const Statement& statement);
  /// Absent where the device behind the door is another one by now.
  [[nodiscard]] std::optional<FirstTotal> find(std::int64_t sensor, std::string_view line,
                                               std::string_view serial);
  void drop(std::int64_t sensor, std::string_view line);
  /// As SeriesStates::shift().
  void shift(Millis by);

 private:
  store::Statement note_, find_, drop_, shift_;
};

}  // namespace lintel::counting
