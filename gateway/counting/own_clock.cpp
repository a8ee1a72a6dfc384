#include "gateway/counting/own_clock.hpp"

#include <array>

namespace lintel::counting {

namespace {

enum Instant : std::size_t { kTotal, kZero, kEvent, kInterval };

constexpr std::array kInstants{&SeriesState::total_at, &SeriesState::zero_at, &SeriesState::event_at,
                               &SeriesState::interval_end};

constexpr std::uint8_t bit(std::size_t instant) {
  return static_cast<std::uint8_t>(1U << instant);
}
static_assert(kTotalUnconfirmed == bit(kTotal));
static_assert(kTotalsUnconfirmed == (bit(kTotal) | bit(kZero)));

}  // namespace

Outcome count_on(SeriesState& state, const Statement& statement) {
  std::array<UtcMs, kInstants.size()> before;
  for (std::size_t i = 0; i < before.size(); ++i) before[i] = state.*kInstants[i];
  const auto noted = state.unconfirmed;
  const bool own = (statement.flags & store::kUnconfirmed) != 0;

  auto outcome = count(state, statement);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (state.*kInstants[i] == before[i]) continue;
    state.unconfirmed =
        static_cast<std::uint8_t>(own ? state.unconfirmed | bit(i) : state.unconfirmed & ~bit(i));
  }
  if (!outcome.reading) return outcome;
  bool start = own;
  if (statement.kind == bridge::Kind::total) {  // which begins where the last one ended
    if (outcome.reading->started == before[kTotal]) start = (noted & bit(kTotal)) != 0;
    if (outcome.reading->started == before[kZero]) start = (noted & bit(kZero)) != 0;
  }
  if (start) outcome.reading->flags |= store::kStartOnOwn;
  return outcome;
}

void shift(SeriesState& state, Millis by) {
  for (std::size_t i = 0; i < kInstants.size(); ++i) {
    if ((state.unconfirmed & bit(i)) != 0) state.*kInstants[i] += by;
  }
  if ((state.unconfirmed & kTotalsUnconfirmed) != 0) ++state.jumps;
  state.unconfirmed = 0;
}

}  // namespace lintel::counting
