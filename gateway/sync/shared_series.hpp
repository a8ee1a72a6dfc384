#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gateway/sync/series.hpp"

namespace lintel::sync {

/// Appends the list of series, those with keys in common as one entry (schema/SYNC.md, "of"), and orders
/// `series` as HQ counts them. `id` gives a sensor's id as JSON.
void append_shared(std::string& out, std::vector<Series>& series,
                   const std::function<const std::string&(std::int64_t sensor)>& id);

}  // namespace lintel::sync
