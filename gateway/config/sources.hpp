#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gateway/config/ini.hpp"
#include "gateway/config/keys.hpp"
#include "gateway/config/report.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {

struct TextFile {
  std::string text;
  bool world_readable = false;
  bool private_to_owner = false;
};

/// Reads a whole file of at most 1 MB; else what stands in the way and what to try.
Parsed<TextFile> read_text(const std::filesystem::path& file);

/// The LINTEL_SECTION_KEY variables among "NAME=value". Unknown ones go to the report.
std::vector<Entry> from_environment(const std::vector<std::string>& environment, std::span<const Key> keys,
                                    Report& report);

/// "section.key=value" each. Unknown ones go to the report.
std::vector<Entry> from_overrides(const std::vector<std::string>& overrides, std::span<const Key> keys,
                                  Report& report);

/// The environment of this process as "NAME=value".
std::vector<std::string> environment_of_process();

}  // namespace lintel::config
