#include "gateway/clock/clock.hpp"

#include <utility>

namespace lintel::clock {

namespace {

constexpr Millis kStep{2000};          // more than this between two looks is no slewing
constexpr Millis kWorthStoring{1000};  // smaller drifts need no write

Millis abs_ms(Millis value) {
  return value < Millis{0} ? -value : value;
}

}  // namespace

const char* to_string(Source source) {
  switch (source) {
    case Source::none: return "none";
    case Source::bounds: return "bounds";
    case Source::host: return "host";
    case Source::https: return "https";
    case Source::ntp: return "ntp";
  }
  return "?";
}

Source source_from(std::string_view name) {
  for (const Source source : {Source::ntp, Source::https, Source::host, Source::bounds}) {
    if (name == to_string(source)) return source;
  }
  return Source::none;
}

WallClock::WallClock(BootId boot, std::map<BootId, Offset> known, Rules rules, Sampler sampler)
    : boot_(boot), offsets_(std::move(known)), rules_(rules), sampler_(std::move(sampler)) {
  stored_ = current().offset;
}

Source WallClock::judge(const Sample& sample) const {
  if (sample.wall < rules_.build_date) return Source::none;
  if (sample.synchronised) return Source::ntp;
  return rules_.trust_system && sample.wall >= rules_.not_before ? Source::host : Source::none;
}

bool WallClock::observe() {
  const Sample sample = sampler_();
  const auto seen = Millis{count_ms(sample.wall)} - std::chrono::floor<Millis>(sample.boot);
  const bool slewed = seen_ && abs_ms(seen - last_seen_) < kStep;
  const Millis slew = slewed ? seen - last_seen_ : Millis{0};
  last_seen_ = seen;
  seen_ = true;

  Offset& ours = offsets_[boot_];
  const Source source = judge(sample);
  bool changed = false;
  if (source > ours.source) {
    Offset better{seen, source};
    if (source == Source::ntp) better.uncertainty = sample.max_error;
    changed = adopt(better);
  } else if (ours.source == Source::host || ours.source == Source::ntp) {
    ours.offset += slew;
    if (source == Source::ntp && abs_ms(seen - ours.offset) < kStep) ours.uncertainty = sample.max_error;
    changed = drifted();
  }
  disagreement_ =
      ours.source == Source::none || abs_ms(seen - ours.offset) < kStep ? Millis{0} : seen - ours.offset;
  return changed;
}

bool WallClock::offer(UtcMs time, BootTime at, Millis uncertainty) {
  if (time < rules_.build_date) return false;
  Offset& ours = offsets_[boot_];
  const Offset told{Millis{count_ms(time)} - std::chrono::floor<Millis>(at), Source::https, uncertainty};
  if (ours.source < Source::https) return adopt(told);
  // A crystal drifts by seconds a day; what is more than that is another fault, and no reason to jump.
  if (ours.source == Source::https && abs_ms(told.offset - ours.offset) <= kStep + 2 * uncertainty) {
    if (abs_ms(told.offset - ours.offset) > uncertainty) ours = told;
    return drifted();
  }
  return false;
}

bool WallClock::adopt(const Offset& better) {
  Offset& ours = offsets_[boot_];
  const Offset was = ours;
  ours = better;
  if (was.source != Source::none && was.source != Source::bounds) {
    // Whole seconds over a network confirm a clock; they do not know it better.
    const bool agree = abs_ms(better.offset - was.offset) < kStep + better.uncertainty.value_or(Millis{0});
    if (agree && better.source == Source::https) ours.offset = was.offset;
    if (!agree && was.source == Source::host) replaced_ = Replaced{was, better};
  }
  stored_ = ours.offset;
  return true;
}

bool WallClock::drifted() {
  const bool far = abs_ms(current().offset - stored_) > kWorthStoring;
  if (far) stored_ = current().offset;
  return far;
}

std::optional<WallClock::Replaced> WallClock::take_replaced() {
  return std::exchange(replaced_, std::nullopt);
}

std::optional<UtcMs> WallClock::at(const BootId& boot, BootTime arrived) const {
  const auto found = offsets_.find(boot);
  if (found == offsets_.end() || found->second.source == Source::none) return std::nullopt;
  return UtcMs{found->second.offset + std::chrono::floor<Millis>(arrived)};
}

std::optional<Arrival> WallClock::arrival(const BootId& boot, BootTime arrived) const {
  const auto instant = at(boot, arrived);
  if (!instant) return std::nullopt;
  const auto& offset = offsets_.at(boot);
  Arrival arrival(*instant);
  arrival.source = offset.source;
  arrival.live = boot == boot_;
  if (offset.source == Source::bounds) arrival.uncertainty = offset.uncertainty.value_or(Millis{0});
  // Bounds are as good as the time of this boot, from which they were reckoned.
  arrival.unconfirmed =
      current().source == Source::host && (boot == boot_ || offset.source == Source::bounds);
  return arrival;
}

std::optional<UtcMs> WallClock::now() const {
  return at(boot_, sampler_().boot);
}

Offset WallClock::current() const {
  const auto found = offsets_.find(boot_);
  return found == offsets_.end() ? Offset{} : found->second;
}

}  // namespace lintel::clock
