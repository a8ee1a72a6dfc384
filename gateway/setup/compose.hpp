#pragma once

#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace lintel::setup {

/// A setup file in which every key is explained and none is stated.
std::string_view blank();

/// The text with `section.key = value` stated in it: where it is, commented out or not, else at the end of
/// its section. `misconfigured` when the name is none or the value has more than one line.
Result<std::string> stated(std::string_view text, std::string_view name, std::string_view value);

/// The value that a text states for `section.key`; empty: none.
std::string value_of(std::string_view text, std::string_view name);

}  // namespace lintel::setup
