#include "gateway/cli/probe.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "firmware-bridge/links/probe.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/options.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/config/device.hpp"
#include "gateway/config/values.hpp"
#include "gateway/status/control.hpp"

namespace lintel::cli {

namespace {

namespace fs = std::filesystem;
using bridge::links::ProbeFinding;
using bridge::links::ProbeOptions;
using bridge::links::SerialFormat;
using nlohmann::json;

constexpr auto kAnswerWithin = std::chrono::milliseconds{500};
constexpr std::string_view kOptions[] = {"--config", "--set", "--units", "--seconds", "--json"};

std::string text_of(const SerialFormat& format) {
  return fmt::format("{}{}{}", format.data_bits, format.parity, format.stop_bits);
}

/// A running gateway reads its ports itself: listening beside it would take bytes away from it.
Result<void> ask_daemon(const config::Config& config, const fs::path& device) {
  const auto user = std::find_if(config.links.begin(), config.links.end(), [&](const config::Link& link) {
    return !link.device.empty() && config::port_of(link.device) == config::port_of(device);
  });
  if (user == config.links.end()) return {};
  const auto answer = status::ask(status::control_path(config.state_dir), {{"verb", "ping"}}, kAnswerWithin);
  if (!answer && answer.error().kind == ErrorKind::misconfigured) return {};  // nobody runs
  return fail(
      ErrorKind::rejected,
      fmt::format("{} is read by the link {} of the running gateway: `lintel status` shows what it hears; to "
                  "probe the port, stop the gateway first (systemctl stop lintel)",
                  device.string(), user->name));
}

Result<ProbeOptions> options_of(std::vector<std::string>& args) {
  ProbeOptions options;
  for (const auto& decoder : bridge::decoders::Registry::built_in().all())
    options.decoders.push_back(decoder.get());
  const auto units = take_option(args, "--units");
  if (!units) return tl::unexpected(units.error());
  if (*units) {
    auto parsed = config::bus_units(**units);
    if (!parsed)
      return fail(ErrorKind::misconfigured, fmt::format("--units {}: {}", **units, parsed.error()));
    options.units = std::move(*parsed);
  }
  const auto seconds = take_option(args, "--seconds");
  if (!seconds) return tl::unexpected(seconds.error());
  if (*seconds) {
    using namespace std::chrono_literals;
    const auto parsed = config::seconds(**seconds, 100ms, 10min);
    if (!parsed)
      return fail(ErrorKind::misconfigured, fmt::format("--seconds {}: {}", **seconds, parsed.error()));
    options.listen = *parsed;
  }
  return options;
}

json to_json(const ProbeFinding& finding) {
  return {{"baud", finding.format.baud}, {"format", text_of(finding.format)}, {"decoder", finding.decoder},
          {"what", finding.what},        {"recognised", finding.recognised},  {"frames", finding.frames},
          {"checked", finding.checked},  {"sample", finding.sample}};
}

std::string type_of(const ProbeFinding& finding) {
  const auto* decoder = bridge::decoders::Registry::built_in().find(finding.decoder);
  return decoder != nullptr && decoder->framing() == bridge::Framing::modbus ? "modbus" : "serial";
}

void print(const std::vector<ProbeFinding>& found, const fs::path& device, const ProbeOptions& options,
           std::ostream& out) {
  for (const auto& finding : found) {
    out << fmt::format("{} {}: {}{}\n", finding.format.baud, text_of(finding.format),
                       finding.decoder.empty() ? "" : finding.decoder + ", ", finding.what);
    if (finding.recognised > 0)
      out << fmt::format("  {} of {} frames recognised\n", finding.recognised, finding.frames);
    out << fmt::format("  sample: {}\n", finding.sample);
  }
  if (found.empty()) {
    out << "Nothing that could be recognised was heard on " << device.string() << ".\n"
        << (options.units.empty()
                ? "A counter that reports passages only is silent until somebody walks by: walk through its "
                  "door\n"
                  "while this listens (--seconds 10 listens longer to each speed). Modbus units speak only "
                  "when\n"
                  "they are asked: name their addresses with --units.\n"
                : "Check power and address of the units, and that A and B are not swapped.\n");
    return;
  }
  const auto& best = found.front();
  if (best.decoder.empty()) return;
  out << fmt::format(
      "\nFor a file in links.d:\n  type = {}\n  device = {}\n  baud = {}\n  format = {}\n  decoder = {}\n",
      type_of(best), device.string(), best.format.baud, text_of(best.format), best.decoder);
}

}  // namespace

int probe(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = configuration(rest, err);
  if (!config) return refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  auto options = options_of(rest);
  if (!options) return refuse(options.error(), err);
  if (rest.empty())
    return refuse({ErrorKind::misconfigured, "name the port, for example: lintel probe /dev/ttyUSB0"}, err);
  if (rest.size() > 1 || rest.front().starts_with("-"))
    return refuse(unexpected_argument(rest.front().starts_with("-") ? rest.front() : rest[1], kOptions), err);
  const fs::path device = rest.front();
  if (const auto free = ask_daemon(*config, device); !free) return refuse(free.error(), err);
  options->progress = [&](const SerialFormat& format) {
    err << fmt::format("listening at {} {}\n", format.baud, text_of(format)) << std::flush;
  };
  const auto found = bridge::links::probe_port(device, *options);
  if (!found) return refuse(found.error(), err);
  if (as_json) {
    auto list = json::array();
    for (const auto& finding : *found) list.push_back(to_json(finding));
    out << list.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    print(*found, device, *options, out);
  }
  return found->empty() ? kProblem : kOk;
}

}  // namespace lintel::cli
