#include "schema/tools/sqitch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace lintel::hq {
namespace fs = std::filesystem;
namespace {

std::optional<fs::path> above(fs::path folder) {
  while (true) {
    if (fs::exists(folder / "schema/postgres/sqitch.plan")) return folder / "schema/postgres";
    if (!folder.has_relative_path()) return std::nullopt;
    folder = folder.parent_path();
  }
}

bool installed(const std::string& program) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): before any thread exists
  std::string_view folders = path == nullptr ? std::string_view() : std::string_view(path);
  while (!folders.empty()) {
    const auto end = std::min(folders.find(':'), folders.size());
    if (::access((fs::path(folders.substr(0, end)) / program).c_str(), X_OK) == 0) return true;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return false;
}

/// A name of a database inside a URI.
std::string escaped(std::string_view text) {
  std::string uri;
  for (const unsigned char c : text)
    uri += std::isalnum(c) != 0 || c == '_' || c == '-' ? std::string(1, static_cast<char>(c))
                                                        : fmt::format("%{:02X}", c);
  return uri;
}

void set(const char* name, const char* value) {
  if (std::getenv(name) == nullptr) ::setenv(name, value, 1);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

Result<fs::path> schema_folder(const std::string& said) {
  if (!said.empty()) {
    if (fs::exists(fs::path(said) / "sqitch.plan")) return fs::path(said);
    return fail(ErrorKind::misconfigured, fmt::format("--schema {}: there is no sqitch.plan", said));
  }
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  const auto beside = program.parent_path().parent_path() / "share/lintel-hq/postgres";
  if (fs::exists(beside / "sqitch.plan")) return beside;
  if (auto found = above(program.parent_path())) return *found;
  if (auto found = above(fs::current_path(error))) return *found;
  return fail(ErrorKind::misconfigured,
              "the schema's scripts were not found: say where sqitch.plan is with --schema FOLDER");
}

Result<int> sqitch(const Database& database, const fs::path& folder, const std::vector<std::string>& words) {
  if (!installed("sqitch") || !installed("psql")) {
    return fail(ErrorKind::misconfigured,
                "sqitch or psql is not installed. On Debian: apt-get install sqitch libdbd-pg-perl "
                "postgresql-client");
  }
  std::vector<std::string> command{"sqitch"};
  command.insert(command.end(), words.begin(), words.end());
  // Where the database is goes by the environment, which only this user can read.
  command.push_back("db:pg:" + escaped(database.name()));
  const auto environment = database.environment();
  const auto child = ::fork();
  if (child < 0)
    return fail(ErrorKind::transient, fmt::format("no process could be made: {}", std::strerror(errno)));
  if (child == 0) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    for (const auto& entry : environment) {
      const auto equals = entry.find('=');
      ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(),
               1);  // NOLINT(concurrency-mt-unsafe)
    }
    // sqitch refuses to work for nobody and in no time zone; containers and cron often have neither.
    set("TZ", "UTC");
    set("SQITCH_FULLNAME", "Lintel deploy");
    set("SQITCH_EMAIL", "lintel@localhost");
    std::vector<char*> argv;
    for (auto& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (::chdir(folder.c_str()) == 0) ::execvp("sqitch", argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace lintel::hq
