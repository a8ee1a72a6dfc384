#include "gateway/app/run.hpp"

#include <vector>

#include "gateway/app/daemon.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"

namespace lintel::app {

int run(std::span<const std::string> args, std::ostream& /*out*/, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  if (!rest.empty()) {
    constexpr std::string_view kOptions[] = {"--config", "--set"};
    return cli::refuse(cli::unexpected_argument(rest.front(), kOptions), err);
  }
  for (;;) {  // each round but the last leaves a damaged database behind, of which Store::open() allows few
    auto daemon = Daemon::create(*config);
    if (!daemon) return cli::refuse(daemon.error(), err);
    (*daemon)->run();
    if (!(*daemon)->damaged()) return cli::kOk;
  }
}

}  // namespace lintel::app
