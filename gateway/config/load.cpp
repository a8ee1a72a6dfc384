#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "gateway/config/config.hpp"
#include "gateway/config/device.hpp"
#include "gateway/config/parts.hpp"
#include "gateway/config/sources.hpp"

namespace lintel::config {
namespace {

namespace fs = std::filesystem;

/// One load, from its sources to a Config or to everything that is wrong with them.
class Loader {
 public:
  Loader(const Sources& sources, const Vocabulary& vocabulary) : sources_(sources), vocabulary_(vocabulary) {}

  Result<Config> run() {
    std::error_code error;
    if (!sources_.file.empty()) config_.file = fs::absolute(sources_.file, error).lexically_normal();
    gateway();
    profiles();
    if (!config_.file.empty()) {
      links();
      sensors();
    }
    if (config_.links.empty() && report_.problems.empty()) {
      report_.warnings.push_back(
          config_.file.empty()
              ? "no configuration file is in use, so there are no links and nothing is counted"
              : fmt::format("{} holds no *.conf, so there are no links and nothing is counted",
                            (config_.file.parent_path() / "links.d").string()));
    }
    if (!report_.problems.empty()) return fail(ErrorKind::misconfigured, complaint());
    config_.warnings = std::move(report_.warnings);
    return std::move(config_);
  }

 private:
  void gateway() {
    Settings settings(gateway_keys(), report_);
    settings.add(from_overrides(sources_.overrides, gateway_keys(), report_));
    settings.add(from_environment(sources_.environment, gateway_keys(), report_));
    if (!config_.file.empty()) {
      const auto names = section_names(gateway_keys());
      auto files = parts("gateway.d", {names, false});
      std::reverse(files.begin(), files.end());  // of two that state a key the last by name holds
      if (auto part = read(config_.file, config_.file.filename().string(), {names, false}))
        files.push_back(std::move(*part));
      for (const auto& part : files) {
        settings.add(part.entries);
        warn_of_open_secrets(part, gateway_keys(), report_);
      }
    }
    apply_gateway(settings, config_, report_);
  }

  void profiles() {
    if (config_.profiles_dir.empty() && !config_.file.empty())
      config_.profiles_dir = config_.file.parent_path() / "profiles.d";
    if (!vocabulary_.profiles) return;
    for (auto& name : vocabulary_.profiles(config_.profiles_dir))
      vocabulary_.decoders.push_back(std::move(name));
  }

  void links() {
    for (const auto& part : parts("links.d", {{"link"}, true})) {
      if (auto link = read_link(part, vocabulary_, report_)) config_.links.push_back(std::move(*link));
      link_names_.push_back(part.file.stem().string());
    }
    std::sort(config_.links.begin(), config_.links.end(),
              [](const Link& a, const Link& b) { return a.name < b.name; });
    for (auto& link : config_.links) {
      if (link.type != Link::Type::mqtt || !link.client_id.empty()) continue;
      const auto& owner = config_.store_id.empty() ? config_.gateway_name : config_.store_id;
      link.client_id = fmt::format("lintel-{}-{}", owner, link.name);
    }
    refuse_rivals();
  }

  /// Two links that would throw each other out: of the broker's session, or of the serial line.
  void refuse_rivals() {
    for (std::size_t a = 0; a < config_.links.size(); ++a) {
      for (std::size_t b = a + 1; b < config_.links.size(); ++b) {
        const auto& first = config_.links[a];
        const auto& second = config_.links[b];
        if (!first.device.empty() && port_of(first.device) == port_of(second.device)) {
          problem(second.file,
                  fmt::format("{} is used by links.d/{}.conf already: a port has one link, which "
                              "is type = serial or type = modbus",
                              second.device.string(), first.name));
        }
        for (const auto& url : first.urls) {
          if (std::find(second.urls.begin(), second.urls.end(), url) == second.urls.end()) continue;
          problem(second.file, fmt::format("{} is asked for by links.d/{}.conf already", url, first.name));
        }
        if (first.type != second.type) continue;
        if (first.type == Link::Type::mqtt && first.url == second.url &&
            first.client_id == second.client_id) {
          problem(second.file,
                  fmt::format("links.d/{}.conf uses the same broker under the same client_id, give one of "
                              "them another",
                              first.name));
        }
      }
    }
  }

