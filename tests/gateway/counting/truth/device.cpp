#include "tests/gateway/counting/truth/device.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/gateway/counting/truth/chance.hpp"

namespace lintel::test::truth {

namespace {

using namespace std::chrono_literals;

enum class What {
  off,
  on,
  reset,
  midnight,
  correct,
  take_back,
  swap,
  clock_wrong,
  clock_right,
  report,
  passage
};

struct Happening {
  UtcMs at{};
  What what{};
  std::size_t passage = 0;
};

/// When what happens; the earlier of What comes first at the same instant.
std::vector<Happening> happenings(const Scenario& s, const std::vector<Passage>& people) {
  Chance chance = Chance(s.seed).fork(2);
  std::vector<Happening> all;
  const UtcMs end = s.begin + std::chrono::days{s.days};
  const auto some_time = [&] {
    return std::chrono::floor<std::chrono::seconds>(s.begin + Millis{chance.below((end - s.begin).count())});
  };
  const auto now_and_then = [&](Fault fault, auto&& happen) {
    const auto times = chance.between(1, 4);
    for (int i = 0; i < times; ++i) {
      const UtcMs at = some_time();
      const Millis length = 1min * chance.between(1, chance.percent(30) ? 3000 : 90);
      if (s.has(fault)) happen(at, length);
    }
  };
  for (UtcMs t = s.begin + s.every; t < end; t += s.every) all.push_back({t, What::report});
  for (std::size_t i = 0; i < people.size(); ++i) all.push_back({people[i].at, What::passage, i});
  for (int day = 1; s.telling == Telling::totals_of_today && day < s.days; ++day)
    all.push_back({s.begin + std::chrono::days{day}, What::midnight});
  now_and_then(kPowerCycle, [&](UtcMs at, Millis length) {
    all.push_back({at, What::off});
    all.push_back({at + length, What::on});
  });
  now_and_then(kReset, [&](UtcMs at, Millis) { all.push_back({at, What::reset}); });
  now_and_then(kCorrection, [&](UtcMs at, Millis) {
    all.push_back({at, What::correct});
    all.push_back({at + 3 * s.every, What::take_back});
  });
  now_and_then(kSwap, [&](UtcMs at, Millis) { all.push_back({at, What::swap}); });
  const auto clock_goes_wrong = [&](UtcMs at, Millis length) {
    all.push_back({at, What::clock_wrong});
    all.push_back({at + length, What::clock_right});
  };
  for (const Fault fault : {kClockUnset, kClockFrozen, kClockAhead, kClockBehind})
    now_and_then(fault, clock_goes_wrong);
  std::stable_sort(all.begin(), all.end(), [](const Happening& a, const Happening& b) {
    return a.at != b.at ? a.at < b.at : a.what < b.what;
  });
  while (!all.empty() && all.back().at >= end) all.pop_back();
  return all;
}

class Device {
 public:
  Device(const Scenario& s, const std::vector<Passage>& people)
      : s_(s), people_(people), chance_(Chance(s.seed).fork(3)), booted_(s.begin), window_from_(s.begin) {
    totals_ = {s.first_total, s.one_direction ? 0 : s.first_total / 2};
  }

  Life run() {
    for (const auto& happening : happenings(s_, people_)) {
      now_ = happening.at;
      happen(happening);
    }
    // Nobody passes any more, and a last report closes the book.
    now_ = s_.begin + std::chrono::days{s_.days} + s_.every;
    if (!on_) start();
    if (s_.telling == Telling::totals_of_today) totals_ = {};
    clock_ = Clock::right;
    zeros_ = 0;
    report();
    report_again();
    return std::move(life_);
  }

 private:
  enum class Clock { right, unset, frozen, ahead, behind };

  void happen(const Happening& happening) {
    switch (happening.what) {
      case What::off: on_ = false; break;
      case What::on: start(); break;
      case What::reset: reset(tells_reset()); break;
      case What::midnight:
        keep_ghosts();
        totals_ = {};
        break;
      case What::correct: count_ghosts(); break;
      case What::take_back: take_back(); break;
      case What::swap: swap(); break;
      case What::clock_wrong: spoil_clock(); break;
      case What::clock_right: clock_ = Clock::right; break;
      case What::report:
        if (on_) report();
        break;
      case What::passage:
        if (on_) pass(people_[happening.passage]);
        break;
    }
  }

