#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/change_numbers.hpp"
#include "gateway/store/moves.hpp"
#include "gateway/store/reading.hpp"
#include "gateway/store/rollups.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

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

/// A row of people_counting_raw, as far as a new revision of it needs it.
struct StoredReading {
  std::int64_t change_no = 0;
  std::int64_t sensor = 0;
  std::string line;
  std::int64_t seq = 0;
  std::int64_t revision = 1;
  UtcMs received{};
};

/// The raw tables: natural keys, repeats, corrections. Writer thread only, inside its transaction.
class Readings {
 public:
  Readings(Database& db, ChangeNumbers& numbers, Rollups& rollups, LeftKeys& left);

  Stored put(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received);
  Stored put(std::int64_t sensor, std::string_view region, Presence presence, UtcMs received);

  /// Writes another version of a stored reading under the same key; `now` begins when it did.
  void revise(const StoredReading& old, const Reading& now);

  /// Owes HQ the readings of a line or region that begin in [from, to) once more, as new revisions, so that
  /// they stand there whatever HQ holds of them.
  void owe_again(std::int64_t sensor, bool region, std::string_view label, UtcMs from, UtcMs to);

  /// Owes HQ what it has refused once more, as it is, and notes when. Returns how many readings that are.
  std::int64_t owe_set_aside(UtcMs now);

  /// The same of what it refused because these sensors (public ids) were none it knew as this gateway's.
  std::int64_t owe_returned(const std::vector<std::string>& sensors);

  /// What a put() would meet; absent: nothing. Passages of their own meet nothing but their like (once).
  [[nodiscard]] std::optional<Existing> find(std::int64_t sensor, std::string_view line,
                                             const Reading& reading);
  [[nodiscard]] std::optional<Existing> find(std::int64_t sensor, std::string_view region,
                                             const Presence& presence);

 private:
  bool insert(std::int64_t sensor, std::string_view line, const Reading& reading, std::int64_t seq,
              std::int64_t revision, UtcMs received);
  void take_up(const std::vector<std::int64_t>& refused);
  struct Counts {
    std::int64_t in = 0, out = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };
  static Counts counted_inside(Statement& sum, std::int64_t sensor, std::string_view line,
                               const Reading& reading);
  static void subtract(const Counts& already, Reading& reading);
  std::int64_t next_seq(std::int64_t sensor, std::string_view line, UtcMs started);
  [[nodiscard]] bool is_stored(std::int64_t sensor, std::string_view line, const Reading& reading);
  [[nodiscard]] bool seek(std::int64_t sensor, std::string_view line, const Reading& reading);
  Stored replace(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received);

  ChangeNumbers& numbers_;
  Rollups& rollups_;
  LeftKeys& left_;
  Statement insert_line_, find_line_, find_same_, find_mark_, delete_line_, last_seq_, sum_events_,
      sum_overlap_;
  Statement insert_region_, find_region_, delete_region_;
  Database& db_;
  Statement lines_again_, regions_again_, renumber_line_, renumber_region_;
};

}  // namespace lintel::store
