#include "gateway/cli/configuration.hpp"

#include <algorithm>
#include <ostream>
#include <system_error>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/cli/enrolled.hpp"
#include "gateway/cli/options.hpp"
#include "gateway/cli/profiles.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/config/sources.hpp"

namespace lintel::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr std::string_view kUsualFile = "/etc/lintel/gateway.conf";

/// The file to load; empty: there is none.
fs::path find_file(const ConfigurationOptions& options, const std::vector<std::string>& environment) {
  if (!options.file.empty()) return options.file;
  constexpr std::string_view kVariable = "LINTEL_CONFIG=";
  for (const auto& variable : environment) {
    if (variable.starts_with(kVariable) && variable.size() > kVariable.size())
      return variable.substr(kVariable.size());
  }
  std::error_code error;
  // A file that may not even be looked at is there: loading it tells why it cannot be used.
  return fs::exists(kUsualFile, error) || error ? fs::path(kUsualFile) : fs::path();
}

/// A broken profile keeps nobody from starting: the links that name it are told of, and keep their frames.
void warn_of_broken_profiles(const config::Config& config, std::ostream& err) {
  for (const auto& file : load_decoders(config.profiles_dir).files) {
    for (const auto& complaint : complaints(file)) err << "warning: " << complaint << '\n';
    if (file.problems.empty()) continue;
    for (const auto& link : config.links) {
      const auto names_it = [&](const config::Subscription& one) { return one.decoder == file.name; };
      if (link.decoder != file.name &&
          std::none_of(link.subscriptions.begin(), link.subscriptions.end(), names_it))
        continue;
      err << fmt::format(
          "warning: links.d/{}.conf: its decoder {} is broken, so its frames are kept undecoded\n", link.name,
          file.name);
    }
  }
}

}  // namespace

fs::path configuration_file(const ConfigurationOptions& options) {
  return find_file(options, config::environment_of_process());
}

Result<ConfigurationOptions> take_configuration_options(std::vector<std::string>& args) {
  po::options_description known;
  known.add_options()("config", po::value<std::string>(), "")(
      "set", po::value<std::vector<std::string>>()->composing(), "");
  try {
    const auto style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    const auto parsed = po::command_line_parser(args).options(known).style(style).allow_unregistered().run();
    po::variables_map values;
    po::store(parsed, values);
    ConfigurationOptions options;
    if (values.count("config") != 0) options.file = values["config"].as<std::string>();
    if (values.count("set") != 0) options.overrides = values["set"].as<std::vector<std::string>>();
    args = po::collect_unrecognized(parsed.options, po::include_positional);
    return options;
  } catch (const po::error& error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} (--config FILE, --set section.key=value)", error.what()));
  }
}

Result<config::Config> load_configuration(const ConfigurationOptions& options, std::ostream& err) {
  config::Sources sources{{}, config::environment_of_process(), options.overrides};
  sources.file = find_file(options, sources.environment);
  std::error_code unseen;
  if (!sources.file.empty() && !fs::exists(sources.file, unseen) && !unseen) {
    const auto name = sources.file.string();
    if (const auto meant = did_you_mean_file(name); !meant.empty())
      return fail(ErrorKind::misconfigured, fmt::format("{}: there is no such file{}", name, meant));
  }
  if (sources.file.empty()) {
    err << "note: " << kUsualFile
        << " does not exist and neither --config FILE nor LINTEL_CONFIG names another, "
        << "so the defaults hold\n";
  }
  auto config = config::load(sources, vocabulary());
  if (config) {
    for (const auto& warning : config->warnings) err << "warning: " << warning << '\n';
    warn_of_broken_profiles(*config, err);
    complete_from_identity(*config, err);
  }
  return config;
}

Result<config::Config> configuration(std::vector<std::string>& args, std::ostream& err) {
  const auto options = take_configuration_options(args);
  if (!options) return tl::make_unexpected(options.error());
  return load_configuration(*options, err);
}

config::Vocabulary vocabulary() {
  config::Vocabulary result;
  for (const auto& decoder : bridge::decoders::Registry::built_in().all()) {
    result.decoders.emplace_back(decoder->name());
    if (decoder->framing() == bridge::Framing::modbus) result.modbus.emplace_back(decoder->name());
  }
  result.profiles = [](const fs::path& folder) {
    std::vector<std::string> names;
    for (auto& file : load_decoders(folder).files) names.push_back(std::move(file.name));
    return names;
  };
  return result;
}

Error unexpected_argument(std::string_view argument, std::span<const std::string_view> known) {
  if (!argument.starts_with("-")) {
    return {ErrorKind::misconfigured, fmt::format("unexpected argument \"{}\"", argument)};
  }
  return {ErrorKind::misconfigured,
          fmt::format("unknown option {}, {}", argument, config::suggest(argument, known))};
}

}  // namespace lintel::cli
