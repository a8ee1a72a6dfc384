#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/private_file.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

Result<Table> store_of(Database& database, const std::string& said) {
  const std::optional<std::string> arguments[] = {said};
  auto stores = database.run(query("enrol_store.sql"), arguments);
  if (!stores) return stores;
  if (stores->rows.empty()) {
    return fail(
        ErrorKind::rejected,
        fmt::format(
            "there is no store \"{}\": give its public id or its name, lintel-hq fleet --all shows them",
            said));
  }
  if (stores->rows.size() > 1) {
    std::string names;
    for (std::size_t r = 0; r < stores->rows.size(); ++r)
      names += fmt::format("\n  {}  {} / {}", stores->at(r, "public_id"), stores->at(r, "organization"),
                           stores->at(r, "name"));
    return fail(ErrorKind::misconfigured, fmt::format("{} stores are called \"{}\", give the public id:{}",
                                                      stores->rows.size(), said, names));
  }
  return stores;
}

}  // namespace

Outcome enrol(Call& call) {
  const auto valid = call.option("--valid");
  if (!valid) return tl::unexpected(valid.error());
  const auto gateway = call.option("--gateway");
  if (!gateway) return tl::unexpected(gateway.error());
  const auto file = call.option("--token-file");
  if (!file) return tl::unexpected(file.error());
  const auto said = call.word();
  if (!said) return fail(ErrorKind::misconfigured, "say for which store: lintel-hq enrol STORE");
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  const auto store = store_of(*database, *said);
  if (!store) return tl::unexpected(store.error());
  if (store->at(0, "signing_keys") == "0") {
    return fail(ErrorKind::misconfigured,
                "there is no key to sign a card's token with, so no card could enrol: "
                "select private.set_signing_key('', 'the same as PostgREST''s jwt-secret');");
  }
  const std::optional<std::string> arguments[] = {store->at(0, "public_id"), valid->value_or("7 days"),
                                                  *gateway};
  const auto issued = database->run(
      "select private.issue_enrolment($1::uuid, $2::interval, $3::uuid) as token, "
      "to_char(now() + $2::interval, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as valid_until",
      arguments);
  if (!issued) return tl::unexpected(issued.error());
  const auto& token = issued->at(0, "token");
  if (*file) {
    if (auto written = write_private(**file, token + "\n"); !written) return tl::unexpected(written.error());
  }
  if (call.json) {
    call.print({{"token", *file ? nlohmann::json() : nlohmann::json(token)},
                {"token_file", *file ? nlohmann::json(**file) : nlohmann::json()},
                {"valid_until", issued->at(0, "valid_until")},
                {"store",
                 {{"id", store->at(0, "public_id")},
                  {"name", store->at(0, "name")},
                  {"organization", store->at(0, "organization")},
                  {"timezone", store->at(0, "timezone")}}}});
    return cli::kOk;
  }
  if (*file) {
    call.out << fmt::format("The token is in {}.\n", **file);
  } else {
    call.out << token << '\n';
  }
  call.note(fmt::format(
      "one card may become the gateway of \"{}\" ({}) until {}; older open tokens of it are void, and "
      "this one is shown only now. At the card: lintel provision",
      store->at(0, "name"), store->at(0, "organization"), issued->at(0, "valid_until")));
  return cli::kOk;
}

}  // namespace lintel::hq
