#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge {

/// The bytes as one gzip member; `level` from 1, quick, to 9, small. Nothing where there is no memory for it.
std::optional<std::string> gzip(std::string_view bytes, int level);

}  // namespace lintel::bridge
