#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/archive_file.hpp"
#include "schema/tools/private_file.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Tenant {
  std::string id, public_id, name;
  std::int64_t rows;
};

/// The tenant's key; made at the first call.
Result<std::string> key_for(Database& database, const std::string& tenant) {
  const std::optional<std::string> whose[] = {tenant};
  auto secret =
      database.value("select encode(k.secret, 'hex') from private.archive_key($1::bigint) as k", whose);
  if (!secret) return tl::unexpected(secret.error());
  return key_of(*secret);
}

json head_of(const std::string& partition, const Table& about, const Tenant& tenant, std::string_view key) {
  return {{"format", 1},
          {"organization", tenant.public_id},
          {"table", about.at(0, "table_name")},
          {"partition", partition},
          {"from", about.at(0, "from_at")},
          {"to", about.at(0, "to_at")},
          {"columns", about.at(0, "columns")},
          {"rows", tenant.rows},
          {"key", key_name(key)},
          {"written_at", now_text()}};
}

/// A tenant's rows of a partition into a file, as one moment shows them: the transaction has begun.
Result<ArchiveWriter::Written> stream(Database& database, const fs::path& file, const json& head,
                                      const Tenant& tenant, const Table& about, std::string_view key) {
  auto writer = ArchiveWriter::create(file, head, key);
  if (!writer) return tl::unexpected(writer.error());
  const std::optional<std::string> whose[] = {tenant.id};
  auto names = database.value(query("archive/names.sql"), whose);
  if (!names) return tl::unexpected(names.error());
  if (auto put = writer->write(*names + "\n"); !put) return tl::unexpected(put.error());
  std::int64_t rows = 0;
  const auto condition =
      about.at(0, "table_name") == "audit_log"
          ? fmt::format("r.organization_id = {}", tenant.id)
          : fmt::format("r.store_id in (select s.id from data.stores s where s.organization_id = {})",
                        tenant.id);
  auto copied = database.copy_out(fmt::format("copy (select {} from {} r where {}) to stdout",
                                              about.at(0, "columns"), about.at(0, "quoted"), condition),
                                  [&](std::string_view row) {
                                    ++rows;
                                    return writer->write(row);
                                  });
  if (!copied) return tl::unexpected(copied.error());
  if (rows != tenant.rows)
    return fail(ErrorKind::rejected,
                fmt::format("{} rows of {} were counted and {} copied: nothing is archived", tenant.rows,
                            about.at(0, "quoted"), rows));
  return writer->finish();
}

/// Reads the file to its end: what cannot be read is no archive.
Result<void> prove(const fs::path& file, std::string_view key, const std::string& checksum) {
  auto reader = ArchiveReader::open(file, key);
  if (!reader) return tl::unexpected(reader.error());
  while (true) {
    auto piece = reader->read();
    if (!piece) return tl::unexpected(piece.error());
    if (piece->empty()) break;
  }
  if (reader->checksum() != checksum)
    return fail(ErrorKind::corrupt, fmt::format("{} is not what was written", file.string()));
  return {};
}

Result<json> archive_tenant(Database& database, const std::string& partition, const Table& about,
                            const Tenant& tenant, const fs::path& folder) {
  const auto key = key_for(database, tenant.id);
  if (!key) return tl::unexpected(key.error());
  const auto file = fs::absolute(folder) / fmt::format("{}.{}.lintel-archive", partition, tenant.public_id);
  if (auto begun = database.run("begin isolation level repeatable read read only"); !begun)
    return tl::unexpected(begun.error());
  const auto written = stream(database, file, head_of(partition, about, tenant, *key), tenant, about, *key);
  const auto ended = database.run("rollback");
  if (!written) return tl::unexpected(written.error());
  if (!ended) return tl::unexpected(ended.error());
  if (auto proven = prove(file, *key, written->checksum); !proven) return tl::unexpected(proven.error());
  const std::optional<std::string> entry[] = {
      partition,        tenant.id, file.string(), std::to_string(written->bytes), std::to_string(tenant.rows),
      written->checksum};
  auto registered = database.value(
      "select private.register_archive($1, $2::bigint, 'file', $3, $4::bigint, $5::bigint, $6)", entry);
  if (!registered) return tl::unexpected(registered.error());
  return json{{"id", std::stoll(*registered)}, {"partition", partition}, {"organization", tenant.public_id},
              {"file", file.string()},         {"rows", tenant.rows},    {"bytes", written->bytes},
              {"checksum", written->checksum}};
}

Result<void> archive_partition(Call& call, Database& database, const std::string& partition,
                               const fs::path& folder, const std::optional<std::string>& only, json& done) {
  const std::optional<std::string> name[] = {partition};
  const auto about = database.run(query("archive/partition.sql"), name);
  if (!about) return tl::unexpected(about.error());
  if (about->rows.empty())
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no partition {}: lintel-hq partitions", partition));
  if (about->at(0, "expired") != "t")
    return fail(
        ErrorKind::rejected,
        fmt::format("{} is not beyond every tenant's retention: rows may still come, so it is not archived",
                    partition));
  const auto tenants = database.run(query("archive/tenants.sql"), name);
  if (!tenants) return tl::unexpected(tenants.error());
  for (std::size_t r = 0; r < tenants->rows.size(); ++r) {
    const Tenant tenant{tenants->at(r, "id"), tenants->at(r, "public_id"), tenants->at(r, "name"),
                        std::stoll(tenants->at(r, "rows"))};
    if (tenant.public_id.empty()) {
      call.note(
          fmt::format("{} rows of {} belong to no organization that there is: they are in no archive "
                      "(lintel-hq audit data)",
                      tenant.rows, partition));
      continue;
    }
    if ((only && *only != tenant.public_id) || !tenants->at(r, "archived").empty()) continue;
    auto entry = archive_tenant(database, partition, *about, tenant, folder);
    if (!entry) return tl::unexpected(entry.error());
    if (!call.json)
      call.out << fmt::format("{}  {} rows, {}\n", (*entry)["file"].get<std::string>(), tenant.rows,
                              size_text((*entry)["bytes"].get<std::int64_t>()));
    done.push_back(std::move(*entry));
  }
  return {};
}

