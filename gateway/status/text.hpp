#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace lintel::status {

/// A snapshot for a terminal, no line longer than 80 columns. Names that sensors sent are shown without
/// control characters, so that no payload can play with a terminal.
std::string to_text(const nlohmann::json& snapshot, bool colour);

}  // namespace lintel::status
