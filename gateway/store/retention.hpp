#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "gateway/store/coverage.hpp"
#include "gateway/store/rollups.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

struct RetentionLimits {
  std::chrono::days keep{35};    ///< confirmed readings stay so long at least, while there is room
  std::uint64_t most_bytes = 0;  ///< of the database; 0: nine tenths of what the disk has for it
};

/// Bytes that the database fills, and how many it may.
struct Room {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;

  [[nodiscard]] bool over() const { return used > limit; }
};

/// Bytes for the content of a database whose file is as large as this, on a disk with so many free: nine
/// tenths. On a disk that something else has filled a tenth of the content leaves, and counting goes on in
/// its place.
[[nodiscard]] std::uint64_t room_for(std::uint64_t file, std::uint64_t free);

/// What the file fills with content, and what the limits and its disk allow. Throws SqliteError.
[[nodiscard]] Room room_of(Database& db, const std::filesystem::path& file, const RetentionLimits& limits);

/// How long the gateway can go on without HQ until it has to give up readings that HQ does not have, by the
/// rate at which readings came while those that are here did; absent: nobody can say yet.
[[nodiscard]] std::optional<std::chrono::days> days_alone(Database& db, const Room& room);

/// Keeps the database within its limits. Readings leave in the order of their change numbers, a slice at a
/// time: those that HQ has confirmed and that are older than the limit, and more when room is short. Only
/// when room is still short and nothing confirmed is left do readings go that HQ does not have; what each day
/// loses by that is written down (table given_up), its coverage is taken back and an alert is opened. The
/// newest thousand changes stay always. Readings that HQ refused stay until somebody decides. Roll-ups of
/// hours go after 400 days, of days after 1200; coverage with the readings. Writer thread only. Throws
/// SqliteError.
class Retention {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  /// Takes back what was said of a series' coverage in [from, to).
  using TakeBack = std::function<void(const CoverageSeries& series, UtcMs from, UtcMs to)>;

  Retention(Database& db, std::filesystem::path file, Rollups& rollups, RetentionLimits limits,
            TakeBack take_back);

  /// Whether step() has something to do; looks at most once a minute while nothing is. `now` is absent while
  /// nobody knows the time: nothing is old then.
  [[nodiscard]] bool due(std::optional<UtcMs> now, Steady at);
  /// Removes a slice, inside the caller's transaction.
  void step(UtcMs now);
  /// Reads the state again; after a rollback.
  void load();

 private:
  enum class Reason : std::uint8_t { none, age, space };
  struct Slice {
    std::int64_t to = 0;
    std::int64_t last_instant = 0;  ///< of the readings in it
    std::int64_t rows = 0;
  };

  void look(std::optional<UtcMs> now);
  [[nodiscard]] Slice next(UtcMs now);
  [[nodiscard]] std::int64_t watermark();
  [[nodiscard]] std::int64_t young_from(std::int64_t to, UtcMs cutoff);
  void give_up(std::int64_t to, UtcMs now);
  void remove(const Slice& slice);
  void prune_summaries(UtcMs now);
  void tell(UtcMs now);
  void all_clear(UtcMs now);

  Database& db_;
  std::filesystem::path file_;
  Rollups& rollups_;
  RetentionLimits limits_;
  TakeBack take_back_;
  Reason reason_ = Reason::none;
  Steady look_at_{};
  std::int64_t removed_to_ = 0;
  std::int64_t removed_before_ = 0;
};

}  // namespace lintel::store
