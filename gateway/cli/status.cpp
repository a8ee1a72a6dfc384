#include "gateway/cli/status.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/status/control.hpp"
#include "gateway/status/snapshot.hpp"
#include "gateway/status/text.hpp"
#include "gateway/store/store.hpp"

namespace lintel::cli {

namespace {

using nlohmann::json;

/// A healthy daemon answers within a few milliseconds.
constexpr auto kAnswerWithin = std::chrono::milliseconds{50};

bool on_terminal(const std::ostream& out) {
  // The only place that may ask: before any thread exists.
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

Result<json> look(const config::Config& config) {
  status::Runtime runtime;
  runtime.limits = {config.keep_days, config.database_bytes};
  runtime.state_dir = config.state_dir;
  runtime.hq_configured = !config.hq_url.empty();
  const auto answer =
      status::ask(status::control_path(config.state_dir), {{"verb", "status"}}, kAnswerWithin);
  if (answer) {
    runtime.facts = [&] { return *answer; };
  } else {
    runtime.silent = answer.error().kind == ErrorKind::transient;
    // Who may not ask the daemon must not be told that it is down.
    if (answer.error().kind == ErrorKind::rejected) return tl::unexpected(answer.error());
  }
  auto db = open_database(config);
  if (!db) return tl::unexpected(db.error());
  try {
    return status::snapshot(*db, runtime);
  } catch (const store::SqliteError& error) {
    return fail(ErrorKind::corrupt,
                fmt::format("cannot read the database {}: {}",
                            store::database_path(config.state_dir).string(), error.message));
  }
}

}  // namespace

int status(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = configuration(rest, err);
  if (!config) return refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  if (!rest.empty()) {
    constexpr std::string_view kOptions[] = {"--config", "--set", "--json"};
    return refuse(unexpected_argument(rest.front(), kOptions), err);
  }
  const auto snapshot = look(*config);
  if (!snapshot) return refuse(snapshot.error(), err);
  out << (as_json ? status::dump(*snapshot, 2) + "\n" : status::to_text(*snapshot, on_terminal(out)));
  return (*snapshot)["verdict"]["status"] == "ok" ? kOk : kProblem;
}

}  // namespace lintel::cli
