#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/store/reading.hpp"
#include "gateway/store/rollups.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Hands out the numbers of changes owed to HQ. Saved with every commit, so none is used twice.
class ChangeNumbers {
 public:
  std::int64_t take() { return next_++; }
  [[nodiscard]] std::int64_t next() const { return next_; }
  void restore(std::int64_t next) { next_ = next; }

 private:
  std::int64_t next_ = 1;
};

enum class Stored {
  inserted,
  repeated,   ///< the same statement again: nothing changed
  corrected,  ///< another statement about the same window: a new revision
};

/// What is stored under a natural key already.
struct Existing {
  UtcMs received{};
  bool same = false;  ///< it says the same
};

/// The raw tables: natural keys, repeats, corrections. Writer thread only, inside its transaction.
class Readings {
 public:
  Readings(Database& db, ChangeNumbers& numbers, Rollups& rollups);

  Stored put(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received);
  Stored put(std::int64_t sensor, std::string_view region, const Presence& presence, UtcMs received);

  /// What a put() would meet; absent: nothing. Passages of their own meet nothing.
  [[nodiscard]] std::optional<Existing> find(std::int64_t sensor, std::string_view line,
                                             const Reading& reading);
  [[nodiscard]] std::optional<Existing> find(std::int64_t sensor, std::string_view region,
                                             const Presence& presence);

 private:
  bool insert(std::int64_t sensor, std::string_view line, const Reading& reading, std::int64_t seq,
              std::int64_t revision, UtcMs received);
  void subtract(Statement& sum, std::int64_t sensor, std::string_view line, Reading& reading);
  std::int64_t next_seq(std::int64_t sensor, std::string_view line, UtcMs started);
  [[nodiscard]] bool is_stored(std::int64_t sensor, std::string_view line, const Reading& reading);
  [[nodiscard]] bool seek(std::int64_t sensor, std::string_view line, const Reading& reading);
  Stored replace(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received);

  ChangeNumbers& numbers_;
  Rollups& rollups_;
  Statement insert_line_, find_line_, find_same_, delete_line_, last_seq_, sum_events_, sum_overlap_;
  Statement insert_region_, find_region_, delete_region_;
};

}  // namespace lintel::store