  [[nodiscard]] bool tells_reset() const { return s_.tells_run; }

  void start() {
    if (on_) return;
    on_ = true;
    booted_ = now_;
    window_ = {};
    window_from_ = now_;
    restarted_ = true;
    if (!s_.keeps_totals) {
      reset(s_.tells_run || s_.tells_restart || s_.tells_uptime);
    } else if (s_.has(kBriefZero)) {
      zeros_ = static_cast<int>(chance_.between(1, 3));
    }
  }

  void reset(bool told) {
    keep_ghosts();
    totals_ = {};
    ++run_;
    if (!told) life_.resets.push_back({now_});
  }

  void swap() {
    if (!on_) return;
    keep_ghosts();
    totals_ = {chance_.below(5000), s_.one_direction ? 0 : chance_.below(5000)};
    if (s_.range > 0)
      for (auto& total : totals_) total %= s_.range;
    if (s_.telling == Telling::totals_of_today) totals_ = {};
    ++run_;
    ++device_;
    booted_ = now_;
    window_ = {};
    window_from_ = now_;
    life_.swaps.push_back({now_});
  }

  void count_ghosts() {
    if (!s_.has_totals() || s_.telling == Telling::totals_and_windows ||
        s_.telling == Telling::totals_and_sequenced || ghosts_open_ > 0 || totals_[0] < 40 || !on_)
      return;
    const auto most = std::min<std::int64_t>(totals_[0] / 12, 40);
    if (s_.range > 0 && totals_[0] + most + 1 >= s_.range) return;
    ghosts_open_ = chance_.between(1, most);
    ghosts_at_ = now_;
    totals_[0] += ghosts_open_;
  }

  /// What was counted too much is never taken back.
  void keep_ghosts() {
    if (ghosts_open_ > 0) life_.ghosts.push_back({ghosts_at_, UtcMs::max(), ghosts_open_, true});
    ghosts_open_ = 0;
  }

  void take_back() {
    if (ghosts_open_ == 0 || totals_[0] < ghosts_open_) return;
    totals_[0] -= ghosts_open_;
    life_.ghosts.push_back({ghosts_at_, now_, ghosts_open_, true});
    ghosts_open_ = 0;
  }

  void spoil_clock() {
    std::vector<Clock> possible;
    if (s_.has(kClockUnset)) possible.push_back(Clock::unset);
    if (s_.has(kClockFrozen)) possible.push_back(Clock::frozen);
    if (s_.has(kClockAhead)) possible.push_back(Clock::ahead);
    if (s_.has(kClockBehind)) possible.push_back(Clock::behind);
    clock_ = possible[static_cast<std::size_t>(chance_.below(static_cast<std::int64_t>(possible.size())))];
    frozen_ = now_;
    off_by_ = clock_ == Clock::ahead ? 1min * chance_.between(20, 3000) : 1h * chance_.between(1, 3);
  }

  [[nodiscard]] UtcMs by_own_clock(UtcMs t) const {
    switch (clock_) {
      case Clock::right: return t;
      case Clock::unset: return utc_ms((t - booted_).count());
      case Clock::frozen: return frozen_ - (now_ - t);
      case Clock::ahead: return t + off_by_;
      case Clock::behind: return t - off_by_;
    }
    return t;
  }

  void pass(const Passage& passage) {
    life_.seen.push_back(passage);
    const int side = passage.in ? 0 : 1;
    ++totals_[side];
    if (s_.range > 0) totals_[side] %= s_.range;
    ++window_[side];
    if (s_.telling != Telling::events) return;
    Message message;
    message.sent = message.from = now_;
    message.in = passage.in ? 1 : 0;
    message.out = passage.in ? 0 : 1;
    message.text = text("event", message, now_, fmt::format("e{}.{}", device_, ++number_));
    life_.messages.push_back(std::move(message));
  }

