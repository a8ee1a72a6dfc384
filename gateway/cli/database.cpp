#include "gateway/cli/database.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "gateway/store/store.hpp"

namespace lintel::cli {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> no_database(const fs::path& file, const std::error_code& error) {
  if (error) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot look at {}: {}; run this as root or as the user that "
                            "lintel runs as",
                            file.string(), error.message()));
  }
  return fail(
      ErrorKind::rejected,
      fmt::format("there is no database at {} yet: the gateway has never run with this configuration. "
                  "Start it with `lintel run`, or name its configuration with --config",
                  file.string()));
}

}  // namespace

Result<store::Database> open_database(const config::Config& config) {
  const auto file = store::database_path(config.state_dir);
  std::error_code error;
  if (!fs::exists(file, error)) return no_database(file, error);
  return store::Database::open(file, store::OpenMode::reader);
}

}  // namespace lintel::cli
