#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/private_file.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// "1 store", "3 stores", of a count as the database says it.
std::string counted(const std::string& count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == "1" ? one : many);
}

/// The tombstones, outside the database: replaced as a whole, so that a cut leaves the ones before.
Result<std::int64_t> keep_tombstones(Database& database, const fs::path& file) {
  auto stones = database.value("select private.export_erasures()::text");
  if (!stones) return tl::unexpected(stones.error());
  const fs::path next = file.string() + ".new";
  std::error_code error;
  fs::remove(next, error);
  if (auto written = write_private(next, *stones + "\n"); !written) return tl::unexpected(written.error());
  fs::rename(next, file, error);
  if (error)
    return fail(ErrorKind::transient,
                fmt::format("{} cannot be written: {}", file.string(), error.message()));
  return static_cast<std::int64_t>(json::parse(*stones).size());
}

/// Archive files that are noise now: those on this machine go, of the others the DBA is told.
Result<json> remove_files(Database& database, const std::string& organization) {
  const std::optional<std::string> whose[] = {organization};
  auto files = database.run(
      "select f ->> 'provider' as provider, f ->> 'namespace' as namespace from private.erasures e, "
      "jsonb_array_elements(e.files) as f where e.public_id = $1::uuid",
      whose);
  if (!files) return tl::unexpected(files.error());
  json removed = json::array(), left = json::array();
  for (std::size_t r = 0; r < files->rows.size(); ++r) {
    const auto& where = files->at(r, "namespace");
    std::error_code error;
    const bool ours = files->at(r, "provider") == "file" && where.ends_with(".lintel-archive");
    if (ours && fs::remove(where, error)) {
      removed.push_back(where);
    } else if (!ours || error) {
      left.push_back({{"provider", files->at(r, "provider")}, {"namespace", where}});
    }
  }
  return json{{"removed", std::move(removed)}, {"to_remove", std::move(left)}};
}

/// Calls what erases some rows of `whose` until nothing is left; returns the rows taken by table.
Result<json> in_batches(Call& call, Database& database, std::string_view erasing, const std::string& whose) {
  const std::optional<std::string> argument[] = {whose};
  while (true) {
    auto step = database.run(fmt::format("select e.finished, e.counts from {} as e", erasing), argument);
    if (!step) return tl::unexpected(step.error());
    if (step->at(0, "finished") == "t") return json::parse(step->at(0, "counts"));
    call.note(fmt::format("so far: {}", step->at(0, "counts")));
  }
}

Result<json> erase_organization(Call& call, Database& database, const std::string& id, bool sure) {
  const std::optional<std::string> said[] = {id};
  const auto known = database.run(
      "select o.id, o.name, (select count(*) from data.stores s where s.organization_id = o.id) as stores, "
      "(select count(*) from data.user_profiles p where p.organization_id = o.id) as people, "
      "(select count(*) from private.archives a where a.organization_id = o.id) as archives "
      "from data.organizations o where o.public_id::text = $1 and o.parent_id is null "
      "union all select e.organization_id, '(erased)', 0, 0, 0 from private.erasures e where "
      "e.public_id::text = $1 "
      "and not exists (select from data.organizations o where o.public_id::text = $1)",
      said);
  if (!known) return tl::unexpected(known.error());
  if (known->rows.empty())
    return fail(ErrorKind::rejected,
                fmt::format("there is no tenant with the public id {}: select public_id, name from "
                            "data.organizations where parent_id is null;",
                            id));
  if (!sure) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("this forgets organization \"{}\" for good: {} with all their readings, {}, {}. If "
                    "that is meant, say it again with --yes",
                    known->at(0, "name"), counted(known->at(0, "stores"), "store", "stores"),
                    counted(known->at(0, "people"), "person", "people"),
                    counted(known->at(0, "archives"), "archive", "archives")));
  }
  const auto counts =
      in_batches(call, database, "private.erase_organization($1::bigint)", known->at(0, "id"));
  if (!counts) return counts;
  auto files = remove_files(database, id);
  if (!files) return files;
  return json{{"organization", id}, {"counts", *counts}, {"files", *files}};
}

/// Archives are of the whole organization and keep its rows; nothing of a forgotten store is restored from
/// them.
Result<json> erase_store(Call& call, Database& database, const std::string& id, bool sure) {
  const std::optional<std::string> said[] = {id};
  const auto known = database.run(
      "select s.id, s.name, o.name as organization, "
      "(select count(*) from data.gateways g where g.store_id = s.id) as gateways, "
      "(select count(*) from data.sensor_metadata m where m.store_id = s.id) as sensors, "
      "(select count(*) from private.archives a where a.organization_id = s.organization_id) as archives "
      "from data.stores s join data.organizations o on o.id = s.organization_id where s.public_id::text = $1 "
      "union all select e.store_id, '(erased)', '(of this store)', 0, 0, 0 from private.erasures e where "
      "e.public_id::text = $1 and e.store_id is not null "
      "and not exists (select from data.stores s where s.public_id::text = $1)",
      said);
  if (!known) return tl::unexpected(known.error());
  if (known->rows.empty())
    return fail(ErrorKind::rejected,
                fmt::format("there is no store with the public id {}: lintel-hq fleet --all --json", id));
  if (!sure) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("this forgets store \"{}\" of {} for good: {}, {} and all their readings. What {} of the "
                    "organization may hold of it stays there and is not restored. If that is meant, say it "
                    "again with "
                    "--yes",
                    known->at(0, "name"), known->at(0, "organization"),
                    counted(known->at(0, "gateways"), "gateway", "gateways"),
                    counted(known->at(0, "sensors"), "sensor", "sensors"),
                    counted(known->at(0, "archives"), "archive", "archives")));
  }
  const auto store = known->at(0, "id");
  auto counts = in_batches(call, database, "private.erase_store($1::integer)", store);
  if (!counts) return counts;
  const auto held = database.run(
      "select f ->> 'provider' as provider, f ->> 'namespace' as namespace from private.erasures e, "
      "jsonb_array_elements(e.files) as f where e.public_id = $1::uuid",
      said);
  if (!held) return tl::unexpected(held.error());
  return json{{"store", id}, {"counts", *counts}, {"archives", to_json(*held)}};
}

