#include "gateway/cli/decoders.hpp"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/embedded.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/profiles.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/status/columns.hpp"

namespace lintel::cli {

namespace {

/// A summary under the name where both do not fit a line.
int list(const Decoders& decoders, bool as_json, std::ostream& out) {
  if (as_json) {
    auto names = nlohmann::json::array();
    for (const auto& decoder : decoders.registry->all())
      names.push_back({{"name", decoder->name()}, {"summary", decoder->summary()}});
    out << names.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return kOk;
  }
  std::size_t width = 0;
  for (const auto& decoder : decoders.registry->all()) width = std::max(width, decoder->name().size());
  for (const auto& decoder : decoders.registry->all())
    out << status::wrapped(fmt::format("{:<{}}  ", decoder->name(), width), decoder->summary());
  return kOk;
}

int show(const Decoders& decoders, const std::string& name, std::ostream& out, std::ostream& err) {
  for (const auto& profile : embedded::profiles()) {
    if (profile.path != name + ".json") continue;
    out << profile.bytes;
    return kOk;
  }
  for (const auto& profile : decoders.files) {
    if (profile.name != name) continue;
    const auto content = config::read_text(profile.file);
    if (!content) return refuse({ErrorKind::misconfigured, content.error()}, err);
    out << content->text;
    return kOk;
  }
  if (const auto* decoder = decoders.registry->find(name)) {
    out << fmt::format("{}: {}\nNo profile: its bytes are read by the build itself.\n", name,
                       decoder->summary());
    return kOk;
  }
  std::vector<std::string_view> names;
  for (const auto& decoder : decoders.registry->all()) names.push_back(decoder->name());
  return refuse({ErrorKind::misconfigured,
                 fmt::format("no decoder is called {}, {}", name, config::suggest(name, names))},
                err);
}

int check(std::span<const std::string> files, std::ostream& out, std::ostream& err) {
  int outcome = kOk;
  for (const std::string& file : files) {
    const auto checked = check_profile(file);
    for (const std::string& complaint : complaints(checked.file)) err << complaint << '\n';
    if (!checked.decoder) {
      outcome = kProblem;
      continue;
    }
    const auto samples = checked.file.samples;
    out << fmt::format("{}: in order, {} sample{} as expected\n", file, samples, samples == 1 ? "" : "s");
    if (checked.decoder->name() == checked.file.name) continue;
    out << fmt::format("note: in profiles.d it has to be called {}.json\n", checked.decoder->name());
  }
  return outcome;
}

}  // namespace

int decoders(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> words(args.begin(), args.end());
  const auto options = take_configuration_options(words);
  if (!options) return refuse(options.error(), err);
  constexpr std::string_view kActions[] = {"list", "show", "check"};
  constexpr std::string_view kOptions[] = {"--config", "--set", "--json"};
  const bool as_json = std::erase(words, "--json") > 0;
  for (const std::string& word : words)
    if (word.starts_with("-")) return refuse(unexpected_argument(word, kOptions), err);
  const std::string action = words.empty() ? "list" : words.front();
  if (action == "list" && words.size() <= 1) return list(decoders_in_force(*options, err), as_json, out);
  if (action == "show" && words.size() == 2)
    return show(decoders_in_force(*options, err), words[1], out, err);
  if (action == "check" && words.size() >= 2) return check(std::span(words).subspan(1), out, err);
  if (action == "list") return refuse(unexpected_argument(words[1], kOptions), err);
  const bool known = std::find(std::begin(kActions), std::end(kActions), action) != std::end(kActions);
  return refuse(
      {ErrorKind::misconfigured,
       known ? fmt::format("decoders {}: say {}", action, action == "show" ? "one NAME" : "which FILE")
             : fmt::format("decoders {}: unknown, {}", action, config::suggest(action, kActions))},
      err);
}

}  // namespace lintel::cli
