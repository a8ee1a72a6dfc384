#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// The last accepted totals of a series as another card told them to HQ, and what HQ holds after them
/// (schema/SYNC.md, `counters`).
struct CarriedCounter {
  struct Channel {
    std::optional<std::int64_t> total;
    std::int64_t since = 0;    ///< counted one by one beyond it
    std::int64_t busiest = 0;  ///< the most it moved at once

    friend bool operator==(const Channel&, const Channel&) = default;
  };
  /// Readings of the series that HQ got after them, as they were counted: behind an inverted sensor in and
  /// out are the other way round.
  struct After {
    std::int64_t readings = 0;
    std::int64_t count_in = 0;
    std::int64_t count_out = 0;
    std::uint32_t flags = 0;  ///< of any of them
    UtcMs end{};              ///< of the last one
    bool hole = false;        ///< others that were counted before them have not come

    friend bool operator==(const After&, const After&) = default;
  };

  std::string serial;
  std::string line;
  Channel in, out;
  UtcMs at{};             ///< when they were accepted
  Millis gap{0};          ///< usual time between two; 0: unknown
  std::string run;        ///< of the counter; empty: the device names none
  bool alone = false;     ///< nothing but totals counts this series
  bool doubtful = false;  ///< a direction was last seen below its total
  bool inverted = false;
  After after;

  friend bool operator==(const CarriedCounter&, const CarriedCounter&) = default;
};

/// One entry of HQ's `carried`; absent for anything else. Bounded by the caller.
std::optional<CarriedCounter> carried_from(const nlohmann::json& entry);
nlohmann::json to_json(const CarriedCounter& carried);

/// The part of it that a gateway tells: without sensor and line, and without what HQ adds.
nlohmann::json state_of(const CarriedCounter& carried);

/// What HQ told and no series has taken up yet. Writer thread; SqliteError leaves it.
class CarriedCounters {
 public:
  explicit CarriedCounters(Database& db);

  /// Replaces what was told of the same series before.
  void keep(const CarriedCounter& carried);
  void drop(std::string_view serial, std::string_view line);
  [[nodiscard]] std::optional<CarriedCounter> find(std::string_view serial, std::string_view line);
  [[nodiscard]] std::vector<CarriedCounter> all();

 private:
  Statement keep_, drop_, find_, all_;
};

}  // namespace lintel::store
