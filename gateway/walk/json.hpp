#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gateway/walk/tests.hpp"

namespace lintel::walk {

/// A walk test as verbs and the page show it:
/// {"id", "serial", "name", "line", "times", "step": "in|after_in|out|after_out|done|signed", "began",
/// "heard",
///  "walking_in": {"in", "out"}, "walking_out": {...}, "passages": [{"from", "to", "in", "out", "way"}],
///  "verdict": "passed"|"failed"|null, "text", "advice", "signed_by", "signed_at", "note"}. Times are ISO
///  8601.
nlohmann::json to_json(const Test& test, const store::Sensors& sensors);

}  // namespace lintel::walk
