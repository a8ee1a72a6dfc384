#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/place.hpp"

namespace lintel::bridge::decoders {

/// One package of a Xovis message: what it holds, where it stands, who sent it, and where to put what it
/// says. Lives on the stack while it is read.
struct XovisPackage {
  const Json& data;
  const Place& place;
  std::string sensor;  ///< empty: the package does not say
  const DecodeSettings& settings;
  Decoded& out;

  /// A list that has to be there; otherwise null, and a reject.
  const Json::array_t* list_in(const Json& parent, const char* key, const Place& at) const;

  /// A time that has to be there; otherwise nothing, and a reject.
  std::optional<DeviceTime> read_time(const Json& parent, const char* key, const Place& at) const;

  /// The channels that the installation gave a line; null: none.
  const ChannelMap* map_of(std::string_view line) const;

  /// Says that a counter has to be mapped before it can count.
  void reject_unknown(const std::string& counter, const std::string& logic, const Place& at) const;

  /// Whether so much was wrong with the message that the rest is not worth reading.
  bool gave_up() const;
};

void decode_xovis_logics(const XovisPackage& package);
void decode_xovis_live(const XovisPackage& package);

}  // namespace lintel::bridge::decoders
