#pragma once

#include <cstdint>
#include <string>

namespace lintel::walk {

struct Counts {
  std::int64_t in = 0;
  std::int64_t out = 0;

  friend bool operator==(const Counts&, const Counts&) = default;
};

/// What a walk test says of a door. `advice` is empty when there is nothing to do.
struct Verdict {
  bool passed = false;
  std::string text;
  std::string advice;
};

/// Judges what was counted while somebody walked in `times` times, and then out as often. Passed: exactly
/// that, in the right directions.
Verdict judge(const Counts& walking_in, const Counts& walking_out, std::int64_t times);

}  // namespace lintel::walk
