#include "gateway/setup/setup_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "gateway/config/ini.hpp"
#include "gateway/config/settings.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/enrol/secret.hpp"
#include "gateway/setup/keys.hpp"
#include "gateway/setup/sections.hpp"

namespace lintel::setup {

namespace {

namespace fs = std::filesystem;

constexpr const char* kOverlay = "gateway.d/setup.conf";

/// A folder that nobody else can look into, and that goes with the object.
class Staging {
 public:
  Staging() {
    std::error_code error;
    auto pattern = (fs::temp_directory_path(error) / "lintel-setup-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~Staging() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Takes over the keys that are a setup file's own.
void read_own(const std::string& text, const fs::path& folder, Setup& setup, config::Report& report) {
  config::Settings settings(setup_keys(), report);
  settings.add(config::scan(text, std::string(kFileName), folder,
                            {config::section_names(setup_keys()), false}, report));
  const auto list = [&](std::string_view name) {
    std::vector<std::string> values;
    for (const auto& entry : settings.entries(name)) values.push_back(entry.value);
    return values;
  };
  if (const auto token = enrol::parse_enrolment_token(settings.text("card.token")); token)
    setup.token = *token;
  setup.pin = settings.text("card.pin");
  auto& network = setup.network;
  network.hostname = settings.text("card.hostname");
  network.cable = settings.entry("network.address") != nullptr;
  network.address = settings.text("network.address");
  network.router = settings.text("network.gateway");
  network.dns = list("network.dns");
  network.ntp = list("network.ntp");
  network.ssid = settings.text("wifi.ssid");
  network.wifi_password = settings.text("wifi.password");
  network.country = settings.text("wifi.country");
  network.hidden = settings.text("wifi.hidden") == "yes";
  network.apn = settings.text("modem.apn");
  network.modem_user = settings.text("modem.user");
  network.modem_password = settings.text("modem.password");
  network.sim_pin = settings.text("modem.pin");
  const auto needs = [&](std::string_view name, bool there, const char* what) {
    const auto* entry = settings.entry(name);
    if (entry != nullptr && !entry->value.empty() && !there)
      report.problems.push_back(fmt::format("{}: {}", entry->label, what));
  };
  needs("network.gateway", !network.address.empty(), "goes with [network] address");
  needs("network.dns", !network.address.empty(), "goes with [network] address; by DHCP the router says it");
  needs("wifi.password", !network.ssid.empty(), "goes with [wifi] ssid, the network's name");
  needs("modem.pin", !network.apn.empty(), "goes with [modem] apn");
  if (!network.ssid.empty() && network.country.empty()) {
    report.problems.push_back(
        fmt::format("{}: say country as well, for example DE: without it the radio stays off",
                    settings.entry("wifi.ssid")->label));
  }
}

/// What is configured by now, without what is not configuration.
void copy_present(const fs::path& present, const fs::path& to) {
  std::error_code error;
  for (const auto* name : {"gateway.conf", "gateway.d", "links.d", "sensors.d", "profiles.d"}) {
    if (fs::exists(present / name, error))
      fs::copy(present / name, to / name, fs::copy_options::recursive, error);
  }
}

/// Files beside the setup file that its keys name: they come along, to beside the file that names them.
void add_named_files(const fs::path& folder, Setup& setup, config::Report& report) {
  static const std::regex kNames(
      R"((?:^|\n)[ \t]*(?:ca_file|client_cert|client_key|password_file|secret_file)[ \t]*=[ \t]*([^/\s][^\n]*))");
  const auto files = setup.files;
  for (const auto& [path, text] : files) {
    for (std::sregex_iterator match(text.begin(), text.end(), kNames), end; match != end; ++match) {
      const auto name = std::string(config::trim((*match)[1].str()));
      const auto content = config::read_text(folder / name);
      if (fs::path(name).filename() != name) {
        report.problems.push_back(fmt::format("{}: {}: has to lie beside {}", kFileName, name, kFileName));
      } else if (!content) {
        report.problems.push_back(fmt::format("{}: {}: {}", kFileName, name, content.error()));
      } else {
        setup.files[(fs::path(path).parent_path() / name).string()] = content->text;
        setup.named_files.insert(name);
      }
    }
  }
}

void write(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream(file, std::ios::binary) << text;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, error);
}

/// A problem of the staged configuration in terms of the setup file. The overlay's first `own_lines` are
/// those of that file, what follows was said by an earlier one.
std::string in_terms_of_setup(std::string line, const Setup& setup, std::size_t own_lines,
                              const fs::path& staging) {
  for (auto at = line.find(staging.string()); at != std::string::npos; at = line.find(staging.string()))
    line.replace(at, staging.string().size(), "/etc/lintel");
  for (const auto& [path, text] : setup.files) {
    if (!line.starts_with(path)) continue;
    auto rest = line.substr(path.size());
    static const std::regex kLine(R"(:([0-9]{1,9})(.*))");
    if (std::smatch match; std::regex_match(rest, match, kLine)) {
      if (path != kOverlay || std::stoul(match[1]) <= own_lines) return std::string(kFileName) + rest;
      return fmt::format("{}, as an earlier one said{}", kFileName, match[2].str());
    }
    const auto stem = fs::path(path).stem().string();
    const auto part = path.starts_with("links.d/")     ? fmt::format("[link {}]", stem)
                      : path.starts_with("sensors.d/") ? fmt::format("[sensor {}]", stem)
                                                       : std::string();
    return fmt::format("{}: {}{}", kFileName, part, rest);
  }
  return line;
}

/// What an earlier setup file said of the gateway holds on, key by key, where this one says nothing else.
/// Returns how many lines of the overlay are this one's own.
std::size_t keep_said(const fs::path& present, Setup& setup) {
  const auto said = setup.files.find(kOverlay);
  const auto before = config::read_text(present / kOverlay);
  if (said == setup.files.end()) return 0;
  if (!said->second.ends_with('\n')) said->second += '\n';
  const auto own_lines = static_cast<std::size_t>(std::count(said->second.begin(), said->second.end(), '\n'));
  if (!before) return own_lines;
  config::Report ignored;  // both are checked with all the rest
  const config::Sections sections{config::section_names(config::gateway_keys()), false};
  const auto entries = [&](const std::string& text) {
    return config::scan(text, kOverlay, {}, sections, ignored);
  };
  std::set<std::pair<std::string, std::string>> stated;
  for (const auto& entry : entries(said->second)) stated.emplace(entry.section, entry.key);
  std::string section;
  for (const auto& entry : entries(before->text)) {
    if (stated.contains({entry.section, entry.key})) continue;
    if (config::find_key(config::gateway_keys(), entry.section, entry.key) == nullptr) {
      setup.warnings.push_back(
          fmt::format("{}, as an earlier one said: [{}] {}: no key of this version, left out", kFileName,
                      entry.section, entry.key));
      continue;
    }
    if (section != entry.section) said->second += fmt::format("[{}]\n", section = entry.section);
    said->second += fmt::format("{} = {}\n", entry.key, entry.value);
  }
  return own_lines;
}

void check_staged(Setup& setup, std::size_t own_lines, const fs::path& present,
                  const config::Vocabulary& vocabulary, config::Report& report) {
  const Staging staging;
  if (staging.path().empty()) {
    report.problems.push_back("there is no room for a temporary folder to check it in");
    return;
  }
  copy_present(present, staging.path());
  if (std::error_code error; !fs::exists(staging.path() / "gateway.conf", error))
    write(staging.path() / "gateway.conf", "");
  for (const auto& [path, text] : setup.files) write(staging.path() / path, text);
  const auto checked = config::load({staging.path() / "gateway.conf", {}, {}}, vocabulary);
  if (checked) {
    for (const auto& warning : checked->warnings)
      setup.warnings.push_back(in_terms_of_setup(warning, setup, own_lines, staging.path()));
    return;
  }
  std::istringstream lines(checked.error().message);
  std::string line;
  std::getline(lines, line);  // how many there are
  while (std::getline(lines, line))
    report.problems.push_back(
        in_terms_of_setup(std::string(config::trim(line)), setup, own_lines, staging.path()));
}

}  // namespace

Result<Setup> read_setup(std::string_view text, const fs::path& folder, const fs::path& present,
                         const config::Vocabulary& vocabulary) {
  config::Report report;
  Setup setup;
  auto parts = parts_of(text, report);
  read_own(parts.own, folder, setup, report);
  if (parts.gateway.find('=') != std::string::npos) setup.files[kOverlay] = std::move(parts.gateway);
  for (auto& [name, file] : parts.links) setup.files[fmt::format("links.d/{}.conf", name)] = std::move(file);
  for (auto& [name, file] : parts.sensors)
    setup.files[fmt::format("sensors.d/{}.conf", name)] = std::move(file);
  add_named_files(folder, setup, report);
  const auto own_lines = keep_said(present, setup);
  check_staged(setup, own_lines, present, vocabulary, report);
  setup.warnings.insert(setup.warnings.end(), report.warnings.begin(), report.warnings.end());
  if (report.problems.empty()) return setup;
  std::string all;
  for (const auto& problem : report.problems) all += (all.empty() ? "" : "\n") + problem;
  return fail(ErrorKind::misconfigured, all);
}

}  // namespace lintel::setup
