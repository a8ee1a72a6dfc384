#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "gateway/clock/opening_hours.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// When the store is open, and what its walls show. Where nobody has stated opening hours it always is.
/// Remembers the last answer: one thread at a time.
class Hours {
 public:
  using Span = std::pair<UtcMs, UtcMs>;

  /// UTC, always open.
  Hours() = default;
  Hours(clock::Zone zone, std::optional<clock::OpeningHours> hours, std::chrono::minutes day_start);
  /// As the store's settings say; SqliteError leaves it.
  static Hours of_store(store::Database& db);

  [[nodiscard]] bool open_at(UtcMs instant) const;
  /// The open part of [from, to).
  [[nodiscard]] std::vector<Span> open(UtcMs from, UtcMs to) const;
  [[nodiscard]] UtcMs to_wall(UtcMs instant) const { return zone_ ? zone_->to_wall(instant) : instant; }
  /// The day of the store in which an instant lies, days since 1970.
  [[nodiscard]] std::int64_t day(UtcMs instant) const;

 private:
  std::optional<clock::Zone> zone_;
  std::optional<clock::OpeningHours> hours_;
  std::chrono::minutes day_start_{0};
  struct Known {
    UtcMs from{}, to{};
    bool open = true;
  };
  mutable Known known_{};  ///< holds in [from, to)
};

}  // namespace lintel::health
