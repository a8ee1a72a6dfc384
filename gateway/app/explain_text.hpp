#pragma once

#include <iosfwd>

#include <nlohmann/json.hpp>

#include "gateway/clock/zone.hpp"

namespace lintel::app {

/// Prints what explain() has found, for people; times in `zone`. `payloads`: what the devices sent as well.
void print_explanation(const nlohmann::json& answer, const clock::Zone& zone, bool payloads,
                       std::ostream& out);

}  // namespace lintel::app
