#include "gateway/cli/status.hpp"

#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/terminal.hpp"
#include "gateway/status/control.hpp"
#include "gateway/status/snapshot.hpp"
#include "gateway/status/text.hpp"
#include "gateway/store/store.hpp"

namespace lintel::cli {

using nlohmann::json;

Result<json> status_snapshot(const config::Config& config) {
  status::Runtime runtime;
  runtime.limits = {config.keep_days, config.database_bytes};
  runtime.state_dir = config.state_dir;
  runtime.hq_configured = !config.hq_url.empty();
  const auto answer =
      status::ask(status::control_path(config.state_dir), {{"verb", "status"}}, kStatusAnswerWithin);
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

int status(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = configuration(rest, err);
  if (!config) return refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  if (!rest.empty()) {
    constexpr std::string_view kOptions[] = {"--config", "--set", "--json"};
    return refuse(unexpected_argument(rest.front(), kOptions), err);
  }
  const auto snapshot = status_snapshot(*config);
  if (!snapshot) return refuse(snapshot.error(), err);
  out << (as_json ? status::dump(*snapshot, 2) + "\n" : status::to_text(*snapshot, wants_colour(out)));
  return (*snapshot)["verdict"]["status"] == "ok" ? kOk : kProblem;
}

}  // namespace lintel::cli
