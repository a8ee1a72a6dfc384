#pragma once

#include <string>
#include <string_view>

namespace lintel::store {

/// A random UUID (version 4), lower case with hyphens.
std::string random_uuid();

/// The same UUID (version 5) for the same name inside the same namespace, on every machine: how a
/// gateway names its sensors while it is offline. `space` must be a UUID.
std::string named_uuid(std::string_view space, std::string_view name);

}  // namespace lintel::store