  void report() {
    switch (s_.telling) {
      case Telling::events: return;
      case Telling::windows: tell_window(); break;
      case Telling::windows_with_history:
        tell_window();
        if (chance_.percent(8)) tell_history();
        break;
      case Telling::sequenced: tell_sequenced(now_); break;
      case Telling::totals:
      case Telling::totals_of_today: tell_total({}); break;
      case Telling::totals_and_windows:
        tell_window();
        tell_total({});
        break;
      case Telling::totals_and_sequenced: {
        const auto number = fmt::format("r{}.{}", device_, number_ + 1);
        tell_total(number);
        tell_sequenced(now_);
        break;
      }
    }
    window_ = {};
    window_from_ = now_;
    restarted_ = false;
  }

  /// So that a brief zero or a fall is decided.
  void report_again() {
    now_ += s_.every;
    report();
  }

  void tell_window() {
    Message message;
    message.sent = now_;
    message.from = window_from_;
    message.in = window_[0];
    message.out = window_[1];
    message.text = text("window", message, now_, {});
    windows_.push_back(message);
    life_.messages.push_back(std::move(message));
  }

  void tell_history() {
    if (clock_ != Clock::right) return;
    const auto back = std::min<std::size_t>(
        windows_.size(),
        static_cast<std::size_t>(chance_.between(1, (s_.faults & kClockFaults) == 0 ? 40 : 8)));
    for (std::size_t i = windows_.size() - back; i < windows_.size(); ++i) {
      life_.messages.push_back(windows_[i]);
      life_.messages.back().history = true;
    }
  }

  void tell_sequenced(UtcMs at) {
    Message message;
    message.sent = at;
    message.from = window_from_;
    message.in = window_[0];
    message.out = window_[1];
    message.text = text("sequenced", message, at, fmt::format("r{}.{}", device_, ++number_));
    life_.messages.push_back(std::move(message));
  }

  void tell_total(const std::string& key) {
    Message message;
    message.sent = message.from = now_;
    message.total = true;
    message.in = zeros_ > 0 ? 0 : totals_[0];
    message.out = zeros_ > 0 ? 0 : totals_[1];
    message.starting = zeros_ > 0;
    if (zeros_ > 0) --zeros_;
    message.text = text("total", message, now_, key);
    life_.messages.push_back(std::move(message));
  }

  std::string text(const char* kind, const Message& m, UtcMs at, const std::string& key) const {
    std::string text = fmt::format("{} serial=D{} in={}", kind, device_, *m.in);
    if (!s_.one_direction) text += fmt::format(" out={}", *m.out);
    if (s_.states_time) text += fmt::format(" at={}", count_ms(by_own_clock(at)));
    if (kind == std::string_view("window"))
      text += fmt::format(" from={} length={}", count_ms(by_own_clock(m.from)), (m.sent - m.from).count());
    if (!key.empty()) text += " key=" + key;
    if (m.total) {
      if (s_.range > 0 && s_.states_range) text += fmt::format(" wraps={}", s_.range);
      if (s_.tells_run) text += fmt::format(" run={}", run_);
      if (s_.telling == Telling::totals_of_today) text += " daily";
    }
    if (s_.tells_restart && restarted_) text += " restarted";
    if (s_.tells_uptime) text += fmt::format(" uptime={}", (now_ - booted_) / 1s);
    return text;
  }

  const Scenario& s_;
  const std::vector<Passage>& people_;
  Chance chance_;
  Life life_;
  UtcMs now_{}, booted_{}, window_from_{}, frozen_{}, ghosts_at_{};
  Millis off_by_{0};
  Clock clock_ = Clock::right;
  bool on_ = true, restarted_ = false;
  std::array<std::int64_t, 2> totals_{}, window_{};
  std::int64_t ghosts_open_ = 0;
  int zeros_ = 0, run_ = 1, device_ = 1;
  std::int64_t number_ = 0;
  std::vector<Message> windows_;
};

}  // namespace

Life live(const Scenario& scenario, const std::vector<Passage>& people) {
  return Device(scenario, people).run();
}

}  // namespace lintel::test::truth
