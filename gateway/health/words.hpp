#pragma once

#include <cstdint>
#include <string>

#include "firmware-bridge/core/time.hpp"

namespace lintel::health {

/// A span for people, in its largest fitting unit: "40 s", "12 min", "3 h", "5 days".
std::string in_words(Millis span);

/// "1 message", "3 messages".
std::string counted(std::int64_t number, const std::string& singular);

}  // namespace lintel::health
