// A control: the gateway with `synchronous = normal`, which does not flush at a commit. It has to lose what
// the real one keeps, or the test of power cuts shows nothing.
#include <csignal>
#include <iostream>
#include <string>

#include <sqlite3.h>

#include "gateway/app/daemon.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/outcome.hpp"

extern "C" {
int __real_sqlite3_exec(sqlite3*, const char*, int (*)(void*, int, char**, char**), void*, char**);
int __wrap_sqlite3_exec(sqlite3* db, const char* sql, int (*row)(void*, int, char**, char**), void* context,
                        char** error) {
  std::string text(sql);
  constexpr std::string_view kFull = "synchronous = full";
  if (const auto at = text.find(kFull); at != std::string::npos)
    text.replace(at, kFull.size(), "synchronous = normal");
  return __real_sqlite3_exec(db, text.c_str(), row, context, error);
}
}

int main(int argc, char** argv) {
  using namespace lintel;
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> args(argv + 2, argv + argc);  // behind "run"
  const auto config = cli::configuration(args, std::cerr);
  if (!config) return cli::refuse(config.error(), std::cerr);
  auto daemon = app::Daemon::create(*config);
  if (!daemon) return cli::refuse(daemon.error(), std::cerr);
  (*daemon)->run();
  return cli::kOk;
}
