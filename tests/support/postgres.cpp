#include "tests/support/postgres.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"

namespace lintel::test {

namespace {

constexpr const char* kBin = "/usr/lib/postgresql/15/bin";
constexpr std::chrono::seconds kPatience{60};

/// Nobody but the owner may look into it, and as root the owner is `postgres`.
std::filesystem::path make_dir() {
  std::string name = (std::filesystem::temp_directory_path() / "lintel-pg-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + name);
  if (::geteuid() == 0) {
    const passwd* owner = ::getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe): before any thread
    if (owner == nullptr || ::chown(name.c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw std::runtime_error("cannot give " + name + " to the user postgres");
  }
  return name;
}

void write_settings(const std::filesystem::path& dir) {
  std::ofstream out(dir / "data" / "postgresql.auto.conf", std::ios::app);
  out << "listen_addresses = ''\n"
      << "unix_socket_directories = '" << dir.string() << "'\n"
      << "fsync = off\n"
      << "max_connections = 50\n"
      << "shared_buffers = '64MB'\n"
      << "timezone = 'UTC'\n";
}

}  // namespace

bool PostgresCluster::available() {
  return ::access((std::string(kBin) + "/postgres").c_str(), X_OK) == 0 &&
         ::access("/usr/bin/sqitch", X_OK) == 0;
}

PostgresCluster::PostgresCluster() : dir_(make_dir()), log_(dir_ / "log") {
  run(as_owner({std::string(kBin) + "/initdb", "-D", (dir_ / "data").string(), "-U", "postgres", "-A",
                "trust", "-E", "UTF8", "--locale=C", "--no-sync"}));
  write_settings(dir_);
  come_up();
}

PostgresCluster::PostgresCluster(Schema) : dir_(make_dir()), log_(dir_ / "log") {
  run({LINTEL_SOURCE_DIR "/tests/schema/deployed_cluster", (dir_ / "data").string()});
  if (::geteuid() == 0) run({"chown", "--recursive", "postgres:", (dir_ / "data").string()});
  write_settings(dir_);
  come_up();
  Sql(conninfo("postgres")).rows("alter database deployed rename to hq");
}

PostgresCluster::PostgresCluster(const PostgresCluster& stopped) : dir_(make_dir()), log_(dir_ / "log") {
  run(as_owner({"cp", "--archive", "--reflink=auto", (stopped.dir_ / "data").string(), dir_.string()}));
  write_settings(dir_);  // the last word on a setting holds
  come_up();
}

PostgresCluster::~PostgresCluster() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

std::string PostgresCluster::conninfo(const std::string& database) const {
  return fmt::format("host={} user=postgres dbname={}", dir_.string(), database);
}

void PostgresCluster::stop() {
  process_.kill(SIGINT);
  if (!process_.wait_for(kPatience)) kill9();
}

void PostgresCluster::crash() {
  process_.kill(SIGQUIT);
  if (!process_.wait_for(kPatience)) kill9();
}

void PostgresCluster::kill9() {
  process_.kill(SIGKILL);
  process_.wait();
}

void PostgresCluster::restart() {
  stop();
  come_up();
}

void PostgresCluster::back_up() {
  stop();
  std::filesystem::remove_all(dir_ / "backup");
  run(as_owner({"cp", "--archive", "--reflink=auto", (dir_ / "data").string(), (dir_ / "backup").string()}));
  come_up();
}

void PostgresCluster::go_back() {
  stop();
  std::filesystem::remove_all(dir_ / "data");
  run(as_owner({"cp", "--archive", "--reflink=auto", (dir_ / "backup").string(), (dir_ / "data").string()}));
  come_up();
}

void PostgresCluster::set(const std::string& lines) {
  std::ofstream(dir_ / "data" / "postgresql.auto.conf", std::ios::app) << lines << '\n';
}

std::string PostgresCluster::do_as_owner(const std::vector<std::string>& command) const {
  const auto said = dir_ / "said";
  const auto code = Process::spawn(as_owner(command), {}, said).wait();
  auto text = text_of(said);
  std::filesystem::remove(said);
  if (code != 0) throw std::runtime_error(fmt::format("{} failed: {}", fmt::join(command, " "), text));
  return text;
}

/// The kernel forgets a parent-death signal when the user changes, so setpriv sets it anew.
std::vector<std::string> PostgresCluster::as_owner(std::vector<std::string> command) const {
  if (::geteuid() != 0) return command;
  std::vector<std::string> whole = {"setpriv",  "--pdeathsig", "KILL",     "--reuid",
                                    "postgres", "--regid",     "postgres", "--init-groups"};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

void PostgresCluster::run(const std::vector<std::string>& command,
                          const std::vector<std::string>& env) const {
  const auto said = dir_ / "command";
  if (Process::spawn(command, env, said).wait() != 0)
    throw std::runtime_error(fmt::format("{} failed: {}", command.front(), text_of(said)));
  std::filesystem::remove(said);
}

void PostgresCluster::come_up() {
  process_ =
      Process::spawn(as_owner({std::string(kBin) + "/postgres", "-D", (dir_ / "data").string()}), {}, log_);
  const bool up = eventually(
      [this] { return !process_.running() || PQping(conninfo("postgres").c_str()) == PQPING_OK; }, kPatience);
  if (!up || !process_.running()) throw std::runtime_error("PostgreSQL did not come up: " + text_of(log_));
}

Sql::Sql(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) == CONNECTION_OK) return;
  const std::string message = PQerrorMessage(connection_);
  PQfinish(connection_);
  throw std::runtime_error(message);
}

Sql::~Sql() {
  PQfinish(connection_);
}

std::vector<Sql::Row> Sql::rows(const std::string& statement) {
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection_, statement.c_str()),
                                                              PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    throw std::runtime_error(statement + ": " + PQerrorMessage(connection_));
  std::vector<Row> all;
  for (int i = 0; i < PQntuples(result.get()); ++i) {
    Row row;
    for (int column = 0; column < PQnfields(result.get()); ++column)
      row.emplace_back(PQgetvalue(result.get(), i, column));
    all.push_back(std::move(row));
  }
  return all;
}

std::string Sql::value(const std::string& statement) {
  const auto all = rows(statement);
  return all.empty() || all.front().empty() ? "" : all.front().front();
}

}  // namespace lintel::test
