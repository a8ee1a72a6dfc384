#pragma once

#include <optional>

#include "gateway/counting/counter.hpp"

namespace lintel::test {

constexpr std::int64_t kMinute = 60'000;

/// Minutes since some instant.
inline UtcMs at(std::int64_t minute) {
  return utc_ms(1'785'000'000'000 + minute * kMinute);
}

inline counting::Statement total(std::int64_t minute, std::int64_t in, std::int64_t out) {
  return {bridge::Kind::total, at(minute), at(minute), in, out};
}
inline counting::Statement event(std::int64_t minute, std::int64_t in) {
  return {bridge::Kind::event, at(minute), at(minute), in, 0};
}
inline counting::Statement interval(std::int64_t from, std::int64_t to, std::int64_t in) {
  return {bridge::Kind::interval, at(to), at(from), in, 0};
}

inline std::optional<store::Reading> counted(counting::SeriesState& state,
                                             const counting::Statement& statement) {
  return counting::count(state, statement).reading;
}

}  // namespace lintel::test
