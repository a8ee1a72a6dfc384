#pragma once

#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace lintel::enrol {

/// 256 bits of the kernel's randomness as 64 hexadecimal digits; waits until there are enough. `transient`
/// when the kernel gives none.
[[nodiscard]] Result<std::string> new_secret();

/// The 32 digits of an enrolment token as people write it: spaces, hyphens, line ends and case do not matter.
/// `misconfigured` says what is wrong with it and never quotes it.
[[nodiscard]] Result<std::string> parse_enrolment_token(std::string_view text);

/// SHA-256 as hexadecimal digits: recognises a token without holding it.
[[nodiscard]] std::string digest_of(std::string_view text);

}  // namespace lintel::enrol
