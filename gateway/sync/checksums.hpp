#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::sync {

/// How many readings of a series begin in a UTC day, and their checksum (schema/SYNC.md).
struct SeriesChecksum {
  std::string sensor;  ///< public id
  bool region = false;
  std::string label;
  std::int64_t readings = 0;
  std::int64_t sum = 0;

  friend auto operator<=>(const SeriesChecksum&, const SeriesChecksum&) = default;
};

/// A UTC day as this end has it, as far as HQ has confirmed it.
struct DayChecksums {
  std::int64_t day = 0;  ///< days since 1970
  std::vector<SeriesChecksum> series;
};

/// What HQ says of a day.
struct DayVerdict {
  std::int64_t day = 0;
  std::string code;                     ///< why it was not compared; empty: it was
  std::vector<SeriesChecksum> differs;  ///< with what HQ holds; empty: both ends hold the same
};

/// A series whose readings of a day HQ is to be sent again.
struct Resend {
  std::int64_t day = 0;
  std::int64_t sensor = 0;  ///< local id
  bool region = false;
  std::string label;
};

/// Reads days that are over, confirmed and not yet compared. SqliteError leaves it.
class ChecksumReader {
 public:
  explicit ChecksumReader(store::Database& reader);

  /// The oldest such day; absent: there is none. A day with more series than a request may hold is passed
  /// over.
  [[nodiscard]] std::optional<DayChecksums> next(UtcMs now, std::int64_t watermark);

 private:
  store::Statement days_, lines_, regions_;
};

/// The request's `checksums`, with its comma.
void append_checksums(std::string& out, const DayChecksums& day);
/// At least as many bytes as append_checksums() writes.
[[nodiscard]] std::size_t width_of(const DayChecksums& day);

// Writer thread, inside its transaction. SqliteError leaves them.

/// The days of the changes in (after, to] are to be compared, anew where they have been before.
void owe_comparison(store::Database& writer, std::int64_t after, std::int64_t to);
/// Everything is to be compared anew: HQ is another one.
void owe_all_comparisons(store::Database& writer);
/// Writes down what HQ said of a day, and returns what is to be sent again: a series whose readings differ,
/// three times at most, for what does not become equal by that is not mended by more of it. Then the day is
/// compared again a day later, and status names it.
[[nodiscard]] std::vector<Resend> keep_verdict(store::Database& writer, const DayVerdict& verdict, UtcMs now);

}  // namespace lintel::sync
