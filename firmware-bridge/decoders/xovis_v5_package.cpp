#include "firmware-bridge/decoders/xovis_v5_package.hpp"

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xovis_v5_counters.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxRejects = 64;

}  // namespace

const Json::array_t* XovisPackage::list_in(const Json& parent, const char* key, const Place& at) const {
  const Json* value = member(&parent, key);
  const auto* list = value != nullptr ? value->get_ptr<const Json::array_t*>() : nullptr;
  if (list == nullptr) reject(out, RejectKind::unsupported, at.at(key), "expected a list");
  return list;
}

std::optional<DeviceTime> XovisPackage::read_time(const Json& parent, const char* key,
                                                  const Place& at) const {
  const Json* value = member(&parent, key);
  const auto time = value != nullptr ? xovis_time(*value) : std::nullopt;
  if (!time)
    reject(out, RejectKind::sanity, at.at(key),
           value == nullptr
               ? "missing: a count without its time cannot be placed"
               : "expected Unix milliseconds, Unix seconds or a time like 2026-10-02T18:05:00+04:00");
  return time;
}

const ChannelMap* XovisPackage::map_of(std::string_view line) const {
  const LineMap& lines = settings.lines_of(sensor);
  const auto found = lines.find(line);
  return found == lines.end() ? nullptr : &found->second;
}

void XovisPackage::reject_unknown(const std::string& counter, const std::string& logic,
                                  const Place& at) const {
  reject(out, RejectKind::unsupported, at,
         fmt::format("whether the counter {} of {} is in or out is not known: map the channels of the line",
                     excerpt(counter), excerpt(logic)));
}

bool XovisPackage::gave_up() const {
  return out.rejects.size() >= kMaxRejects;
}

}  // namespace lintel::bridge::decoders
