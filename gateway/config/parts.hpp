#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config/config.hpp"
#include "gateway/config/ini.hpp"
#include "gateway/config/report.hpp"
#include "gateway/config/settings.hpp"

namespace lintel::config {

/// A file that was read and scanned.
struct Part {
  std::filesystem::path file;
  std::string name;  ///< as messages call it: "links.d/broker.conf"
  bool world_readable = false;
  std::vector<Entry> entries;
};

/// Fills the keys of gateway.conf from what is in force. Problems that only several keys together show
/// go to the report.
void apply_gateway(const Settings& settings, Config& config, Report& report);

/// One file of links.d. The client id of a link that states none is left empty. Absent when the report
/// says why.
std::optional<Link> read_link(const Part& part, const Vocabulary& vocabulary, Report& report);

/// One file of sensors.d. Absent when the report says why.
std::optional<Sensor> read_sensor(const Part& part, const std::vector<Link>& links,
                                  const Vocabulary& vocabulary, Report& report);

/// Warns when everybody may read a file that states a secret.
void warn_of_open_secrets(const Part& part, std::span<const Key> keys, Report& report);

}  // namespace lintel::config
