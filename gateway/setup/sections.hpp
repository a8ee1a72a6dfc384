#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gateway/config/report.hpp"

namespace lintel::setup {

inline constexpr std::string_view kFileName = "lintel-setup.txt";

/// The parts of a setup file. Each has as many lines as the file, empty where a line belongs to another part,
/// so that what is said of a line of a part is said of that line of the file.
struct Parts {
  std::string own;                             ///< [card], [network], [wifi], [modem]
  std::string gateway;                         ///< the sections of gateway.conf
  std::map<std::string, std::string> links;    ///< [link NAME]: a file of links.d
  std::map<std::string, std::string> sensors;  ///< [sensor NAME]: a file of sensors.d
};

/// Takes a setup file apart by its section headers. What it cannot place goes to `report`.
Parts parts_of(std::string_view text, config::Report& report);

/// The text with every value that is a secret in any part replaced, for a file that stays on the card.
std::string without_secrets(std::string_view text);

}  // namespace lintel::setup
