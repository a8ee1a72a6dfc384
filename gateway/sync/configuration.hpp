#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gateway/sync/confirmation.hpp"

namespace lintel::sync {

/// Reads the answer's `config` (schema/SYNC.md): a zone that this machine does not know, hours that cannot be
/// read and settings that are no object are a stated::Mismatch, for nothing of it can be used then.
Configuration read_configuration(const nlohmann::json& value);

}  // namespace lintel::sync
