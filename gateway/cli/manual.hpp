#pragma once

#include <span>
#include <string>

#include "gateway/cli/dispatch.hpp"

namespace lintel::cli {

/// lintel(1) in roff: every verb of the table with its usage, help and example.
std::string manual_of_verbs(std::span<const Verb> verbs);

/// lintel.conf(5) in roff: every key of gateway.conf, links.d and sensors.d with its default.
std::string manual_of_keys();

}  // namespace lintel::cli
