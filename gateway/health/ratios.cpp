// Shares that left their own range: odd_ratios() and unbalanced() in norms.hpp.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "gateway/health/kinds.hpp"
#include "gateway/health/norms.hpp"

namespace lintel::health {

namespace {

/// Days are counted back from today. Lately: the last week; before: the four weeks in front of it.
constexpr std::int64_t kLately = 7;
constexpr std::int64_t kBefore = 35;
constexpr std::size_t kDaysNeeded = 14;
/// What goes slowly takes the range along: it is held against the days before these.
constexpr std::int64_t kFirstWeeks = 21;
constexpr std::size_t kFirstDaysNeeded = 7;
constexpr std::size_t kSudden = 2;  ///< days
constexpr std::size_t kSlow = 4;    ///< days
/// Of so few people a share says nothing.
constexpr std::int64_t kPeopleInADay = 50;
constexpr std::int64_t kPeopleInTheStore = 100;
/// A door that counted less than this share of its usual day was away.
constexpr double kHardlyCounted = 0.1;
constexpr double kWrongShape = -0.5, kRightShape = 0.5;

struct Day {
  std::int64_t in = 0, out = 0;
  std::array<double, 24> net{};

  [[nodiscard]] std::int64_t all() const { return in + out; }
};
using Days = std::map<std::int64_t, Day>;

Days days_of(const Door& door, const Hours& hours, std::int64_t today) {
  Days days;
  for (const auto& hour : door.hours) {
    const auto day = hours.day(hour.at);
    if (day >= today || day < today - kBefore || door.blind_days.contains(day)) continue;
    auto& into = days[day];
    into.in += hour.in;
    into.out += hour.out;
    const auto wall = std::chrono::floor<std::chrono::hours>(hours.to_wall(hour.at)).time_since_epoch();
    into.net[static_cast<std::size_t>(((wall.count() % 24) + 24) % 24)] +=
        static_cast<double>(hour.in - hour.out);
  }
  return days;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Range {
  double low = 0, high = 0;

  [[nodiscard]] int side(double value) const { return value < low ? -1 : value > high ? 1 : 0; }
};

/// Without the oddest value on either side, and with a margin.
Range range_of(std::vector<double> values, double margin) {
  std::sort(values.begin(), values.end());
  const double low = values[1], high = values[values.size() - 2];
  margin = std::max(margin, 0.2 * (high - low));
  return {low - margin, high + margin};
}

/// A share in which something lay every day, and where it lies lately.
struct Course {
  Range before{}, first{};  ///< the weeks before, and the first two of them
  double usual = 0;
  std::vector<double> lately{};  ///< in order of time
  bool known = false;

  [[nodiscard]] int side(double value) const { return before.side(value); }
  /// -1 or 1: it has left its range on that side.
  [[nodiscard]] int left() const {
    if (!known || lately.size() < kSudden) return 0;
    const int last = side(lately.back());
    if (last != 0 && side(lately[lately.size() - kSudden]) == last) return last;
    return lately.size() >= kSlow ? first.side(median(lately)) : 0;
  }
  [[nodiscard]] double now() const {
    const bool sudden = side(lately.back()) != 0 && side(lately[lately.size() - kSudden]) != 0;
    return sudden ? (lately.back() + lately[lately.size() - kSudden]) / 2 : median(lately);
  }
  [[nodiscard]] bool holds(double value) const { return known && side(value) == 0; }
};

Course course_of(const std::map<std::int64_t, double>& shares, std::int64_t today, double least_margin) {
  Course course;
  std::vector<double> before, first;
  for (const auto& [day, share] : shares) {
    (day < today - kLately ? before : course.lately).push_back(share);
    if (day < today - kFirstWeeks) first.push_back(share);
  }
  if (before.size() < kDaysNeeded) return course;
  course.usual = median(before);
  const double margin = std::max(least_margin, 0.15 * course.usual);
  course.before = range_of(before, margin);
  course.first = first.size() >= kFirstDaysNeeded ? range_of(first, margin) : course.before;
  course.known = true;
  return course;
}

double likeness(const std::array<double, 24>& a, const std::array<double, 24>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t hour = 0; hour < a.size(); ++hour) {
    ab += a[hour] * b[hour];
    aa += a[hour] * a[hour];
    bb += b[hour] * b[hour];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

/// A door where as many come as go shows by its day that it was turned round: in the morning people come.
bool turned_round(const Days& days, std::int64_t today) {
  std::array<double, 24> usual{};
  for (const auto& [day, counts] : days) {
    if (day >= today - kLately || counts.all() < kPeopleInADay) continue;
    for (std::size_t hour = 0; hour < usual.size(); ++hour) usual[hour] += counts.net[hour];
  }
  std::vector<double> before, lately;
  for (const auto& [day, counts] : days) {
    if (counts.all() < kPeopleInADay) continue;
    (day < today - kLately ? before : lately).push_back(likeness(counts.net, usual));
  }
  if (before.size() < kDaysNeeded || lately.size() < kSudden || median(before) < kRightShape) return false;
  return std::all_of(lately.end() - kSudden, lately.end(), [](double like) { return like < kWrongShape; });
}

int percent(double share) {
  return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * 100));
}

Finding inverted() {
  return {
      kind::kRatio, Status::degraded, "in and out look exchanged, beside the four weeks before",
      "If it was mounted the other way round, say so: lintel sensors set SERIAL invert=yes. What was counted "
      "wrong meanwhile: lintel correct swap."};
}

std::optional<Finding> in_share(const Days& days, std::int64_t today) {
  std::map<std::int64_t, double> shares;
  for (const auto& [day, counts] : days) {
    if (counts.all() >= kPeopleInADay)
      shares[day] = static_cast<double>(counts.in) / static_cast<double>(counts.all());
  }
  const auto course = course_of(shares, today, 0.03);
  if (course.left() == 0) return turned_round(days, today) ? std::optional(inverted()) : std::nullopt;
  const double now = course.now();
  if (std::abs(course.usual - 0.5) > 0.05 && course.holds(1 - now)) return inverted();
  return Finding{
      kind::kRatio, Status::degraded,
      fmt::format("{} % of those it counts come in, usually it is {} %", percent(now), percent(course.usual)),
      "Look whether something stands in the way on one side, or whether it was moved or tilted."};
}

struct Traffic {
  const Door* door = nullptr;
  Days days{};
  double usual = 0;  ///< people a day
  Course share{}, absolute{};
};

/// Whether on that day everybody else counted about as they should: only then a share tells of the door
/// itself.
bool others_counted(const std::vector<Traffic>& all, const Traffic& one, std::int64_t day) {
  return std::all_of(all.begin(), all.end(), [&](const Traffic& other) {
    if (&other == &one || other.usual < 1) return true;
    const auto found = other.days.find(day);
    return found != other.days.end() &&
           static_cast<double>(found->second.all()) >= kHardlyCounted * other.usual;
  });
}

void follow(std::vector<Traffic>& all, Traffic& one, std::int64_t today) {
  std::map<std::int64_t, double> shares, counts;
  for (auto day = today - kBefore; day < today; ++day) {
    if (one.door->blind_days.contains(day) || !others_counted(all, one, day)) continue;
    std::int64_t store = 0;
    for (const auto& other : all)
      if (const auto found = other.days.find(day); found != other.days.end()) store += found->second.all();
    if (store < kPeopleInTheStore) continue;
    const auto own = one.days.find(day);
    const auto people = own == one.days.end() ? 0.0 : static_cast<double>(own->second.all());
    shares[day] = people / static_cast<double>(store);
    counts[day] = people;
  }
  one.share = course_of(shares, today, 0.02);
  one.absolute = course_of(counts, today, 1);
}

/// The door that now counts what this one did, and the other way round.
const Traffic* exchanged_with(const std::vector<Traffic>& all, const Traffic& one) {
  for (const auto& other : all) {
    if (&other == &one || other.share.left() == 0) continue;
    if (other.share.holds(one.share.now()) && one.share.holds(other.share.now())) return &other;
  }
  return nullptr;
}

std::optional<Finding> store_share(const std::vector<Traffic>& all, const Traffic& one) {
  const int side = one.share.left();
  // The share of one door moves when another one's counts do: only who counts otherwise itself is meant.
  if (side == 0 || one.absolute.left() != side) return std::nullopt;
  if (const auto* other = exchanged_with(all, one)) {
    return Finding{
        kind::kShare, Status::degraded,
        fmt::format("it counts what \"{}\" used to count, and the other way round", other->door->name),
        "Look whether the two devices were exchanged; then give each the other's name, or put them "
        "back."};
  }
  return Finding{kind::kShare, Status::degraded,
                 fmt::format("it counts {} % of the store's people, usually it is {} %",
                             percent(one.share.now()), percent(one.share.usual)),
                 side < 0
                     ? "Look whether its lens is dirty or partly covered, or whether its door is used less."
                     : "Look whether it was moved or sees people who do not pass, or whether its door is "
                       "used more."};
}

}  // namespace

std::map<std::int64_t, std::vector<Finding>> odd_ratios(const std::vector<Door>& doors, const Hours& hours,
                                                        UtcMs now) {
  const auto today = hours.day(now);
  std::map<std::int64_t, std::vector<Finding>> odd;
  std::vector<Traffic> all;
  for (const auto& door : doors) {
    Traffic traffic{&door, days_of(door, hours, today)};
    std::vector<double> counts;
    for (const auto& [day, each] : traffic.days) counts.push_back(static_cast<double>(each.all()));
    traffic.usual = median(std::move(counts));
    if (auto finding = in_share(traffic.days, today)) odd[door.sensor].push_back(std::move(*finding));
    if (!traffic.days.empty()) all.push_back(std::move(traffic));
  }
  if (all.size() < 2) return odd;
  for (auto& one : all) follow(all, one, today);
  for (const auto& one : all) {
    if (odd.contains(one.door->sensor)) continue;  // one trouble, told once
    if (auto finding = store_share(all, one)) odd[one.door->sensor].push_back(std::move(*finding));
  }
  return odd;
}

std::optional<Finding> unbalanced(const std::string& name, const std::map<std::int64_t, Balance>& days,
                                  std::int64_t today) {
  constexpr std::int64_t kLeast = 100;  // each way
  constexpr double kAlways = 0.15, kBesideUsual = 1.5;
  std::vector<double> before, lately;
  Balance last;
  for (const auto& [day, balance] : days) {
    const auto more = std::max(balance.in, balance.out);
    if (day >= today || day < today - kBefore || more < kLeast) continue;
    const auto off = static_cast<double>(std::abs(balance.in - balance.out)) / static_cast<double>(more);
    (day < today - kLately ? before : lately).push_back(off);
    if (day >= today - kLately) last = balance;
  }
  if (lately.size() < kSudden || before.size() < kDaysNeeded) return std::nullopt;
  std::sort(before.begin(), before.end());
  const double limit = std::max(kAlways, kBesideUsual * before[before.size() * 9 / 10]);
  if (std::any_of(lately.end() - kSudden, lately.end(), [&](double off) { return off <= limit; }))
    return std::nullopt;
  return Finding{kind::kBalance, Status::degraded,
                 fmt::format("{}: {} came in and {} left in a day, through doors that all are counted", name,
                             last.in, last.out),
                 "One of its doors counts wrong, or there is another way in or out that nobody counts."};
}

}  // namespace lintel::health
