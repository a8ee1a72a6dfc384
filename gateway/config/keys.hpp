#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/options_description.hpp>

namespace lintel::config {

/// One key that a file may state.
struct Key {
  std::string_view section;  ///< empty in links.d and sensors.d
  std::string_view name;
  std::string_view fallback;  ///< the default, as a person would write it
  std::string_view help;      ///< what it does; a unit where there is one
  /// What was expected instead; nullopt when the value is fine.
  std::optional<std::string> (*check)(std::string_view value) = nullptr;
  bool repeatable = false;  ///< may stand several times, sources add up
  bool secret = false;      ///< its value is never shown

  /// How Boost.Program_options calls it: "hq.url", or "url" where there are no sections.
  [[nodiscard]] std::string full_name() const;
};

std::span<const Key> gateway_keys();  ///< gateway.conf
std::span<const Key> mqtt_keys();     ///< links.d, type = mqtt; with the keys of every link
std::span<const Key> serial_keys();   ///< links.d, type = serial; with the keys of every link
std::span<const Key> modbus_keys();   ///< links.d, type = modbus; with the keys of every link
std::span<const Key> http_keys();     ///< links.d, type = http; with the keys of every link
std::span<const Key> poll_keys();     ///< links.d, type = poll; with the keys of every link
std::span<const Key> sensor_keys();   ///< sensors.d

const Key* find_key(std::span<const Key> keys, std::string_view section, std::string_view name);
std::vector<std::string_view> section_names(std::span<const Key> keys);
std::vector<std::string_view> key_names(std::span<const Key> keys, std::string_view section);

/// The same keys for Boost.Program_options: texts with their defaults and their description.
boost::program_options::options_description describe(std::span<const Key> keys);

}  // namespace lintel::config
