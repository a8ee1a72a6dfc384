#pragma once

#include <string_view>

namespace lintel::bridge {

/// MQTT's rule: + is one level, # is the rest. An empty filter takes all.
bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace lintel::bridge
