#include "gateway/clock/clock.hpp"

#include <sys/timex.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>

namespace lintel::clock {

namespace {

constexpr Millis kStep{2000};          // more than this between two looks is no slewing
constexpr Millis kWorthStoring{1000};  // smaller drifts need no write

int hex_digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Millis abs_ms(Millis value) {
  return value < Millis{0} ? -value : value;
}

}  // namespace

BootId boot_id() {
  BootId id{};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen("/proc/sys/kernel/random/boot_id", "re"), &std::fclose);
  if (!file) return id;
  for (std::size_t nibble = 0; nibble < 2 * id.size();) {
    const int c = std::fgetc(file.get());
    if (c == EOF) break;
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    id[nibble / 2] = static_cast<std::uint8_t>(id[nibble / 2] << 4 | digit);
    ++nibble;
  }
  return id;
}

BootTime boot_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

const char* to_string(Source source) {
  switch (source) {
    case Source::none: return "none";
    case Source::host: return "host";
    case Source::ntp: return "ntp";
  }
  return "?";
}

Source source_from(std::string_view name) {
  if (name == "ntp") return Source::ntp;
  if (name == "host") return Source::host;
  return Source::none;
}

Sample sample_machine() {
  Sample sample;
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  sample.boot = boot_now();
  sample.wall = utc_ms(static_cast<std::int64_t>(wall.tv_sec) * 1000 + wall.tv_nsec / 1'000'000);
  timex state{};
  const int answer = adjtimex(&state);
  sample.synchronised = answer != -1 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return sample;
}

WallClock::WallClock(BootId boot, std::map<BootId, Offset> known, UtcMs build_date, Sampler sampler)
    : boot_(boot), offsets_(std::move(known)), build_date_(build_date), sampler_(std::move(sampler)) {
  stored_ = current().offset;
}

bool WallClock::observe() {
  const Sample sample = sampler_();
  const auto seen = Millis{count_ms(sample.wall)} - std::chrono::floor<Millis>(sample.boot);
  const bool slewed = seen_ && abs_ms(seen - last_seen_) < kStep;
  const Millis slew = slewed ? seen - last_seen_ : Millis{0};
  last_seen_ = seen;
  seen_ = true;

  Offset& ours = offsets_[boot_];
  const Source source = sample.wall < build_date_ ? Source::none
                        : sample.synchronised     ? Source::ntp
                                                  : Source::host;
  bool changed = false;
  if (source > ours.source) {
    ours = {seen, source};
    changed = true;
  } else if (ours.source != Source::none) {
    ours.offset += slew;
    changed = abs_ms(ours.offset - stored_) > kWorthStoring;
  }
  if (changed) stored_ = ours.offset;
  disagreement_ =
      ours.source == Source::none || abs_ms(seen - ours.offset) < kStep ? Millis{0} : seen - ours.offset;
  return changed;
}

std::optional<UtcMs> WallClock::at(const BootId& boot, BootTime arrived) const {
  const auto found = offsets_.find(boot);
  if (found == offsets_.end() || found->second.source == Source::none) return std::nullopt;
  return UtcMs{found->second.offset + std::chrono::floor<Millis>(arrived)};
}

std::optional<UtcMs> WallClock::now() const {
  return at(boot_, sampler_().boot);
}

Offset WallClock::current() const {
  const auto found = offsets_.find(boot_);
  return found == offsets_.end() ? Offset{} : found->second;
}

UtcMs build_date() {
  // __DATE__ is "Nov 21 2026"; SOURCE_DATE_EPOCH makes GCC print a fixed one for reproducible builds.
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string_view date = __DATE__;
  const auto month = static_cast<unsigned>(kMonths.find(date.substr(0, 3)) / 3 + 1);
  const auto day = static_cast<unsigned>(std::atoi(date.substr(4, 2).data()));
  const int year = std::atoi(date.substr(7, 4).data());
  const std::chrono::sys_days built{std::chrono::year{year} / month / day};
  return UtcMs{built.time_since_epoch()} - std::chrono::days{1};
}

}  // namespace lintel::clock