Result<json> erase_person(Database& database, const std::string& id, bool sure) {
  const std::optional<std::string> said[] = {id};
  if (!sure) {
    const auto name = database.run("select display_name from data.user_profiles where id::text = $1", said);
    if (!name) return tl::unexpected(name.error());
    return fail(ErrorKind::misconfigured,
                fmt::format("this forgets {} for good. If that is meant, say it again with --yes",
                            name->rows.empty() ? "whatever is known of this person"
                                               : fmt::format("\"{}\"", name->at(0, "display_name"))));
  }
  auto counts = database.value("select private.erase_user($1::uuid)::text", said);
  if (!counts) return tl::unexpected(counts.error());
  return json{{"person", id}, {"counts", json::parse(*counts)}};
}

/// Rows that went, by table.
Table forgotten(const json& counts) {
  Table table;
  table.columns = {"forgotten", "rows"};
  for (const auto& [name, rows] : counts.items()) {
    if (rows != 0) table.rows.push_back({name, rows.dump()});
  }
  return table;
}

Outcome replay(Call& call, Database& database, const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !json::accept(text.str()))
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is no file of tombstones (lintel-hq erase … --tombstones FILE)", file));
  const std::optional<std::string> stones[] = {text.str()};
  json again = json::array();
  while (true) {
    auto step = database.run(
        "select r.subject, r.finished, r.counts from private.replay_erasures($1::jsonb) as r", stones);
    if (!step) return tl::unexpected(step.error());
    bool finished = true;
    for (std::size_t r = 0; r < step->rows.size(); ++r) {
      finished = finished && step->at(r, "finished") == "t";
      if (step->at(r, "finished") == "t")
        again.push_back(
            {{"subject", step->at(r, "subject")}, {"counts", json::parse(step->at(r, "counts"))}});
    }
    if (finished) break;
  }
  if (call.json) {
    call.print({{"erased_again", std::move(again)}});
  } else {
    for (const auto& one : again)
      call.out << fmt::format("{} was brought back by the backup and is forgotten again\n",
                              one["subject"].get<std::string>());
    call.out << "Nothing is left of whom the tombstones name.\n";
  }
  return cli::kOk;
}

}  // namespace

Outcome erase(Call& call) {
  const auto tombstones = call.option("--tombstones");
  if (!tombstones) return tl::unexpected(tombstones.error());
  const bool sure = call.flag("--yes");
  const auto what = call.word(), which = call.word();
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  const bool known =
      what && (*what == "organization" || *what == "store" || *what == "person" || *what == "replay");
  if (!known || !which)
    return fail(
        ErrorKind::misconfigured,
        "say what: lintel-hq erase organization UUID, erase store UUID, erase person UUID, erase replay "
        "FILE");
  if (*what != "replay" && sure && !*tombstones) {
    return fail(ErrorKind::misconfigured,
                "say where the tombstones are kept: --tombstones FILE, outside this machine's backups. A "
                "backup from before knows nothing of it");
  }
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  if (*what == "replay") return replay(call, *database, *which);
  auto done = *what == "organization" ? erase_organization(call, *database, *which, sure)
              : *what == "store"      ? erase_store(call, *database, *which, sure)
                                      : erase_person(*database, *which, sure);
  if (!done) return tl::unexpected(done.error());
  const auto stones = keep_tombstones(*database, **tombstones);
  if (!stones) return tl::unexpected(stones.error());
  (*done)["tombstones"] = {{"file", **tombstones}, {"count", *stones}};
  if (call.json) {
    call.print(*done);
    return cli::kOk;
  }
  call.out << to_text(forgotten((*done)["counts"]))
           << fmt::format("Forgotten for good. {} in {}.\n",
                          counted(std::to_string(*stones), "tombstone is", "tombstones are"), **tombstones);
  if (done->contains("files")) {
    for (const auto& file : (*done)["files"]["to_remove"])
      call.out << fmt::format("Remove at {}: {}\n", file["provider"].get<std::string>(),
                              file["namespace"].get<std::string>());
  }
  if (done->contains("archives")) {
    for (const auto& file : (*done)["archives"])
      call.out << fmt::format("May hold rows of it, which are not restored: {} {}\n",
                              file["provider"].get<std::string>(), file["namespace"].get<std::string>());
  }
  return cli::kOk;
}

}  // namespace lintel::hq
