#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;

namespace {

constexpr long kLeastReserveDays = 30;

Outcome show(Call& call, Database& database) {
  auto tables = database.run(query("partitions.sql"));
  if (!tables) return tl::unexpected(tables.error());
  bool short_of = tables->rows.empty();
  for (std::size_t r = 0; r < tables->rows.size(); ++r)
    short_of = short_of || std::stol(tables->at(r, "reserve_days")) < kLeastReserveDays;
  if (call.json) {
    call.print(
        {{"time", now_text()}, {"least_reserve_days", kLeastReserveDays}, {"tables", to_json(*tables)}});
  } else {
    for (auto& row : tables->rows) row[5] = size_text(std::stoll(row[5].value_or("0")));
    tables->columns = {"table", "parts", "from", "to", "days", "bytes", "expired"};
    call.out << to_text(*tables);
    if (short_of) {
      call.out << fmt::format(
          "\nFewer than {} days are left somewhere; without a partition gateways keep their readings and HQ "
          "takes none.\n  lintel-hq partitions create\n",
          kLeastReserveDays);
    }
  }
  return short_of ? cli::kProblem : cli::kOk;
}

Outcome create(Call& call, Database& database, const std::optional<std::string>& until) {
  const std::optional<std::string> arguments[] = {until};
  auto made =
      database.run("select name as made from private.ensure_partitions($1::timestamptz) as name", arguments);
  if (!made) return tl::unexpected(made.error());
  if (call.json) {
    json names = json::array();
    for (const auto& row : made->rows) names.push_back(row[0].value_or(""));
    call.print({{"made", std::move(names)}});
  } else {
    call.out << (made->rows.empty() ? "Nothing was missing.\n" : to_text(*made));
  }
  return cli::kOk;
}

struct Detaching {
  bool drop = false;
  bool without_archive = false;
};

/// What became of one partition. Nothing leaves that is needed or not archived.
Result<json> detach(Database& database, const std::string& name, const Detaching& how) {
  const std::optional<std::string> arguments[] = {name};
  auto state = database.run(query("partition_state.sql"), arguments);
  if (!state) return tl::unexpected(state.error());
  if (state->rows.empty())
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no partition {}: lintel-hq partitions", name));
  const bool half = state->at(0, "half_detached") == "t";
  if (state->at(0, "expired") != "t" && !half)
    return fail(ErrorKind::rejected,
                fmt::format("{} is not beyond every tenant's retention: it stays", name));
  const auto rows = std::stoll(state->at(0, "rows")), archived = std::stoll(state->at(0, "archived"));
  if (!how.without_archive && archived != rows) {
    return fail(
        ErrorKind::rejected,
        fmt::format(
            "{} holds {} rows, and registered archives {}: it stays. lintel-hq archive {} --to FOLDER, or "
            "--without-archive to let them go",
            name, rows, archived, name));
  }
  const auto &parent = state->at(0, "parent"), &quoted = state->at(0, "quoted");
  // Readers and writers go on meanwhile; cut in between, the next call finishes it.
  auto left = database.run(fmt::format("alter table {} detach partition {} {}", parent, quoted,
                                       half ? "finalize" : "concurrently"));
  if (!left) return tl::unexpected(left.error());
  if (how.drop) {
    if (auto dropped = database.run(fmt::format("drop table {}", quoted)); !dropped)
      return tl::unexpected(dropped.error());
  }
  return json{{"partition", name}, {"rows", rows}, {"archived", archived}, {"dropped", how.drop}};
}

Outcome detach_all(Call& call, Database& database, std::vector<std::string> names, const Detaching& how) {
  if (names.empty()) {
    auto expired = database.run("select partition_name from private.expired_partitions()");
    if (!expired) return tl::unexpected(expired.error());
    for (const auto& row : expired->rows) names.push_back(row[0].value_or(""));
  }
  json left = json::array(), stayed = json::array();
  for (const auto& name : names) {
    auto result = detach(database, name, how);
    if (result) {
      left.push_back(*result);
      if (!call.json)
        call.out << fmt::format("{}: {}\n", name, how.drop ? "detached and dropped" : "detached");
    } else if (result.error().kind == ErrorKind::rejected) {
      stayed.push_back({{"partition", name}, {"reason", result.error().message}});
      call.note(result.error().message);
    } else {
      return tl::unexpected(result.error());
    }
  }
  const bool all = stayed.empty();
  if (call.json) {
    call.print({{"detached", std::move(left)}, {"stayed", std::move(stayed)}});
  } else if (names.empty()) {
    call.out << "No partition is beyond retention.\n";
  }
  return all ? cli::kOk : cli::kProblem;
}

}  // namespace

Outcome partitions(Call& call) {
  const auto until = call.option("--until");
  if (!until) return tl::unexpected(until.error());
  Detaching how;
  how.drop = call.flag("--drop");
  how.without_archive = call.flag("--without-archive");
  const auto action = call.word().value_or("show");
  std::vector<std::string> names;
  if (action == "detach") {
    while (auto name = call.word()) names.push_back(*name);
  }
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (action != "show" && action != "create" && action != "detach")
    return fail(ErrorKind::misconfigured,
                fmt::format("partitions {}: unknown, known are show, create, detach", action));
  if (action != "create" && *until)
    return fail(ErrorKind::misconfigured, "--until belongs to partitions create");
  if (action != "detach" && (how.drop || how.without_archive))
    return fail(ErrorKind::misconfigured, "--drop and --without-archive belong to partitions detach");
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  if (action == "create") return create(call, *database, *until);
  if (action == "detach") return detach_all(call, *database, std::move(names), how);
  return show(call, *database);
}

}  // namespace lintel::hq
