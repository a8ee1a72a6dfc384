#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lintel::bridge {

/// The candidate that takes the fewest slips (a letter added, dropped, replaced, or two neighbours
/// swapped; case does not count) to get from `word`. Empty when none is near enough to be meant.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// The end of a sentence about an unknown word: "did you mean url?" when one is near, else
/// "known are a, b, c".
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace lintel::bridge
