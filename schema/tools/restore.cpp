#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/archive_file.hpp"
#include "schema/tools/private_file.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;

namespace {

/// What the head says, held to what this program writes: it becomes part of statements.
struct Head {
  std::string organization, table, partition, from, to, columns, key;
  std::int64_t rows = 0;
};

constexpr std::string_view kTables[] = {"people_counting_raw", "regional_counting_raw", "audit_log"};

bool only(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isdigit(c) != 0 || (c >= 'a' && c <= 'z') ||
           more.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Result<Head> head_of(const std::string& file) {
  const auto said = archive_head(file);
  if (!said) return tl::unexpected(said.error());
  const auto text = [&](const char* key) {
    return said->contains(key) && (*said)[key].is_string() ? (*said)[key].get<std::string>() : std::string();
  };
  Head head{text("organization"), text("table"),   text("partition"), text("from"),
            text("to"),           text("columns"), text("key"),       0};
  if (said->value("format", 0) != 1)
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: it is of a newer format, use a newer lintel-hq", file));
  head.rows = said->contains("rows") && (*said)["rows"].is_number_integer()
                  ? (*said)["rows"].get<std::int64_t>()
                  : -1;
  const bool good = std::find(std::begin(kTables), std::end(kTables), head.table) != std::end(kTables) &&
                    only(head.organization, "-") && only(head.partition, "_") && only(head.from, "-:TZ") &&
                    only(head.to, "-:TZ") && only(head.columns, "_, ") && head.rows >= 0;
  if (!good) return fail(ErrorKind::corrupt, fmt::format("{}: its head makes no sense", file));
  return head;
}

Result<std::string> key_for(Database& database, const Head& head, const std::optional<std::string>& key_file,
                            const std::string& file) {
  if (key_file) {
    auto text = read_private(*key_file);
    if (!text) return tl::unexpected(text.error());
    return key_of(*text);
  }
  const std::optional<std::string> whose[] = {head.organization};
  auto secret = database.run(
      "select encode(k.secret, 'hex') from private.archive_keys k join data.organizations o on o.id = "
      "k.organization_id where o.public_id = $1::uuid",
      whose);
  if (!secret) return tl::unexpected(secret.error());
  std::string key;
  if (!secret->rows.empty()) {
    auto bytes = key_of(secret->rows[0][0].value_or(""));
    if (!bytes) return bytes;
    if (key_name(*bytes) == head.key) return bytes;
  }
  return fail(ErrorKind::misconfigured,
              fmt::format("{}: this database does not have its key {} (organization {}): give it with "
                          "--key-file, as `lintel-hq archive key` wrote it",
                          file, head.key, head.organization));
}

/// A file's content: the names of its first line, then rows.
struct Content {
  ArchiveReader reader;
  std::string rest;  ///< behind the first line, of the piece that ended it
  std::string names;

  Result<void> begin() {
    while (true) {
      auto piece = reader.read();
      if (!piece) return tl::unexpected(piece.error());
      if (piece->empty()) return fail(ErrorKind::corrupt, "the archive lacks its first line");
      const auto end = piece->find('\n');
      names += piece->substr(0, end);
      if (end == std::string_view::npos) continue;
      rest = piece->substr(end + 1);
      return {};
    }
  }
};

struct Arrived {
  std::int64_t rows = 0, added = 0;
  std::string checksum;
  bool registered = false;
};

/// Every piece to `take`; counts the rows and holds them against the head.
Result<std::string> read_all(Content& content, const Head& head, const std::string& file,
                             const std::function<Result<void>(std::string_view)>& take) {
  std::int64_t rows = 0;
  std::string first = std::move(content.rest);
  std::string_view piece = first;
  while (true) {
    rows += std::count(piece.begin(), piece.end(), '\n');
    if (!piece.empty()) {
      if (auto taken = take(piece); !taken) return tl::unexpected(taken.error());
    }
    auto next = content.reader.read();
    if (!next) return tl::unexpected(next.error());
    if (next->empty()) break;
    piece = *next;
  }
  if (rows != head.rows)
    return fail(ErrorKind::corrupt,
                fmt::format("{}: its head says {} rows, {} are in it", file, head.rows, rows));
  return content.reader.checksum();
}

Result<void> forgotten(Database& database, const Head& head) {
  const std::optional<std::string> whose[] = {head.organization};
  auto stones =
      database.value("select exists (select from private.erasures e where e.public_id = $1::uuid)", whose);
  if (!stones) return tl::unexpected(stones.error());
  if (*stones == "t")
    return fail(ErrorKind::rejected,
                fmt::format("organization {} was erased: nothing of it is restored", head.organization));
  return {};
}

/// Makes room: a partition that reaches over the archive's time.
Result<void> make_room(Database& database, const Head& head) {
  const std::optional<std::string> span[] = {head.table, head.from, head.to};
  auto there = database.value(
      "select exists (select from private.partition_bounds b where b.table_name = $1 and b.from_at <= "
      "$2::timestamptz and b.to_at >= $3::timestamptz)",
      span);
  if (!there) return tl::unexpected(there.error());
  if (*there == "t") return {};
  const std::optional<std::string> name[] = {fmt::format("partitions.{}", head.partition)};
  auto detached = database.value("select to_regclass($1) is not null", name);
  if (!detached) return tl::unexpected(detached.error());
  if (*detached == "t") {
    return fail(ErrorKind::rejected, fmt::format("partitions.{} is there, detached: attach it again (alter "
                                                 "table data.{} attach partition …), or drop it",
                                                 head.partition, head.table));
  }
  auto made = database.value("select private.add_partition($1, $2::timestamptz, $3::timestamptz)", span);
  if (!made) return tl::unexpected(made.error());
  return {};
}

Result<void> say(Database& database, const Content& content, const Head& head) {
  if (auto made = database.run("create temporary table names_said (names jsonb) on commit drop; create "
                               "temporary table tenant_said (id bigint) on commit drop");
      !made)
    return tl::unexpected(made.error());
  const std::optional<std::string> names[] = {content.names}, whose[] = {head.organization};
  if (auto put = database.run("insert into names_said values ($1::jsonb)", names); !put)
    return tl::unexpected(put.error());
  auto tenant = database.run(
      "insert into tenant_said select o.id from data.organizations o where o.public_id = $1::uuid and "
      "o.parent_id is null returning id",
      whose);
  if (!tenant) return tl::unexpected(tenant.error());
  if (tenant->rows.empty())
    return fail(
        ErrorKind::rejected,
        fmt::format(
            "this database has no organization {}: restore the organizations, stores and sensors first",
            head.organization));
  if (auto arrived = database.run(query("archive/arrive.sql")); !arrived)
    return tl::unexpected(arrived.error());
  return {};
}

/// The rows with the ids of this database.
Result<std::string> insert(Database& database, const Head& head) {
  std::string chosen, columns = head.columns;
  const bool audit = head.table == "audit_log";
  std::size_t at = 0;
  while (at <= columns.size()) {
    const auto end = std::min(columns.find(", ", at), columns.size());
    const auto column = columns.substr(at, end - at);
    if (!chosen.empty()) chosen += ", ";
    if (column == "organization_id")
      chosen += audit ? "t.id" : "t.id::integer";
    else if (column == "store_id")
      chosen += audit ? "s.new_id" : "a.store_id";
    else if (column == "sensor_id")
      chosen += "a.sensor_id";
    else if (column == "slot")
      chosen += "a.slot";
    else
      chosen += "i." + column;
    at = end + 2;
  }
  if (!audit) {
    const auto strangers = database.run(query("archive/strangers.sql"));
    if (!strangers) return tl::unexpected(strangers.error());
    if (!strangers->rows.empty()) {
      std::string names;
      for (const auto& row : strangers->rows) names += (names.empty() ? "" : ", ") + row[0].value_or("");
      return fail(ErrorKind::rejected,
                  fmt::format("this database does not know {}: restore the stores and sensors first", names));
    }
    if (auto slots = database.run(query("archive/slots.sql")); !slots) return tl::unexpected(slots.error());
  }
  return database.value(
      fmt::format("with added as (insert into data.{} ({}) {} select {} from tenant_said t, incoming i {} on "
                  "conflict do nothing returning 1) select count(*) from added",
                  head.table, columns, audit ? "overriding system value" : "", chosen,
                  audit ? "left join arrived_stores s on s.old_id = i.store_id where s.erased is not true"
                        : "join arrived_slots a on a.old_store = i.store_id and a.old_slot = i.slot and "
                          "a.store_id is not null"));
}

Result<Arrived> bring_back(Database& database, const std::string& file, const Head& head,
                           std::string_view key) {
  if (auto good = forgotten(database, head); !good) return tl::unexpected(good.error());
  auto reader = ArchiveReader::open(file, key);
  if (!reader) return tl::unexpected(reader.error());
  Content content{std::move(*reader), {}, {}};
  if (auto begun = content.begin(); !begun) return tl::unexpected(begun.error());
  if (auto made = make_room(database, head); !made) return tl::unexpected(made.error());
  if (auto said = say(database, content, head); !said) return tl::unexpected(said.error());
  if (auto made = database.run(
          fmt::format("create temporary table incoming on commit drop as select {} from data.{} where false",
                      head.columns, head.table));
      !made)
    return tl::unexpected(made.error());
  // COPY asks for pieces, so the file is read as fast as the database takes it.
  std::string first = std::move(content.rest);
  bool begun = false;
  std::int64_t rows = 0;
  auto copied = database.copy_in(fmt::format("copy incoming ({}) from stdin", head.columns),
                                 [&]() -> Result<std::string_view> {
                                   std::string_view piece = first;
                                   if (begun || piece.empty()) {
                                     auto next = content.reader.read();
                                     if (!next) return next;
                                     piece = *next;
                                   }
                                   begun = true;
                                   rows += std::count(piece.begin(), piece.end(), '\n');
                                   return piece;
                                 });
  if (!copied) return tl::unexpected(copied.error());
  if (rows != head.rows)
    return fail(ErrorKind::corrupt,
                fmt::format("{}: its head says {} rows, {} are in it", file, head.rows, rows));
  if (auto analyzed = database.run("analyze incoming"); !analyzed) return tl::unexpected(analyzed.error());
  const auto added = insert(database, head);
  if (!added) return tl::unexpected(added.error());
  Arrived arrived{rows, std::stoll(*added), content.reader.checksum(), false};
  const std::optional<std::string> sum[] = {arrived.checksum};
  auto touched =
      database.run("select private.touch_archive(a.id) from private.archives a where a.checksum = $1", sum);
  if (!touched) return tl::unexpected(touched.error());
  arrived.registered = !touched->rows.empty();
  return arrived;
}

Result<Arrived> look(const std::string& file, const Head& head, std::string_view key) {
  auto reader = ArchiveReader::open(file, key);
  if (!reader) return tl::unexpected(reader.error());
  Content content{std::move(*reader), {}, {}};
  if (auto begun = content.begin(); !begun) return tl::unexpected(begun.error());
  auto sum = read_all(content, head, file, [](std::string_view) { return Result<void>(); });
  if (!sum) return tl::unexpected(sum.error());
  return Arrived{head.rows, 0, *sum, false};
}

Result<json> restore_file(Database& database, const std::string& file,
                          const std::optional<std::string>& key_file, bool check) {
  const auto head = head_of(file);
  if (!head) return tl::unexpected(head.error());
  const auto key = key_for(database, *head, key_file, file);
  if (!key) return tl::unexpected(key.error());
  if (auto begun = database.run("begin"); !begun) return tl::unexpected(begun.error());
  const auto arrived = check ? look(file, *head, *key) : bring_back(database, file, *head, *key);
  const auto ended = database.run(arrived ? "commit" : "rollback");
  if (!arrived) return tl::unexpected(arrived.error());
  if (!ended) return tl::unexpected(ended.error());
  return json{{"file", file},
              {"organization", head->organization},
              {"partition", head->partition},
              {"rows", arrived->rows},
              {"added", arrived->added},
              {"checksum", arrived->checksum},
              {"registered", arrived->registered}};
}

}  // namespace

Outcome restore(Call& call) {
  const auto key_file = call.option("--key-file");
  if (!key_file) return tl::unexpected(key_file.error());
  const bool check = call.flag("--check");
  std::vector<std::string> files;
  while (auto file = call.word()) files.push_back(*file);
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (files.empty()) return fail(ErrorKind::misconfigured, "say which archive: lintel-hq restore FILE");
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  json restored = json::array();
  for (const auto& file : files) {
    auto result = restore_file(*database, file, *key_file, check);
    if (!result) return tl::unexpected(result.error());
    if (!call.json) {
      const auto rows = (*result)["rows"].get<std::int64_t>(), added = (*result)["added"].get<std::int64_t>();
      call.out << (check ? fmt::format("{}: sound, {} rows\n", file, rows)
                         : fmt::format("{}: {} rows, {} of them were not there\n", file, rows, added));
    }
    restored.push_back(std::move(*result));
  }
  if (call.json) call.print({{"checked_only", check}, {"restored", std::move(restored)}});
  return cli::kOk;
}

}  // namespace lintel::hq
