#include "firmware-bridge/decoders/xovis_v5_counters.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "firmware-bridge/decoders/iso_time.hpp"

namespace lintel::bridge::decoders {

namespace {

using Role = XovisRole;

constexpr double kFirstMillisecond = 1e11;
constexpr double kLastMillisecond = 1e14;  // the year 5138

constexpr std::pair<std::string_view, Role> kRoles[] = {
    {"fw", Role::in},
    {"forward", Role::in},
    {"in", Role::in},
    {"enter", Role::in},
    {"bw", Role::out},
    {"backward", Role::out},
    {"reverse", Role::out},
    {"out", Role::out},
    {"exit", Role::out},
    {"balance", Role::people},
    {"queue-length", Role::people},
    {"visits", Role::note},
    {"outflow", Role::note},
    {"dwell_time", Role::note},
    {"queueing-time", Role::note},
};

Role known_role(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto* found = std::find_if(std::begin(kRoles), std::end(kRoles),
                                   [&](const auto& role) { return role.first == lower; });
  return found == std::end(kRoles) ? Role::unknown : found->second;
}

bool counts_passages(Role role) {
  return role == Role::in || role == Role::out;
}

}  // namespace

XovisRole role_of_counter(std::string_view name, const ChannelMap* map) {
  if (name.empty()) return Role::unknown;
  if (map != nullptr && name == map->in) return Role::in;
  if (map != nullptr && name == map->out) return Role::out;
  const Role role = known_role(name);
  if (counts_passages(role)) return map == nullptr ? role : Role::part;
  if (role != Role::unknown) return role;
  const std::string_view whole = name.substr(0, name.find('-'));
  const bool mapped = map != nullptr && !whole.empty() && (whole == map->in || whole == map->out);
  const bool part = whole.size() < name.size() && (mapped || counts_passages(known_role(whole)));
  return part ? Role::part : Role::unknown;
}

std::optional<DeviceTime> xovis_time(const Json& value) {
  if (const auto* text = value.get_ptr<const Json::string_t*>()) return parse_iso_time(*text);
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!(number >= 0) || number >= kLastMillisecond) return std::nullopt;
  return DeviceTime{utc_ms(std::llround(number < kFirstMillisecond ? number * 1000 : number)), false};
}

}  // namespace lintel::bridge::decoders
