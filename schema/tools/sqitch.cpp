#include "schema/tools/sqitch.hpp"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "schema/tools/program.hpp"

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

/// A name of a database inside a URI.
std::string escaped(std::string_view text) {
  std::string uri;
  for (const unsigned char c : text)
    uri += std::isalnum(c) != 0 || c == '_' || c == '-' ? std::string(1, static_cast<char>(c))
                                                        : fmt::format("%{:02X}", c);
  return uri;
}

/// The own variable where there is one.
std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread exists
  return fmt::format("{}={}", name, value == nullptr ? otherwise : value);
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
  auto environment = database.environment();
  // sqitch refuses to work for nobody and in no time zone; containers and cron often have neither.
  environment.push_back(variable("TZ", "UTC"));
  environment.push_back(variable("SQITCH_FULLNAME", "Lintel deploy"));
  environment.push_back(variable("SQITCH_EMAIL", "lintel@localhost"));
  return run_program(std::move(command), environment, folder);
}

}  // namespace lintel::hq
