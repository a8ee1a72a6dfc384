#include "firmware-bridge/links/fair_share.hpp"

#include <exception>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;

constexpr BootTime kSayEvery = 60s;

}  // namespace

bool FairShare::append(const Frame& frame) noexcept {
  if (frame.qos == 0 && too_many(frame)) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    say(frame);
    return true;  // a refusal would end the connection, and with it everybody's
  }
  return spool_.append(frame);
}

bool FairShare::too_many(const Frame& frame) {
  const auto second = frame.arrived / 1s;
  if (second_.exchange(second, std::memory_order_relaxed) != second) {
    for (auto& place : sent_) place.store(0, std::memory_order_relaxed);
  }
  const auto hash =
      std::hash<std::string_view>{}(frame.topic) * 31 + std::hash<std::string_view>{}(frame.link);
  const auto before = sent_[hash % kPlaces].fetch_add(1, std::memory_order_relaxed);
  return before >= options_.per_second && spool_.bytes_waiting() > options_.crowded_bytes;
}

void FairShare::say(const Frame& frame) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!options_.log || (told_ > 0 && frame.arrived - said_ < kSayEvery)) return;
    const auto all = dropped_.load(std::memory_order_relaxed);
    options_.log(fmt::format(
        "link {}: topic {} sends faster than this machine can read; {} messages were dropped, so that "
        "the other sensors are counted: look at the device that sends there",
        frame.link, frame.topic.substr(0, 200), all - told_));
    said_ = frame.arrived;
    told_ = all;
  } catch (const std::exception&) {
    // Nothing can be said; what matters goes on.
  }
}

}  // namespace lintel::bridge::links
