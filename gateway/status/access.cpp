#include "gateway/status/access.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <sys/random.h>

namespace lintel::status {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 15min;  // a phone that was put down
constexpr auto kLongest = 8h;  // a working day
constexpr std::size_t kSessions = 16;
constexpr std::size_t kClients = 64;
/// A client may be wrong so often before it has to wait: 30 s, doubled each time, at most an hour.
constexpr int kFreeOfOne = 5;
/// All clients together; then at most one try a minute. Six digits last for two years that way.
constexpr int kFreeOfAll = 30;
constexpr auto kForgiven = 24h;

std::string kernel_token() {
  std::array<unsigned char, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the kernel gives no randomness");
  std::string hex;
  for (const auto byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::chrono::seconds after_failures(int count, int free, std::chrono::seconds first,
                                    std::chrono::seconds most) {
  if (count < free) return 0s;
  const int doublings = std::min(count - free, 20);
  return std::min(most, first * (1 << doublings));
}

}  // namespace

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const char other = a.empty() ? '\0' : a[i % a.size()];
    difference |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

Access::Access(Options options) : options_(std::move(options)) {
  if (!options_.now) options_.now = Clock::now;
  if (!options_.token) options_.token = kernel_token;
}

std::chrono::seconds Access::wait_of(const std::string& peer, Clock::time_point now) const {
  const auto left = [&](const Failures& failures, std::chrono::seconds wait) {
    const auto until = failures.last + wait;
    return wait == 0s || until <= now ? 0s : std::chrono::ceil<std::chrono::seconds>(until - now);
  };
  auto wait = left(all_, after_failures(all_.count, kFreeOfAll, 60s, 60s));
  if (const auto found = failures_.find(peer); found != failures_.end())
    wait = std::max(wait, left(found->second, after_failures(found->second.count, kFreeOfOne, 30s, 3600s)));
  return wait;
}

void Access::note_failure(const std::string& peer, Clock::time_point now) {
  if (failures_.size() >= kClients && !failures_.contains(peer)) {
    const auto oldest =
        std::min_element(failures_.begin(), failures_.end(),
                         [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
    failures_.erase(oldest);  // what it did stays in all_
  }
  for (auto* failures : {&failures_[peer], &all_}) {
    ++failures->count;
    failures->last = now;
  }
}

void Access::forget_old(Clock::time_point now) {
  std::erase_if(sessions_, [&](const Session& session) {
    return now - session.used > kIdle || now - session.begun > kLongest;
  });
  std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.last > kForgiven; });
  if (now - all_.last > kForgiven) all_ = {};
}

tl::expected<const Access::Session*, Access::Denied> Access::enter(std::string_view pin,
                                                                   std::string_view name,
                                                                   const std::string& peer) {
  if (!pin_set()) return tl::unexpected(Denied{Denied::Why::no_pin_set});
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (name.size() > kLongestName || std::any_of(name.begin(), name.end(), control))
    return tl::unexpected(Denied{Denied::Why::bad_name});
  const auto now = options_.now();
  forget_old(now);
  if (const auto wait = wait_of(peer, now); wait > 0s)
    return tl::unexpected(Denied{Denied::Why::slow_down, wait});
  if (!equal_in_constant_time(pin, options_.pin)) {
    note_failure(peer, now);
    return tl::unexpected(Denied{Denied::Why::wrong, wait_of(peer, now)});
  }
  failures_.erase(peer);
  if (sessions_.size() >= kSessions) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.used < b.used; }));
  }
  sessions_.push_back({options_.token(), options_.token(), std::string(name), peer, now, now});
  return &sessions_.back();
}

const Access::Session* Access::find(std::string_view cookie) {
  const auto now = options_.now();
  forget_old(now);
  for (auto& session : sessions_) {
    if (!equal_in_constant_time(cookie, session.cookie)) continue;
    session.used = now;
    return &session;
  }
  return nullptr;
}

void Access::leave(std::string_view cookie) {
  std::erase_if(sessions_,
                [&](const Session& session) { return equal_in_constant_time(cookie, session.cookie); });
}

}  // namespace lintel::status
