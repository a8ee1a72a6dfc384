#include "gateway/cli/profiles.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "firmware-bridge/decoders/profile/broken.hpp"
#include "firmware-bridge/decoders/profile/load.hpp"
#include "gateway/config/sources.hpp"

namespace lintel::cli {

namespace {

namespace fs = std::filesystem;
using bridge::decoders::Registry;

constexpr std::size_t kMaxFiles = 200;

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  if (folder.empty()) return files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.ends_with(".json") && !name.ends_with(".schema.json") && name.front() != '.')
      files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What links that name a broken profile say of their frames.
std::string reason(const ProfileFile& file) {
  return fmt::format("the profile {} is broken ({}{}): repair it, `lintel decoders check {}` helps",
                     file.file.string(), file.problems.front(),
                     file.problems.size() > 1 ? fmt::format(", and {} more", file.problems.size() - 1) : "",
                     file.file.string());
}

}  // namespace

CheckedProfile check_profile(const fs::path& file) {
  CheckedProfile checked;
  checked.file.file = file;
  checked.file.name = file.stem().string();
  const auto content = config::read_text(file);
  if (!content) {
    checked.file.problems.push_back(content.error());
    return checked;
  }
  auto loaded = bridge::decoders::profile::load(content->text, bridge::decoders::profile::Samples::run);
  checked.file.samples = loaded.samples;
  checked.file.problems = std::move(loaded.problems);
  checked.decoder = std::move(loaded.profile);
  return checked;
}

Decoders load_decoders(const fs::path& folder) {
  Decoders decoders;
  auto registry = Registry::with_built_in();
  for (const fs::path& file : files_of(folder)) {
    CheckedProfile checked;
    if (decoders.files.size() < kMaxFiles) {
      checked = check_profile(file);
    } else {
      checked.file = {file, file.stem().string(), 0, {fmt::format("more than {} files", kMaxFiles)}};
    }
    auto& problems = checked.file.problems;
    const std::string name = checked.file.name;
    if (checked.decoder && checked.decoder->name() != name)
      problems.push_back(fmt::format("/name: expected \"{}\", as the file is called", name));
    if (registry->find(name) != nullptr) {
      problems.push_back(fmt::format("/name: {} is a decoder of this build, give it another name", name));
    } else if (problems.empty()) {
      registry->add(std::move(checked.decoder));
    } else {
      registry->add(std::make_unique<bridge::decoders::profile::Broken>(name, reason(checked.file)));
    }
    decoders.files.push_back(std::move(checked.file));
  }
  decoders.registry = std::move(registry);
  return decoders;
}

std::vector<std::string> complaints(const ProfileFile& file) {
  std::vector<std::string> lines;
  for (const std::string& problem : file.problems)
    lines.push_back(fmt::format("{}: {}", file.file.string(), problem));
  return lines;
}

Decoders decoders_in_force(const ConfigurationOptions& options, std::ostream& err) {
  const auto file = configuration_file(options);
  if (file.empty() && options.overrides.empty()) return load_decoders({});
  std::ostringstream warnings;  // what is wrong with links is no matter of decoders
  const auto config = load_configuration(options, warnings);
  if (config) return load_decoders(config->profiles_dir);
  err << "note: " << config.error().message << '\n';
  return load_decoders(file.empty() ? fs::path() : file.parent_path() / "profiles.d");
}

}  // namespace lintel::cli
