#include "gateway/walk/verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::walk {

namespace {

/// How the passages of one way were counted.
struct Way {
  std::int64_t right = 0, wrong = 0;

  [[nodiscard]] std::int64_t all() const { return right + wrong; }
};

constexpr const char* kMisses =
    "Walk through the middle, at a normal pace, one at a time. If it misses again: check the height and the "
    "angle of the sensor, the light, and that nothing hangs in its view; then test anew.";
constexpr const char* kDoubles =
    "The line may lie where people stand or turn, or the sensor may see the door leaf move. Move the line "
    "away "
    "from the door, or the sensor, and keep others out of the test; then test anew.";

Verdict failed(std::string text, std::string advice) {
  return {false, std::move(text), std::move(advice)};
}

std::string one_way(const char* counted, const char* missing, std::int64_t times) {
  return fmt::format("Walking {} was counted, walking {} was not (0 of {}).", counted, missing, times);
}

}  // namespace

Verdict judge(const Counts& walking_in, const Counts& walking_out, std::int64_t times) {
  const Way in{walking_in.in, walking_in.out};
  const Way out{walking_out.out, walking_out.in};
  const auto right = in.right + out.right, wrong = in.wrong + out.wrong;
  if (in.right == times && out.right == times && wrong == 0) {
    return {true, fmt::format("Every passage was counted: {} in, {} out.", times, times), ""};
  }
  if (right + wrong == 0) {
    return failed("Nothing was counted.",
                  "Check that this is the sensor above the door (its name, its line), that it is online, and "
                  "that it counts at all: its page shows what it last sent.");
  }
  if (right == 0 && in.wrong > 0 && out.wrong > 0) {
    return failed(
        fmt::format("In and out are swapped: walking in counted {} out, walking out {} in.", in.wrong,
                    out.wrong),
        "Turn its direction round (lintel sensors set SENSOR invert=yes, or on its page), then test "
        "anew.");
  }
  if (out.all() == 0 && in.right > 0 && in.wrong == 0) {
    return failed(
        one_way("in", "out", times),
        "If nobody can walk out here (a one-way entrance), sign with a note that says so. Else check "
        "that the line counts both ways.");
  }
  if (in.all() == 0 && out.right > 0 && out.wrong == 0) {
    return failed(
        one_way("out", "in", times),
        "If nobody can walk in here (a one-way exit), sign with a note that says so. Else check that "
        "the line counts both ways.");
  }
  if (wrong > 0 && right + wrong > 2 * times && wrong >= times) {
    return failed(
        fmt::format("Passages were counted both ways: {} of them in the wrong direction.", wrong),
        "Whoever tests may have turned round below the sensor. Walk on for two steps behind the door "
        "before turning, keep others out; then test anew.");
  }
  if (wrong > 0) {
    return failed(fmt::format("{} of {} were counted in the wrong direction.", wrong, right + wrong),
                  "Keep others out of the test and walk straight through. If it happens again, the line lies "
                  "askew, or too close to where people turn.");
  }
  const auto missed =
      std::max<std::int64_t>(0, times - in.right) + std::max<std::int64_t>(0, times - out.right);
  const auto doubled =
      std::max<std::int64_t>(0, in.right - times) + std::max<std::int64_t>(0, out.right - times);
  if (missed > 0 && doubled > 0) {
    return failed(fmt::format("{} too few one way, {} too many the other.", missed, doubled),
                  "Somebody else may have walked through. Keep others out; then test anew.");
  }
  if (missed > 0) return failed(fmt::format("{} of {} passages were missed.", missed, 2 * times), kMisses);
  return failed(
      fmt::format("{} passages too many were counted: {} in, {} out.", doubled, in.right, out.right),
      kDoubles);
}

}  // namespace lintel::walk
