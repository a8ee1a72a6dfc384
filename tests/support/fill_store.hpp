#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "gateway/store/sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// A reading as a test states it; unset counts are null.
struct RawReading {
  std::int64_t sensor = 1;
  std::string line = "1";
  std::int64_t started_at = 0;
  std::int64_t seq = 0;
  std::int64_t duration = 0;
  std::optional<std::int64_t> in = std::nullopt;  ///< occupancy of a region reading
  std::optional<std::int64_t> out = std::nullopt;
  std::int64_t flags = 0;
  std::int64_t revision = 1;
};

/// A real local database in a directory of its own, filled row by row with numbers that a test can
/// foresee: what the daemon's store would hold, without the daemon. Removed with the object.
class FilledStore {
 public:
  FilledStore();
  FilledStore(const FilledStore&) = delete;
  FilledStore& operator=(const FilledStore&) = delete;

  [[nodiscard]] std::filesystem::path path() const { return dir_.path() / "lintel.db"; }
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_.path(); }
  [[nodiscard]] store::Database& db() { return *db_; }
  [[nodiscard]] store::Database reader() const;

  /// Returns the local id; its public id is public_id(local id). Not owed to HQ by itself.
  std::int64_t sensor(const std::string& serial, const std::string& name,
                      std::optional<std::int64_t> hq_id = std::nullopt);
  [[nodiscard]] static std::string public_id(std::int64_t sensor);

  // Each takes the next change number and returns it.
  std::int64_t line(const RawReading& reading);
  std::int64_t region(const RawReading& reading);
  std::int64_t journal(const std::string& kind, const std::string& body);
  std::int64_t skip_number();  ///< a number without a row
  /// The row of `change_no` is superseded by one with another count and a new number.
  std::int64_t revise(std::int64_t change_no, std::int64_t in);
  /// The row of `change_no` gets another start, and a new number that remembers the old key.
  std::int64_t move(std::int64_t change_no, std::int64_t started_at);

  /// `count` readings of a minute each, spread over `sensors` sensors with ids 1 to `sensors`, in one
  /// transaction; counts are pseudo-random from `seed`.
  void minutes(std::size_t count, std::int64_t sensors, std::int64_t first_start, unsigned seed = 1);

  [[nodiscard]] std::int64_t last_change();
  [[nodiscard]] std::int64_t watermark();

 private:
  std::int64_t take();
  void insert_line(std::int64_t change_no, const RawReading& reading);

  TempDir dir_;
  std::optional<store::Database> db_;
};

}  // namespace lintel::test
