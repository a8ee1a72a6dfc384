#include "tests/firmware-bridge/decoders/promises.hpp"

#include <algorithm>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::test {

using namespace lintel::bridge;

namespace {

constexpr std::int64_t kMostPeople = 999'999'999'999;
constexpr std::size_t kLongestReject = 600;
constexpr std::size_t kMostNotes = 1 << 20;

bool is_count(const std::optional<std::int64_t>& count) {
  return !count || (*count >= 0 && *count <= kMostPeople);
}

bool is_key(const std::string& name) {
  return name.empty() || decoders::is_name(name);
}

bool states_something(const Observation& o) {
  const bool null_value = std::find(o.flags.begin(), o.flags.end(), "null_value") != o.flags.end();
  return o.count_in || o.count_out || o.occupancy || o.kind == Kind::presence || null_value;
}

std::string broken_promise(const Observation& o) {
  if (!is_count(o.count_in) || !is_count(o.count_out)) return "a count is negative or absurd";
  if (o.kind == Kind::level && !is_count(o.occupancy)) return "a level is negative or absurd";
  if (!states_something(o)) return "an observation states nothing";
  if (o.from.has_value() != o.to.has_value()) return "a window has one end only";
  if (o.from && o.from->time > o.to->time) return "a window ends before it begins";
  if (!is_key(o.sensor)) return "an identity cannot be a key";
  if (!is_key(o.line) || !is_key(o.region)) return "a line or region cannot be a key";
  if (o.wraps_at && *o.wraps_at <= 0) return "a counter wraps at nothing";
  return {};
}

}  // namespace

std::string broken_promise(const Decoded& decoded) {
  for (const Observation& o : decoded.observations)
    if (std::string broken = broken_promise(o); !broken.empty()) return broken;
  for (const Reject& reject : decoded.rejects) {
    if (reject.message.empty()) return "a reject says nothing";
    if (reject.message.size() > kLongestReject) return "a reject is longer than anybody reads";
  }
  for (const DeviceReport& report : decoded.reports) {
    if (!is_key(report.sensor)) return "a report's identity cannot be a key";
    if (report.battery_percent && (*report.battery_percent < 0 || *report.battery_percent > 100))
      return "a battery is fuller than full";
  }
  return {};
}

std::string broken_promise(const DecodeSession& session) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : session.notes) bytes += key.size() + value.size();
  return bytes > kMostNotes ? "what is kept from frame to frame has no bound" : "";
}

}  // namespace lintel::test
