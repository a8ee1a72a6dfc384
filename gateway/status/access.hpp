#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace lintel::status {

/// Who may change something on the page. Whoever knows the gateway's PIN gets a session: a random token in a
/// cookie, which the browser sends by itself, and another one (against forged requests) that only a page of
/// this gateway can read and add. Guessing is slowed down for each client, and for all of them together.
/// Used by one thread; kept in memory only, so a restart ends all sessions.
class Access {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t kLongestName = 60;

  struct Options {
    std::string pin;                           ///< empty: nobody may change anything here
    std::function<Clock::time_point()> now{};  ///< default: the steady clock
    std::function<std::string()> token{};      ///< default: 256 bits of the kernel's randomness, in hex
  };

  struct Session {
    std::string cookie;
    std::string csrf;
    std::string name;  ///< as the person called itself; may be empty
    std::string peer;
    Clock::time_point begun;
    Clock::time_point used;
  };

  struct Denied {
    enum class Why { no_pin_set, wrong, slow_down, bad_name } why;
    std::chrono::seconds wait{0};  ///< slow_down: until the next try is heard
  };

  explicit Access(Options options);

  [[nodiscard]] bool pin_set() const { return !options_.pin.empty(); }

  /// A new session. While a client has to wait, the right PIN is refused as well, or waiting would tell it.
  tl::expected<const Session*, Denied> enter(std::string_view pin, std::string_view name,
                                             const std::string& peer);

  /// The session of a cookie, and it goes on; null: there is none, or it has ended. Valid until the next
  /// call.
  const Session* find(std::string_view cookie);

  void leave(std::string_view cookie);

 private:
  struct Failures {
    int count = 0;
    Clock::time_point last{};
  };

  void forget_old(Clock::time_point now);
  [[nodiscard]] std::chrono::seconds wait_of(const std::string& peer, Clock::time_point now) const;
  void note_failure(const std::string& peer, Clock::time_point now);

  Options options_;
  std::vector<Session> sessions_;
  std::map<std::string, Failures> failures_;  // by client
  Failures all_;
};

/// Whether two texts are equal, in a time that does not depend on where they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace lintel::status
