// What it means that a total shows another value than before.
#include "gateway/counting/total_move.hpp"

#include <algorithm>

namespace lintel::counting {

using namespace std::chrono_literals;

std::int64_t most_people(Millis time) {
  const auto busy = std::min<Millis>(time, 1h);
  return 100 + 2 * busy / 1s + 2000 * ((time - busy) / 1h);
}

namespace {

bool near_the_end(std::int64_t last, std::int64_t now, std::int64_t range) {
  return last < range && last >= range - range / 10 && now < range / 10;
}

/// The end of its range that a falling counter has passed, if that is what happened: the stated one; without
/// one a counter of 16 or 32 bits that fell from the last tenth of its range into the first.
std::optional<std::int64_t> range_of_wrap(std::int64_t last, std::int64_t now,
                                          std::optional<std::int64_t> stated) {
  if (stated) return near_the_end(last, now, *stated) ? stated : std::nullopt;
  for (const std::int64_t range : {std::int64_t{1} << 16, std::int64_t{1} << 32})
    if (near_the_end(last, now, range)) return range;
  return std::nullopt;
}

/// A device that takes back some of what it has counted falls by a little; one that begins again falls to
/// nearly nothing.
bool lowered_a_little(std::int64_t last, std::int64_t now) {
  return last >= 20 && last - now <= std::min<std::int64_t>(last / 10, 50);
}

/// How far a total may have moved across the end of its range. A reset there looks like a wrap and would
/// count what was left to the end, so a wrap is believed only about as far as the door is used to.
std::int64_t most_across_the_end(const Channel& channel, const Setting& setting) {
  const auto gaps = setting.usual_gap.count() > 0 ? setting.silence / setting.usual_gap + 1 : 1;
  return std::min(most_people(setting.silence), 20 + 3 * channel.busiest * gaps);
}

}  // namespace

Move move_of(const Channel& channel, std::int64_t now, std::optional<std::int64_t> wraps_at,
             const Setting& setting) {
  const std::int64_t last = *channel.total;
  const std::int64_t most = most_people(setting.silence);
  const auto at_most = [most](Move move) { return move.moved <= most ? move : Move{0, Rule::implausible}; };
  if (setting.began_anew) return at_most({now, Rule::reset});
  // A total that shows no more than was told one by one across the zero has begun anew there.
  if (channel.zero && now >= last && now - last < channel.since && now <= channel.since)
    return {now, Rule::reset};
  if (now >= last) return at_most({now - last, channel.zero ? Rule::zero_was_boot : Rule::increment});
  if (now == 0) return {0, Rule::zero_awaited};
  // It had been seen there or lower before: whatever happened meanwhile, nothing says that it began anew.
  if (channel.lowered && now >= *channel.lowered) return {0, Rule::lowered};
  if (setting.restarted) return at_most({now, Rule::reset});
  if (channel.zero) return at_most({now, Rule::reset});  // the zero before was a reset
  if (const auto range = range_of_wrap(last, now, wraps_at);
      range && *range - last + now <= most_across_the_end(channel, setting))
    return {*range - last + now, Rule::wrapped};
  if (lowered_a_little(channel.lowered.value_or(last), now)) return {0, Rule::lowered};
  return at_most({now, Rule::reset});
}

Rule weightier(Rule a, Rule b) {
  constexpr Rule kByWeight[] = {Rule::implausible, Rule::reset,        Rule::wrapped,
                                Rule::lowered,     Rule::zero_awaited, Rule::zero_was_boot};
  for (const Rule rule : kByWeight)
    if (a == rule || b == rule) return rule;
  return Rule::increment;
}

}  // namespace lintel::counting
