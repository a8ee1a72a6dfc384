#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/report.hpp"

namespace lintel::config {

/// One `key = value`, and where a person finds it.
struct Entry {
  std::string section;  ///< empty in files that have none
  std::string key;
  std::string value;
  std::string where;           ///< "gateway.conf:12", "LINTEL_HQ_URL", "--set hq.url"
  std::string label;           ///< how a message about it begins: "gateway.conf:12: [hq] url"
  std::filesystem::path base;  ///< the folder that a relative path in the value refers to
};

/// Which sections a file may have.
struct Sections {
  std::vector<std::string_view> names;
  /// The file is one section, whose header may be left out; entries then carry no section.
  bool sole = false;
};

/// Reads INI text. A comment is a line whose first visible character is `#` or `;`: anywhere else
/// these belong to the value, because MQTT topics and passwords contain them. Values are trimmed; CR LF
/// and a byte order mark are tolerated. Whatever it cannot read goes to `report` as "name:line: ...".
std::vector<Entry> scan(std::string_view text, const std::string& name, const std::filesystem::path& base,
                        const Sections& sections, Report& report);

}  // namespace lintel::config
