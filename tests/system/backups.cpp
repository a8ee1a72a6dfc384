#include "tests/system/backups.hpp"

#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"

namespace lintel::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

std::string shipped_config(const fs::path& dir) {
  auto text = text_of(LINTEL_SOURCE_DIR "/schema/backup/pgbackrest.conf");
  const auto put = [&](const std::string& key, const std::string& value) {
    const auto at = text.find("\n" + key + "=");
    if (at == std::string::npos) throw std::runtime_error("pgbackrest.conf has no " + key);
    text.replace(at + 1, text.find('\n', at + 1) - at - 1, key + "=" + value);
  };
  for (const std::string name : {"repo1", "spool", "log", "lock"})
    put(name + "-path", (dir / ("backup-" + name)).string());
  put("pg1-path", (dir / "data").string());
  put("pg1-socket-path", dir.string());
  return text + "pg1-user=postgres\n";
}

}  // namespace

bool Backups::available() {
  return ::access("/usr/bin/pgbackrest", X_OK) == 0;
}

Backups::Backups(PostgresCluster& cluster)
    : cluster_(cluster),
      config_(cluster.dir() / "pgbackrest.conf"),
      tombstones_(cluster.dir() / "tombstones.json"),
      program_(cluster.dir() / "lintel-hq") {
  // The server's user runs it, and need not be able to look into the build.
  fs::copy_file(LINTEL_HQ, program_);
  fs::permissions(program_, fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
  std::ofstream(config_) << shipped_config(cluster.dir());
  fs::create_directory(cluster.dir() / "pgbackrest.d");
  std::ofstream(cluster.dir() / "pgbackrest.d/secret.conf")
      << "[global]\nrepo1-cipher-pass=secret-of-the-repository\n";
  std::ofstream(tombstones_) << "[]\n";
  for (const std::string name : {"repo1", "spool", "log", "lock"})
    cluster.do_as_owner({"mkdir", (cluster.dir() / ("backup-" + name)).string()});
  cluster.set(
      fmt::format("wal_level = replica\narchive_mode = on\narchive_timeout = 60\n"
                  "archive_command = 'pgbackrest --config={} --config-include-path={} --stanza=lintel "
                  "archive-push %p'",
                  config_.string(), (cluster.dir() / "pgbackrest.d").string()));
  cluster.restart();
  static_cast<void>(pgbackrest({"stanza-create"}));
}

std::string Backups::pgbackrest(const std::vector<std::string>& words) const {
  std::vector<std::string> command = {"pgbackrest", "--config=" + config_.string(),
                                      "--config-include-path=" + (cluster_.dir() / "pgbackrest.d").string(),
                                      "--stanza=lintel"};
  command.insert(command.end(), words.begin(), words.end());
  return cluster_.do_as_owner(command);
}

void Backups::make(const std::string& type) {
  static_cast<void>(pgbackrest({"--type=" + type, "backup"}));
}

std::string Backups::moment() const {
  Sql sql(cluster_.conninfo());
  // pgBackRest knows a backup's end to the second, and goes back to a moment after that second only.
  sql.rows("select pg_sleep(1 - extract(epoch from clock_timestamp()) % 1)");
  return sql.value("select clock_timestamp()");
}

void Backups::archive_all() const {
  Sql sql(cluster_.conninfo());
  const auto segment = sql.value("select pg_walfile_name(pg_switch_wal())");
  const bool there =
      eventually([&] { return sql.value("select last_archived_wal from pg_stat_archiver") >= segment; }, 60s);
  if (!there) throw std::runtime_error("the log does not reach the repository: " + segment);
}

nlohmann::json Backups::drill(const std::string& moment) {
  const auto report = cluster_.dir() / "report.json";
  cluster_.do_as_owner({"env", "PGBACKREST_CONFIG_INCLUDE_PATH=" + (cluster_.dir() / "pgbackrest.d").string(),
                        program_.string(), "drill", "--db", cluster_.conninfo(), "--stanza", "lintel",
                        "--config", config_.string(), "--into", (cluster_.dir() / "drill").string(), "--at",
                        moment, "--tombstones", tombstones_.string(), "--report", report.string()});
  return nlohmann::json::parse(text_of(report));
}

void Backups::restore(const std::string& moment) {
  std::vector<std::string> words = {"--delta"};
  if (!moment.empty())
    words.insert(words.end(), {"--type=time", "--target=" + moment, "--target-action=promote"});
  words.emplace_back("restore");
  cluster_.do_as_owner({"mkdir", "-p", "-m", "700", (cluster_.dir() / "data").string()});
  static_cast<void>(pgbackrest(words));
  cluster_.restart();
  Sql sql(cluster_.conninfo());
  if (!eventually([&] { return sql.value("select pg_is_in_recovery()") == "f"; }, 120s))
    throw std::runtime_error("the restored server does not come to the end of its log");
  const auto hq = [&](std::vector<std::string> verb) {
    verb.insert(verb.begin(), program_.string());
    verb.insert(verb.end(), {"--db", cluster_.conninfo()});
    return cluster_.do_as_owner(verb);
  };
  hq({"erase", "replay", tombstones_.string()});
  sql.rows("select private.new_history()");
  hq({"audit", "policies"});
}

}  // namespace lintel::test
