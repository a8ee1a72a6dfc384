#include "gateway/cli/config.hpp"

#include <ostream>
#include <vector>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/config/nearest.hpp"

namespace lintel::cli {

int config(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto options = take_configuration_options(rest);
  if (!options) return refuse(options.error(), err);
  if (rest.empty()) return refuse({ErrorKind::misconfigured, "config: say check or show"}, err);
  constexpr std::string_view kActions[] = {"check", "show"};
  constexpr std::string_view kOptions[] = {"--config", "--set"};
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
  out << (action == "check" ? summary(*loaded) : listing(*loaded));
  return kOk;
}

}  // namespace lintel::cli
