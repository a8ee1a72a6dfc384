#include "gateway/app/device_clock.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace lintel::app {

namespace {

using namespace std::chrono_literals;

constexpr Millis kMostAhead = 10min;
constexpr UtcMs kUnset{
    std::chrono::sys_days{std::chrono::year{2015} / 1 / 1}};  // older than any device in use

// Zones differ by quarters of an hour, up to 26 hours; less than half an hour is a late message.
constexpr Millis kQuarter = 15min;
constexpr std::int64_t kFewestQuarters = 2;
constexpr std::int64_t kMostQuarters = 104;
// What a message is on its way, and what a clock that is set now and then drifts.
constexpr Millis kLoose = 2min;
// A burst says nothing: messages that were kept somewhere come all at once, and many people in one minute.
constexpr Millis kSpread = 5min;
constexpr Millis kStandsStill = 90s;

std::int64_t quarters(Millis lag) {
  return std::chrono::round<std::chrono::duration<std::int64_t, std::ratio<900>>>(lag).count();
}

bool near_to(Millis value, Millis target) {
  return value >= target - kLoose && value <= target + kLoose;
}

constexpr std::string_view kZoneWord = "wrong_zone ";

}  // namespace

ClockFault plausible(UtcMs stated, UtcMs latest) {
  if (stated < kUnset) return ClockFault::unset;
  return stated > latest + kMostAhead ? ClockFault::ahead : ClockFault::none;
}

bool DeviceClock::is_frozen() const {
  if (seen_ < 2 || now_.arrival - before_[1].arrival < kStandsStill) return false;
  const auto same = [&](const Message& a, const Message& b) {
    return a.newest == b.newest && a.content != b.content;
  };
  return same(now_, before_[0]) && same(before_[0], before_[1]);
}

/// Arrival minus stated, where it is the same number of quarters in message after message.
std::optional<Millis> DeviceClock::zone_off() const {
  const auto count = quarters(now_.lag());
  const Millis off = count * kQuarter;
  if (std::abs(count) < kFewestQuarters || std::abs(count) > kMostQuarters || !near_to(now_.lag(), off)) {
    return std::nullopt;
  }
  if (fault_ == ClockFault::wrong_zone && off == behind_) return off;
  if (seen_ < before_.size() || now_.arrival - before_.back().arrival < kSpread) return std::nullopt;
  // Who states when a window began is late by its length, and says something once a window.
  bool by_window = true;
  UtcMs later = now_.arrival;
  for (const auto& message : before_) {
    if (!near_to(message.lag(), off)) return std::nullopt;
    by_window = by_window && near_to(later - message.arrival, off);
    later = message.arrival;
  }
  return by_window ? std::nullopt : std::optional(off);
}

void DeviceClock::look(UtcMs newest, UtcMs arrival, std::uint64_t content) {
  // The same message again says nothing new of the clock, and must not be judged otherwise than before.
  if (now_.arrival != UtcMs{} && newest == now_.newest && content == now_.content) return;
  if (now_.arrival != UtcMs{}) {
    std::rotate(before_.begin(), before_.end() - 1, before_.end());
    before_.front() = now_;
    seen_ = std::min(seen_ + 1, before_.size());
  }
  now_ = {newest, arrival, content};
  const auto off = zone_off();
  behind_ = off.value_or(Millis{0});
  const bool still = fault_ == ClockFault::frozen && seen_ > 0 && newest == before_[0].newest;
  fault_ = newest < kUnset                 ? ClockFault::unset
           : still || is_frozen()          ? ClockFault::frozen
           : off                           ? ClockFault::wrong_zone
           : newest > arrival + kMostAhead ? ClockFault::ahead
                                           : ClockFault::none;
}

UtcMs DeviceClock::read(const bridge::DeviceTime& time, const clock::Zone& zone, UtcMs latest) const {
  if (!time.local) return time.time;
  const auto [first, second] = zone.instants(time.time);
  if (first == second || second > latest + kMostAhead) return first;
  if (latest - second <= kQuarter) return second;
  return first >= last_stated_ || second < last_stated_ ? first : second;
}

std::string DeviceClock::word() const {
  switch (fault_) {
    case ClockFault::none: return "";
    case ClockFault::unset: return "unset";
    case ClockFault::ahead: return "ahead";
    case ClockFault::frozen: return "frozen";
    case ClockFault::wrong_zone:
      return fmt::format("{}{}", kZoneWord,
                         std::chrono::duration_cast<std::chrono::minutes>(behind_).count());
  }
  return "";
}

void DeviceClock::restore(std::string_view word) {
  if (!word.starts_with(kZoneWord)) return;  // the others show in every message anew
  word.remove_prefix(kZoneWord.size());
  std::int64_t minutes = 0;
  const auto end = word.data() + word.size();
  if (std::from_chars(word.data(), end, minutes).ptr != end) return;
  fault_ = ClockFault::wrong_zone;
  behind_ = std::chrono::minutes{minutes};
}

}  // namespace lintel::app
