#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/store/coverage.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::sync {

/// Spans of coverage that HQ has yet to be told, as one request takes them.
struct OwedCoverage {
  struct Span {
    store::CoverageSeries series;
    store::CoverageSpan span;
  };
  std::vector<Span> spans;    ///< ordered by series and time
  std::int64_t revision = 0;  ///< of the newest of them: with it HQ has been told all up to there
  bool more = false;          ///< there are others

  [[nodiscard]] bool empty() const { return spans.empty(); }
  /// At least as many bytes as append_coverage() writes.
  [[nodiscard]] std::size_t width() const;
};

/// Reads them: those whose revision is above `told`, the oldest revisions first. A thousandth of a second
/// for ten thousand rows. SqliteError leaves it.
class CoverageReader {
 public:
  explicit CoverageReader(store::Database& reader);
  [[nodiscard]] OwedCoverage owed(std::int64_t told);

 private:
  store::Statement select_;
};

/// The request's `coverage` (schema/SYNC.md), with its comma; nothing where nothing is owed. `id` gives a
/// sensor as the request names it.
void append_coverage(std::string& out, const OwedCoverage& owed,
                     const std::function<const std::string&(std::int64_t sensor)>& id);

}  // namespace lintel::sync
