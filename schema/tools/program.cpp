#include "schema/tools/program.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace lintel::hq {
namespace fs = std::filesystem;

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

Result<int> run_program(std::vector<std::string> words, const std::vector<std::string>& environment,
                        const fs::path& folder) {
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
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    if (folder.empty() || ::chdir(folder.c_str()) == 0) ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace lintel::hq
