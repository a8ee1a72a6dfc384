#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/store/change_numbers.hpp"
#include "gateway/store/reading.hpp"
#include "gateway/store/rollups.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Keys that readings have left, told to HQ with the reading that has the number now. Writer thread only.
class LeftKeys {
 public:
  struct Key {
    std::int64_t sensor = 0;
    std::string_view label;  ///< line or region
    std::int64_t started = 0;
    std::int64_t seq = 0;
    bool regional = false;
  };
  explicit LeftKeys(Database& db);

  /// The least revision that a reading needs to take this key; 1 where nobody has left it.
  [[nodiscard]] std::int64_t revision(const Key& key);
  /// The reading with number `change_no` has left this key with that revision.
  void leave(const Key& key, std::int64_t change_no, std::int64_t revision);
  /// The reading with number `was` has got another one: what it left goes with it.
  void renumber(std::int64_t was, std::int64_t now);

 private:
  Statement find_, leave_, renumber_;
  bool any_ = false;  ///< a store whose clock was always right never looks
};

/// Moves readings whose time came from a clock that turned out to be wrong. Writer thread only, inside its
/// transaction; SqliteError leaves it.
class Moves {
 public:
  Moves(Database& db, ChangeNumbers& numbers, Rollups& rollups, LeftKeys& left);

  /// The changes [from, to).
  struct Changes {
    std::int64_t from, to;
  };

  /// Moves what is marked kMovable among these changes, at most `limit` of each kind: a new revision
  /// under a new number, marked kCorrected and no longer movable, the old key left behind, both ends' buckets
  /// recomputed. Returns how many; 0: nothing is left to move. What has moved has a number beyond `to`, so a
  /// crash in between repeats nothing.
  /// `mark` is set on all of them.
  int run(Changes changes, Millis by, std::uint32_t mark, int limit);

 private:
  struct Row {
    std::int64_t change_no, sensor;
    std::string label;
    std::int64_t started, seq, duration;
    std::optional<std::int64_t> first, second;  ///< in and out, or the occupancy
    std::uint32_t flags;
    std::int64_t revision, received;
  };
  [[nodiscard]] std::vector<Row> rows(bool regional, Changes changes, Millis by, int limit);
  void move(Row row, bool regional, Millis by);
  void insert(const Row& row, bool regional, std::int64_t number);
  [[nodiscard]] bool taken(const Row& row, bool regional);
  void touch(const Row& row, bool regional);

  Database& db_;
  ChangeNumbers& numbers_;
  Rollups& rollups_;
  LeftKeys& left_;
};

}  // namespace lintel::store
