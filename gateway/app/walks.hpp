#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "gateway/store/store.hpp"

namespace lintel::app {

/// Verbs of walk tests: `walk-start` {serial, line?, times?}, `walk-look` {id}, `walk-next` {id}, `walk-sign`
/// {id, name, note?, passed?}, `walk-cancel` {id}, `walk-list` {limit?}. Answers as walk::to_json() has them.
/// On the writer thread, inside its batch.
Result<nlohmann::json> walk(std::string_view verb, const nlohmann::json& request, store::Store& store,
                            store::Sensor* sensor, UtcMs now);

}  // namespace lintel::app
