#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gateway/store/coverage.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/owed.hpp"

namespace lintel::sync {

struct OwedSpan {
  store::CoverageSeries series;
  store::CoverageSpan span;
};

/// Spans of coverage that HQ has yet to be told, as one request takes them; ordered by series and time.
using OwedCoverage = Owed<OwedSpan>;

/// At least as many bytes as append_coverage() writes; 0 for none.
[[nodiscard]] std::size_t width_of(const OwedCoverage& owed);

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