  void sensors() {
    // A link that was refused still has a name that a sensor may mention.
    std::vector<Link> known(link_names_.size());
    for (std::size_t i = 0; i < known.size(); ++i) known[i].name = link_names_[i];
    for (const auto& part : parts("sensors.d", {{"sensor"}, true})) {
      auto sensor = read_sensor(part, known, vocabulary_, report_);
      if (!sensor) continue;
      const auto twin = std::find_if(config_.sensors.begin(), config_.sensors.end(),
                                     [&](const Sensor& other) { return other.serial == sensor->serial; });
      if (twin != config_.sensors.end()) {
        problem(part.file, fmt::format("{} is described already in sensors.d/{}", sensor->serial,
                                       twin->file.filename().string()));
      }
      config_.sensors.push_back(std::move(*sensor));
    }
    for (const auto& sensor : config_.sensors) {
      const auto before = std::find_if(config_.sensors.begin(), config_.sensors.end(),
                                       [&](const Sensor& other) { return other.serial == sensor.replaces; });
      if (before == config_.sensors.end() || sensor.replaces.empty()) continue;
      problem(sensor.file,
              fmt::format("replaces = \"{}\", which sensors.d/{} still describes: remove that file, "
                          "its device is gone",
                          sensor.replaces, before->file.filename().string()));
    }
    std::sort(config_.sensors.begin(), config_.sensors.end(),
              [](const Sensor& a, const Sensor& b) { return a.serial < b.serial; });
  }

  /// The *.conf files of a folder beside the main file, by name.
  std::vector<Part> parts(const std::string& folder, const Sections& sections) {
    const auto path = config_.file.parent_path() / folder;
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (!name.ends_with(".conf")) continue;  // editors' and dpkg's backups, *.example, README
      if (name.front() != '.') {
        files.push_back(entry->path());
      } else if (!name.starts_with(".#")) {  // an editor's lock
        report_.warnings.push_back(fmt::format("{}/{}: ignored, its name begins with a dot", folder, name));
      }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      report_.problems.push_back(fmt::format("{}: cannot be listed: {}", path.string(), error.message()));
    }
    std::sort(files.begin(), files.end());
    std::vector<Part> result;
    for (const auto& file : files) {
      auto part = read(file, folder + "/" + file.filename().string(), sections);
      if (part) result.push_back(std::move(*part));
    }
    return result;
  }

  std::optional<Part> read(const fs::path& file, const std::string& name, const Sections& sections) {
    const auto content = read_text(file);
    if (!content) {
      report_.problems.push_back(fmt::format("{}: {}", name, content.error()));
      return std::nullopt;
    }
    const auto before = report_.problems.size();
    auto entries = scan(content->text, name, file.parent_path(), sections, report_);
    // Nothing was read of a file that is no text: that its keys are missing is no news.
    if (entries.empty() && report_.problems.size() > before) return std::nullopt;
    return Part{file, name, content->world_readable, std::move(entries)};
  }

  void problem(const fs::path& file, const std::string& text) {
    const auto folder = file.parent_path().filename().string();
    report_.problems.push_back(fmt::format("{}/{}: {}", folder, file.filename().string(), text));
  }

  [[nodiscard]] std::string complaint() const {
    const auto count = report_.problems.size();
    auto text =
        fmt::format("{} {}:", config_.file.empty() ? "the configuration has" : config_.file.string() + " has",
                    count == 1 ? "a problem" : fmt::format("{} problems", count));
    for (const auto& problem : report_.problems) text += "\n  " + problem;
    return text;
  }

  const Sources& sources_;
  Vocabulary vocabulary_;
  Report report_;
  Config config_;
  std::vector<std::string> link_names_;
};

}  // namespace

void warn_of_open_secrets(const Part& part, std::span<const Key> keys, Report& report) {
  if (!part.world_readable) return;
  for (const auto& entry : part.entries) {
    const auto* key = find_key(keys, entry.section, entry.key);
    if (key == nullptr || !key->secret || entry.value.empty()) continue;
    report.warnings.push_back(fmt::format("{}: everybody on this machine can read it, chmod o-r {}",
                                          entry.label, part.file.string()));
  }
}

Result<Config> load(const Sources& sources, const Vocabulary& vocabulary) {
  return Loader(sources, vocabulary).run();
}

Result<Config> load(const fs::path& file, const Vocabulary& vocabulary,
                    const std::vector<std::string>& overrides) {
  return load(Sources{file, environment_of_process(), overrides}, vocabulary);
}

}  // namespace lintel::config