Outcome write_key(Call& call, Database& database, const std::string& organization, const std::string& file) {
  const std::optional<std::string> said[] = {organization};
  const auto tenant = database.run(
      "select id from data.organizations where public_id::text = $1 and parent_id is null", said);
  if (!tenant) return tl::unexpected(tenant.error());
  if (tenant->rows.empty())
    return fail(ErrorKind::rejected,
                fmt::format("there is no organization with the public id {}", organization));
  const auto key = key_for(database, tenant->at(0, "id"));
  if (!key) return tl::unexpected(key.error());
  std::string digits;
  for (const unsigned char c : *key) digits += fmt::format("{:02x}", c);
  if (auto written = write_private(file, digits + "\n"); !written) return tl::unexpected(written.error());
  if (call.json) {
    call.print({{"file", file}, {"organization", organization}, {"key", key_name(*key)}});
  } else {
    call.out << fmt::format(
        "The key {} is in {}. Keep it where the archives are not; to forget the organization, destroy it.\n",
        key_name(*key), file);
  }
  return cli::kOk;
}

Outcome list(Call& call, Database& database) {
  auto archives = database.run(query("archive/list.sql"));
  if (!archives) return tl::unexpected(archives.error());
  if (call.json) {
    call.print(to_json(*archives));
    return cli::kOk;
  }
  Table shown;
  shown.columns = {"id", "partition", "organization", "rows", "size", "where"};
  for (std::size_t r = 0; r < archives->rows.size(); ++r) {
    shown.rows.push_back({archives->at(r, "id"), archives->at(r, "partition"), archives->at(r, "name"),
                          archives->at(r, "rows"), size_text(std::stoll(archives->at(r, "bytes"))),
                          archives->at(r, "provider") + " " + archives->at(r, "namespace")});
  }
  call.out << (shown.rows.empty() ? "There is no archive.\n" : to_text(shown));
  return cli::kOk;
}

Outcome moved(Call& call, Database& database, const std::string& id, const std::string& provider,
              const std::string& where) {
  const std::optional<std::string> entry[] = {id, provider, where};
  auto changed = database.run(
      "update private.archives set provider = $2, namespace = $3 where id = $1::bigint returning id", entry);
  if (!changed) return tl::unexpected(changed.error());
  if (changed->rows.empty())
    return fail(ErrorKind::rejected, fmt::format("there is no archive {}: lintel-hq archive list", id));
  if (call.json) {
    call.print({{"id", std::stoll(id)}, {"provider", provider}, {"namespace", where}});
  } else {
    call.out << fmt::format("Archive {} is kept by {} as {}.\n", id, provider, where);
  }
  return cli::kOk;
}

struct Said {
  std::optional<std::string> to, organization, out, provider, where;
  std::vector<std::string> words;
};

Result<Said> said_of(Call& call) {
  Said said;
  const std::pair<std::string_view, std::optional<std::string>*> options[] = {
      {"--to", &said.to},
      {"--organization", &said.organization},
      {"--out", &said.out},
      {"--provider", &said.provider},
      {"--namespace", &said.where}};
  for (const auto& [name, place] : options) {
    auto value = call.option(name);
    if (!value) return tl::unexpected(value.error());
    *place = *value;
  }
  while (auto word = call.word()) said.words.push_back(*word);
  return said;
}

}  // namespace

Outcome archive(Call& call) {
  auto said = said_of(call);
  if (!said) return tl::unexpected(said.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  const auto action = said->words.empty() ? std::string("list") : said->words[0];
  const auto wrong = [](std::string_view usage) {
    return fail(ErrorKind::misconfigured, fmt::format("usage: lintel-hq archive {}", usage));
  };
  if (action == "key" && (said->words.size() != 2 || !said->out)) return wrong("key ORGANIZATION --out FILE");
  if (action == "moved" && (said->words.size() != 2 || !said->provider || !said->where))
    return wrong("moved ID --provider NAME --namespace WHERE");
  const bool writes = action != "key" && action != "moved" && action != "list";
  if (writes && !said->to) return wrong("PARTITION|expired --to FOLDER");
  if (writes && !fs::is_directory(*said->to))
    return fail(ErrorKind::misconfigured, fmt::format("--to {}: there is no such folder", *said->to));
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  if (action == "key") return write_key(call, *database, said->words[1], *said->out);
  if (action == "moved") return moved(call, *database, said->words[1], *said->provider, *said->where);
  if (action == "list") return list(call, *database);
  if (action == "expired") {
    auto expired = database->run("select partition_name from private.expired_partitions()");
    if (!expired) return tl::unexpected(expired.error());
    said->words.clear();
    for (const auto& row : expired->rows) said->words.push_back(row[0].value_or(""));
  }
  json archives = json::array();
  for (const auto& partition : said->words) {
    if (auto good = archive_partition(call, *database, partition, *said->to, said->organization, archives);
        !good)
      return tl::unexpected(good.error());
  }
  if (call.json) {
    call.print({{"archives", std::move(archives)}});
  } else if (archives.empty()) {
    call.out << "Nothing was left to archive.\n";
  }
  return cli::kOk;
}

}  // namespace lintel::hq
