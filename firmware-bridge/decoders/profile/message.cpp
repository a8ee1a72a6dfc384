#include "firmware-bridge/decoders/profile/message.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/profile/state.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxItems = 10'000;
constexpr std::size_t kMaxKeyed = 64;  ///< lines told apart by a part of their keys

constexpr std::size_t kFewFacts = 8;  ///< so many are compared faster one by one than found by their hash

std::int64_t instant(const std::optional<DeviceTime>& time) {
  return time ? count_ms(time->time) : -1;
}

int sides(const Observation& o) {
  return (o.count_in ? 1 : 0) + (o.count_out ? 2 : 0);
}

}  // namespace

std::size_t FactHash::operator()(std::size_t i) const {
  const Observation& o = all[i];
  std::size_t hash = static_cast<std::size_t>(o.kind) * 4 + static_cast<std::size_t>(sides(o));
  constexpr auto kOdd = static_cast<std::size_t>(0x9E3779B97F4A7C15U);  // half of it on 32 bits
  const auto mix = [&hash](std::size_t value) { hash = hash * kOdd + value; };
  for (const std::string* name : {&o.sensor, &o.line, &o.region}) mix(std::hash<std::string>{}(*name));
  mix(static_cast<std::size_t>(instant(o.time)));
  mix(static_cast<std::size_t>(instant(o.from)));
  return hash;
}

bool FactEqual::operator()(std::size_t a, std::size_t b) const {
  const Observation& x = all[a];
  const Observation& y = all[b];
  return x.kind == y.kind && sides(x) == sides(y) && instant(x.time) == instant(y.time) &&
         instant(x.from) == instant(y.from) && x.line == y.line && x.region == y.region &&
         x.sensor == y.sensor;
}

bool Message::full() const {
  return items_ > kMaxItems || out_.rejects.size() > kMaxItems;
}

/// Counts an item; true, with a reject the first time, when there are too many.
bool Message::spent() {
  if (++items_ == kMaxItems + 1)
    reject(RejectKind::sanity, scope_->place(), fmt::format("more than {} items in one message", kMaxItems));
  return items_ > kMaxItems;
}

void Message::reject(RejectKind kind, const std::string& place, std::string_view what) {
  out_.rejects.push_back({kind, fmt::format("{}: {}", place, what)});
}

void Message::document(Scope& scope) {
  scope_ = &scope;
  understood_ = false;
  nameless_ = false;
  if (const Json* value = scope.item().value; value == nullptr || !value->is_structured())
    return reject(RejectKind::unsupported, scope.place(), "expected a JSON object");
  for (const Group& group : form_.groups) {
    walk(group, 0);
    if (nameless_) return;
  }
  if (understood_) return;
  reject(RejectKind::unsupported, scope.place(),
         fmt::format("no statement of {} fits this message", form_.name));
}

void Message::walk(const Group& group, std::size_t depth) {
  if (depth == group.levels.size()) return item(group);
  const Level& level = group.levels[depth];
  const Value found = scope_->find(level.container);
  const Json* container = found.json();
  if (container == nullptr) {
    // At the top it is another kind of message, further in something is missing.
    if (depth > 0 && !level.optional)
      reject(RejectKind::unsupported, scope_->place(level.container), "is missing");
    return;
  }
  const bool fits = level.over == Level::Over::list ? container->is_array() : container->is_object();
  if (!fits) {
    if (depth == 0 && level.over != Level::Over::list) return;
    understood_ = true;
    return reject(RejectKind::unsupported, scope_->place(level.container),
                  level.over == Level::Over::list ? "expected a list" : "expected an object");
  }
  switch (level.over) {
    case Level::Over::list: understood_ = true; return walk_list(group, level, *container);
    case Level::Over::members: understood_ = true; return walk_members(group, level, *container);
    case Level::Over::keys: return walk_keys(group, level, *container);
  }
}

void Message::walk_list(const Group& group, const Level& level, const Json& container) {
  for (std::size_t i = 0; i < container.size(); ++i) {
    if (nameless_ || spent()) return;
    enter(group, {&container[i], {}, i, &level});
  }
}

void Message::walk_members(const Group& group, const Level& level, const Json& container) {
  std::size_t i = 0;
  for (const auto& [key, value] : container.get_ref<const Json::object_t&>()) {
    if (nameless_ || spent()) return;
    enter(group, {&value, key, i++, &level});
  }
}

/// Keys like line_1_in and line_1_out are one item: what tells items apart is what the groups matched.
void Message::walk_keys(const Group& group, const Level& level, const Json& container) {
  std::vector<Parts> seen;
  Groups matched;
  for (const auto& [key, value] : container.get_ref<const Json::object_t&>()) {
    if (!level.keys->match(key, matched)) continue;
    Parts groups(1);  // instead of the whole key, in which the items' keys differ
    groups.insert(groups.end(), matched.begin() + 1, matched.end());
    if (std::find(seen.begin(), seen.end(), groups) != seen.end()) continue;
    if (nameless_ || seen.size() >= kMaxKeyed || spent()) return;
    understood_ = true;
    seen.push_back(std::move(groups));
    enter(group, {&container, key, seen.size() - 1, &level, &seen.back()});
  }
}

void Message::enter(const Group& group, const Item& item) {
  const auto depth = static_cast<std::size_t>(item.level - group.levels.data());
  scope_->push(item);
  walk(group, depth + 1);
  scope_->pop();
}

void Message::item(const Group& group) {
  bool taken = false;
  for (const Statement& one : group.statements) {
    if (!scope_->holds(one.where)) continue;
    taken = true;
    statement(one);
    if (nameless_) return;
  }
  for (const Report& one : group.reports) {
    if (!scope_->holds(one.where)) continue;
    taken |= !one.where.empty();
    report(one);
  }
  if (group.levels.empty()) understood_ |= taken;
  if (taken) return;
  const bool ignored = std::any_of(group.ignored.begin(), group.ignored.end(),
                                   [this](const Where& where) { return scope_->holds(where); });
  if (group.levels.empty()) {
    understood_ |= ignored;
  } else if (!ignored && !group.statements.empty()) {
    reject(RejectKind::unsupported, scope_->place(), "nothing that the profile knows");
  }
}

void Message::statement(const Statement& statement) {
  // An event that a broker kept is old: somebody passed once, before we listened.
  if (frame_.retained && statement.kind == Kind::event) return;
  auto& kept = out_.observations;
  State state(*scope_, settings_, statement, out_.rejects, kept.emplace_back());
  const bool whole = state.read();
  nameless_ |= state.nameless();
  const bool twice = whole && statement.kind != Kind::event && repeated();
  if (!whole || twice) kept.pop_back();
  if (twice)
    reject(RejectKind::sanity, scope_->place(), "the same line or region is stated twice for the same time");
}

/// Whether the last observation states what one before it has stated.
bool Message::repeated() {
  const std::size_t last = out_.observations.size() - 1;
  if (last >= kFewFacts) {
    if (stated_.empty())
      for (std::size_t i = 0; i < last; ++i) stated_.insert(i);
    return !stated_.insert(last).second;
  }
  const FactEqual equal{out_.observations};
  for (std::size_t i = 0; i < last; ++i)
    if (equal(i, last)) return true;
  return false;
}

void Message::report(const Report& report) {
  auto read = read_report(*scope_, report);
  if (read) out_.reports.push_back(std::move(*read));
}

}  // namespace lintel::bridge::decoders::profile
