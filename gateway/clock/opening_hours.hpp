#pragma once

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/clock/zone.hpp"

namespace lintel::clock {

/// When a store is open, in its local time:
///     {"monday": [["09:00", "20:00"]], "friday": [["09:00", "12:30"], ["14:00", "02:00"]],
///      "exceptions": {"2026-12-24": [["09:00", "14:00"]], "2026-12-25": []}}
/// A weekday that is not named is closed. A span that ends at or before its start ends on the next day. A
/// date under exceptions stands in place of its weekday. The same grammar and the same instants as
/// schema/postgres/deploy/opening_hours.sql; a change of the clocks makes a span longer or shorter.
class OpeningHours {
 public:
  using Span = std::pair<UtcMs, UtcMs>;  ///< from, up to

  /// `rejected`, with the place, when nobody could understand it.
  static Result<OpeningHours> parse(const nlohmann::json& value);

  /// When the store is open on local dates first to last, and what the day before leaves of the first:
  /// ascending, apart from each other.
  [[nodiscard]] std::vector<Span> spans(const Zone& zone, StoreDay first, StoreDay last) const;
  [[nodiscard]] bool open_at(const Zone& zone, UtcMs instant) const;
  /// The next instant after this one at which it opens or closes; nullopt when it does neither for 400 days.
  [[nodiscard]] std::optional<UtcMs> next_change(const Zone& zone, UtcMs instant) const;
  /// Whether nobody is expected from `from` up to `to`.
  [[nodiscard]] bool closed_throughout(const Zone& zone, UtcMs from, UtcMs to) const;

 private:
  struct Hours {
    std::chrono::minutes opens;
    std::chrono::minutes closes;  ///< after `opens`; beyond 24 h it is on the next day
  };
  static Result<std::vector<Hours>> parse_day(const std::string& day, const nlohmann::json& value);
  static Result<Hours> parse_span(const std::string& day, const nlohmann::json& value);
  [[nodiscard]] const std::vector<Hours>& of(StoreDay date) const;

  std::array<std::vector<Hours>, 7> week_;  ///< from Monday on
  std::map<StoreDay, std::vector<Hours>> exceptions_;
};

}  // namespace lintel::clock
