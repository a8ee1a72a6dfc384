#include "firmware-bridge/decoders/profile/fields.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/core/nearest.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxProblems = 50;
constexpr std::size_t kMaxElements = 256;

}  // namespace

void Problems::add(std::string pointer, std::string what) {
  Problem problem{std::move(pointer), std::move(what)};
  if (all_.size() < kMaxProblems && std::find(all_.begin(), all_.end(), problem) == all_.end())
    all_.push_back(std::move(problem));
}

Spot Spot::at(std::string_view key, const Json& member) const {
  std::string step;
  for (const char c : key) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return {&member, pointer + "/" + step};
}

Spot Spot::at(std::size_t index) const {
  return {&(*value)[index], pointer + "/" + std::to_string(index)};
}

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (const auto* text = value.get_ptr<const Json::string_t*>()) return excerpt(*text);
  return value.dump();
}

Fields::Fields(Spot spot, Problems& problems) : spot_(std::move(spot)), problems_(problems) {
  if (spot_.value->is_object()) return;
  problems_.add(spot_.pointer, "expected an object, found " + shown(*spot_.value));
  spot_.value = nullptr;
}

std::optional<Spot> Fields::get(std::string_view key) {
  known_.push_back(key);
  if (spot_.value == nullptr) return std::nullopt;
  const auto found = spot_.value->find(key);
  if (found == spot_.value->end()) return std::nullopt;
  return spot_.at(key, *found);
}

std::optional<Spot> Fields::need(std::string_view key, std::string_view what) {
  auto spot = get(key);
  if (!spot && spot_.value != nullptr)
    problems_.add(spot_.pointer, fmt::format("{} is missing: expected {}", key, what));
  return spot;
}

std::optional<std::string> Fields::text(std::string_view key) {
  const auto spot = get(key);
  if (!spot) return std::nullopt;
  if (const auto* text = spot->value->get_ptr<const Json::string_t*>()) return *text;
  problems_.add(spot->pointer, "expected a text, found " + shown(*spot->value));
  return std::nullopt;
}

bool Fields::flag(std::string_view key) {
  const auto spot = get(key);
  if (!spot) return false;
  if (spot->value->is_boolean()) return spot->value->get<bool>();
  problems_.add(spot->pointer, "expected true or false, found " + shown(*spot->value));
  return false;
}

void Fields::finish() {
  if (spot_.value == nullptr) return;
  for (const auto& [key, member] : spot_.value->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    problems_.add(spot_.at(key, member).pointer,
                  fmt::format("nothing is called {} here, {}", excerpt(key), suggest(key, known_)));
  }
}

std::vector<Spot> each(const Spot& spot, Problems& problems) {
  if (!spot.value->is_array()) return {spot};
  std::vector<Spot> spots;
  if (spot.value->size() > kMaxElements) {
    problems.add(spot.pointer, fmt::format("{} entries are more than {}", spot.value->size(), kMaxElements));
    return spots;
  }
  for (std::size_t i = 0; i < spot.value->size(); ++i) spots.push_back(spot.at(i));
  return spots;
}

}  // namespace lintel::bridge::decoders::profile
