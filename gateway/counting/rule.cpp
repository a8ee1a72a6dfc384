// The rules' names and sentences.
#include "gateway/counting/counter.hpp"

namespace lintel::counting {

namespace {

constexpr const char* kNames[] = {"baseline",      "increment",      "wrapped",  "reset",
                                  "zero_awaited",  "zero_was_boot",  "lowered",  "implausible",
                                  "late",          "repeated",       "interval", "event",
                                  "told_by_total", "told_by_window", "retained", "no_passage"};

}  // namespace

const char* to_string(Rule rule) {
  return kNames[static_cast<std::size_t>(rule)];
}

std::optional<Rule> rule_from(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Rule>(i);
  }
  return std::nullopt;
}

const char* explain(Rule rule) {
  switch (rule) {
    case Rule::baseline:
      return "the first total of this device: it says where counting begins and counts nobody";
    case Rule::increment: return "the total rose by this since the last one";
    case Rule::wrapped: return "the counter passed the end of its range and went on from zero";
    case Rule::reset: return "the counter began again at zero: what it shows came since";
    case Rule::zero_awaited:
      return "the counter is at zero: the next value tells whether it was reset or is still starting";
    case Rule::zero_was_boot:
      return "the zero before was a device still starting: the total rose by this since";
    case Rule::lowered:
      return "the device took back some of what it had counted: it counts again once it is past that";
    case Rule::implausible:
      return "the total moved further than people can pass: taken as another device's, nobody is counted";
    case Rule::late: return "a total older than the last one says nothing new";
    case Rule::repeated: return "the device stated this before";
    case Rule::interval: return "a window counts the people in it";
    case Rule::event: return "a passage counts itself";
    case Rule::told_by_total: return "a total has counted this time already";
    case Rule::told_by_window: return "windows that the device states count these passages";
    case Rule::retained: return "the broker repeated what it had kept: what the device says next contains it";
    case Rule::no_passage: return "people present are not people passing";
  }
  return "";
}

}  // namespace lintel::counting
