// The gateway as `lintel run` makes it, but one that waits milliseconds where the real one waits seconds and
// minutes: for tests that let many things go wrong.
#include <csignal>
#include <iostream>

#include "gateway/app/daemon.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"

namespace {

lintel::sync::Options hurried() {
  using namespace std::chrono_literals;
  lintel::sync::Options usual;
  usual.timing.backoff_base = 10ms;
  usual.timing.backoff_cap = 100ms;
  usual.timing.slow_retry = 100ms;
  usual.timing.people_retry = 100ms;
  usual.timing.liveness_every = 1s;
  usual.timing.store_timeout = 1s;
  usual.http.connect_timeout = 1500ms;
  usual.http.total_timeout = 1500ms;
  return usual;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lintel;
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> args(argv + 1, argv + argc);
  const auto config = cli::configuration(args, std::cerr);
  if (!config) return cli::refuse(config.error(), std::cerr);
  auto daemon = app::Daemon::create(*config, hurried());
  if (!daemon) return cli::refuse(daemon.error(), std::cerr);
  (*daemon)->run();
  return cli::kOk;
}
