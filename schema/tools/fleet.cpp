#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

std::string duration_text(long seconds) {
  if (seconds >= 172800) return fmt::format("{} d", seconds / 86400);
  if (seconds >= 7200) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} min", seconds / 60);
}

/// What people read: a row for each store, and which version the blind ones share.
void tell(const Table& stores, const Table& totals, bool all, std::ostream& out) {
  Table shown;
  shown.columns = {"store", "organization", "why", "for", "version", "since", "waiting"};
  std::map<std::string, int> versions;
  for (std::size_t r = 0; r < stores.rows.size(); ++r) {
    const bool blind = stores.at(r, "blind") == "t";
    if (blind && !stores.at(r, "version").empty()) ++versions[stores.at(r, "version")];
    const auto& seconds = stores.at(r, "blind_seconds");
    const auto cell = [&](std::string_view column, std::size_t length = std::string::npos) {
      const auto& text = stores.at(r, column);
      return text.empty() ? std::optional<std::string>() : text.substr(0, length);
    };
    shown.rows.push_back({cell("store"), cell("organization"),
                          blind ? cell("reason") : std::optional<std::string>("sees"),
                          seconds.empty() ? std::optional<std::string>() : duration_text(std::stol(seconds)),
                          cell("version"), cell("version_since", 10), cell("backlog")});
  }
  out << fmt::format("{} of {} stores are blind.\n", totals.at(0, "blind"), totals.at(0, "stores"));
  if (!shown.rows.empty() || all) out << '\n' << to_text(shown);
  if (versions.size() > 0 && stores.rows.size() > 1) {
    out << "\nVersions of the blind ones:";
    for (const auto& [version, count] : versions) out << fmt::format(" {} ({})", version, count);
    out << '\n';
  }
}

}  // namespace

Outcome fleet(Call& call) {
  const bool all = call.flag("--all");
  const auto organization = call.option("--organization");
  if (!organization) return tl::unexpected(organization.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  if (auto begun = database->run("begin; set transaction read only"); !begun)
    return tl::unexpected(begun.error());
  if (auto become = database->run("set local role lintel_hq"); !become) {
    if (become.error().kind != ErrorKind::misconfigured) return tl::unexpected(become.error());
    return fail(ErrorKind::misconfigured,
                "the stores of all tenants are shown to HQ's administrators, and this role cannot become "
                "one: let it say once "
                "(who deployed the schema may): grant lintel_hq to current_user;");
  }
  const std::optional<std::string> whose[] = {all ? "t" : "f", *organization};
  const auto totals = database->run(query("fleet_totals.sql"), std::span(whose).subspan(1));
  if (!totals) return tl::unexpected(totals.error());
  // Names of organizations are read by the policy of the same role.
  const auto stores = database->run(query("fleet.sql"), whose);
  if (!stores) return tl::unexpected(stores.error());
  if (call.json) {
    const auto numbers = to_json(*totals)[0];
    call.print({{"time", now_text()},
                {"stores", numbers["stores"]},
                {"blind", numbers["blind"]},
                {"platform", numbers["platform"]},
                {"list", to_json(*stores)}});
  } else {
    tell(*stores, *totals, all, call.out);
  }
  return totals->at(0, "blind") == "0" ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
