#include "gateway/sync/schedule.hpp"

#include <algorithm>
#include <cstdint>

namespace lintel::sync {

namespace {
constexpr int kQuietIntervals = 5;
constexpr int kTenth = 10;
constexpr Wait kLook{1000};    // how often a commit makes sync look whether it owes something
constexpr Wait kUnstored{20};  // how often it looks whether the writer has kept an answer
}  // namespace

Wait slot_of(std::string_view identity, Wait interval) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, and a mixing of its low bits
  for (const char c : identity) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15;
  hash ^= hash >> 29;
  return interval <= Wait{0}
             ? Wait{0}
             : Wait{static_cast<Wait::rep>(hash % static_cast<std::uint64_t>(interval.count()))};
}

/// The first slot that begins at `at` or later.
Schedule::Instant Schedule::in_slot(Instant at) const {
  if (!slot_ || timing_.interval <= Wait{0}) return at;
  const auto past = (at - *slot_) % Instant::duration{timing_.interval};
  if (past == Instant::duration{0}) return at;
  return at - past + (past > Instant::duration{0} ? timing_.interval : Wait{0});
}

void Schedule::heard(Instant now) {
  if (heard_ || !slots_hold_) return;
  heard_ = true;
  with_news_ = in_slot(std::max(with_news_, now));
}

void Schedule::after(const Turn& turn, Instant now, double random) {
  heard_ = false;
  slots_hold_ = false;
  switch (turn.kind) {
    case Turn::Kind::nothing:
      slots_hold_ = true;
      with_news_ = now + std::min<Wait>(timing_.interval, kLook);
      latest_ = heartbeat_;
      return;
    case Turn::Kind::unstored:
      with_news_ = now + std::min(kUnstored / 10, timing_.interval);
      latest_ = now + kUnstored;
      return;
    case Turn::Kind::confirmed: after_confirmation(turn, now); return;
    case Turn::Kind::failed: after_failure(turn, now, random); return;
    case Turn::Kind::stopped: with_news_ = latest_ = now; return;
  }
}

void Schedule::after_confirmation(const Turn& turn, Instant now) {
  // A greeting that works says nothing about the changes that did not.
  if (!turn.greeting || !turn.more) failures_ = 0;
  slots_hold_ = !turn.more && slot_;
  if (slots_hold_) {
    with_news_ = in_slot(now + std::max(turn.pace, timing_.interval / kTenth));
    heartbeat_ = in_slot(
        now + std::max(turn.pace, timing_.interval * (kQuietIntervals - 1) + timing_.interval / kTenth));
  } else {
    with_news_ = now + (turn.more ? turn.pace : std::max(turn.pace, timing_.interval));
    heartbeat_ = now + std::max(turn.pace, timing_.interval * kQuietIntervals);
  }
  latest_ = turn.more ? with_news_ : heartbeat_;
}

void Schedule::after_failure(const Turn& turn, Instant now, double random) {
  ++failures_;
  Wait wait = backoff_.wait(turn.shrunk ? 1 : failures_, random);
  if (turn.verdict.course == Course::slow) wait = Backoff::at_least(timing_.slow_retry, random);
  if (turn.verdict.course == Course::people) wait = Backoff::at_least(timing_.people_retry, random);
  if (turn.new_token && failures_ == 1) wait = Wait{0};
  if (turn.verdict.retry_after) {
    const auto asked = std::min<Wait>(*turn.verdict.retry_after, timing_.longest_wait);
    wait = std::max(wait, Backoff::at_least(asked, random));
  }
  with_news_ = latest_ = now + wait;
  heartbeat_ = now;
}

}  // namespace lintel::sync
