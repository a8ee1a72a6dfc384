#include "gateway/cli/config.hpp"

#include <ostream>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/config/nearest.hpp"

namespace lintel::cli {

int config(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto options = take_configuration_options(rest);
  if (!options) return refuse(options.error(), err);
  constexpr std::string_view kActions[] = {"check", "show"};
  const bool as_json = std::erase(rest, "--json") > 0;
  if (rest.empty()) return refuse({ErrorKind::misconfigured, "config: say check or show"}, err);
  constexpr std::string_view kOptions[] = {"--config", "--set", "--json"};
  const auto action = rest.front();
  if (action.starts_with("-")) return refuse(unexpected_argument(action, kOptions), err);
  if (action != "check" && action != "show") {
    return refuse(
        {ErrorKind::misconfigured, "config " + action + ": unknown, " + config::suggest(action, kActions)},
        err);
  }
  if (rest.size() > 1) return refuse(unexpected_argument(rest[1], kOptions), err);
  const auto loaded = load_configuration(*options, err);
  if (!loaded) return refuse(loaded.error(), err);
  if (as_json) {
    out << to_json(*loaded).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return kOk;
  }
  out << (action == "check" ? summary(*loaded) : listing(*loaded));
  return kOk;
}

}  // namespace lintel::cli
