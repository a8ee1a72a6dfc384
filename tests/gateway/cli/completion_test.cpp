// `lintel completion`, in a real shell.
#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/cli/lintel_binary.hpp"

using namespace lintel;
using test::Process;
using test::TempDir;
using test::text_of;
namespace fs = std::filesystem;

namespace {

/// What bash offers for these words, the last of which is being typed.
std::vector<std::string> offered(const std::vector<std::string>& words, const fs::path& folder = "/") {
  const TempDir dir;
  std::ofstream(dir.path() / "lintel.bash") << test::ask({"completion", "bash"}).out;
  fs::create_symlink(LINTEL_BINARY, dir.path() / "lintel");
  std::string array;
  for (const auto& word : words) array += " '" + word + "'";
  const auto script =
      "cd '" + folder.string() + "' && PATH='" + dir.path().string() + "':$PATH && source '" +
      (dir.path() / "lintel.bash").string() + "' && COMP_WORDS=(lintel" + array +
      ") && COMP_CWORD=" + std::to_string(words.size()) +
      " && complete -p lintel > /dev/null && _lintel && printf '%s\\n' \"${COMPREPLY[@]}\" > '" +
      (dir.path() / "out").string() + "'";
  CHECK(Process::spawn({"bash", "--norc", "-c", script}).wait() == 0);
  std::vector<std::string> result;
  std::istringstream lines(text_of(dir.path() / "out"));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) result.push_back(line);
  return result;
}

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool installed(const char* shell) {
  for (const auto* folder : {"/bin/", "/usr/bin/"})
    if (::access((std::string(folder) + shell).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace

TEST_CASE("lintel completion bash: verbs, actions and options of each verb") {
  const auto verbs = offered({""});
  for (const auto* verb : {"status", "doctor", "support-bundle", "completion", "help"})
    CHECK(has(verbs, verb));
  CHECK(offered({"qua"}) == std::vector<std::string>{"quarantine"});
  CHECK(offered({"quarantine", ""}) == std::vector<std::string>{"list", "show", "replay"});
  CHECK(offered({"quarantine", "re"}) == std::vector<std::string>{"replay"});
  CHECK(offered({"quarantine", "replay", "--dr"}) == std::vector<std::string>{"--dry-run"});
  CHECK(has(offered({"status", "--"}), "--json"));
  CHECK_FALSE(has(offered({"status", "--"}), "--days"));
  CHECK(offered({"completion", "z"}) == std::vector<std::string>{"zsh"});
  CHECK(offered({"no-such-verb", ""}).empty());
  CHECK(has(offered({"help", "sta"}), "status"));
}

TEST_CASE("lintel completion bash: files, decoders, checks and keys as values") {
  const TempDir dir;
  std::ofstream(dir.path() / "payload.json") << "{}\n";
  CHECK(offered({"status", "--config", "pay"}, dir.path()) == std::vector<std::string>{"payload.json"});
  CHECK(offered({"decode", "milesight-vs125", "pay"}, dir.path()) ==
        std::vector<std::string>{"payload.json"});
  CHECK(has(offered({"decode", "milesight-"}), "milesight-vs125"));
  CHECK(has(offered({"quarantine", "replay", "--with", "tasmota-"}), "tasmota-counter"));
  CHECK(offered({"doctor", "--only", "cred"}) == std::vector<std::string>{"credential"});
  CHECK(offered({"status", "--set", "hq.ur"}) == std::vector<std::string>{"hq.url="});
  CHECK(offered({"explain", "--limit", ""}).empty());
}

TEST_CASE("lintel completion: what the shells make of their scripts") {
  const TempDir dir;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    INFO(shell);
    const auto answer = test::ask({"completion", shell});
    CHECK(answer.code == 0);
    CHECK(answer.out.find("support-bundle") != std::string::npos);
    CHECK(answer.out.find(shell == "fish" ? "dry-run" : "--dry-run") != std::string::npos);
    if (!installed(shell.c_str())) {
      MESSAGE("SKIPPED: " << shell << " is not installed, its script is not checked by it");
      continue;
    }
    const auto file = (dir.path() / shell).string();
    std::ofstream(file) << answer.out;
    CHECK(Process::spawn({shell, "-n", file}, {}, dir.path() / "said").wait() == 0);
    CHECK(text_of(dir.path() / "said").empty());
  }
}

TEST_CASE("lintel completion: another shell is answered with those there are") {
  CHECK(test::ask({"completion"}).err == "lintel: completion: say bash, zsh or fish\n");
  CHECK(test::ask({"completion", "bsh"}).err == "lintel: completion bsh: unknown, did you mean bash?\n");
  CHECK(test::ask({"completion", "bash", "zsh"}).code == 2);
}
