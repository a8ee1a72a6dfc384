#include "gateway/sync/schedule.hpp"

#include <algorithm>

namespace lintel::sync {

namespace {
constexpr int kQuietIntervals = 5;
constexpr Wait kLook{1000};    // how often a commit makes sync look whether it owes something
constexpr Wait kUnstored{20};  // how often it looks whether the writer has kept an answer
}  // namespace

void Schedule::after(const Turn& turn, Instant now, double random) {
  switch (turn.kind) {
    case Turn::Kind::nothing:
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
  with_news_ = now + (turn.more ? turn.pace : std::max(turn.pace, timing_.interval));
  heartbeat_ = now + std::max(turn.pace, timing_.interval * kQuietIntervals);
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
