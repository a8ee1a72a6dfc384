// The arrows of the layout: who may include whom. They point down only, so that a part can be understood,
// tested and replaced without what stands above it.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/support/temp_dir.hpp"

namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string, std::less<>>;

/// Module -> what it may include beside itself. A folder that is missing here is refused, so that a new
/// module cannot come without a decision on where it stands.
const std::map<std::string, Names, std::less<>> kArrows = {
    {"app",
     {"cli", "status", "setup", "enrol", "sync", "walk", "health", "counting", "evidence", "store", "config",
      "clock", "links", "decoders", "profiles", "wire", "core"}},
    {"cli",
     {"doctor", "support", "status", "enrol", "sync", "health", "store", "config", "links", "decoders",
      "clock", "core"}},
    {"doctor", {"status", "enrol", "sync", "health", "store", "config", "links", "clock", "core"}},
    {"support", {"enrol", "sync", "store", "config", "clock", "core"}},
    {"status", {"sync", "health", "store", "clock", "core"}},
    {"setup", {"enrol", "config", "core"}},
    {"enrol", {"sync", "core"}},
    {"sync", {"store", "clock", "core"}},
    {"health", {"store", "clock", "core"}},
    {"walk", {"store", "core"}},
    {"counting", {"store", "clock", "core"}},
    {"evidence", {"store", "core"}},
    {"store", {"core"}},
    {"config", {"core"}},
    {"clock", {"core"}},
    {"links", {"wire", "core"}},
    {"decoders", {"wire", "core"}},
    {"wire", {"core"}},
    {"profiles", {"core"}},
    {"broker-journal", {}},
    {"core", {}},
};

/// A decoder is a pure function: it has no business with any of these. A name that ends in / stands for
/// all headers below it.
constexpr std::string_view kNotForDecoders[] = {
    "fstream", "iostream", "filesystem", "thread",      "mutex",       "condition_variable",
    "future",  "random",   "cstdio",     "stdio.h",     "unistd.h",    "fcntl.h",
    "sys/",    "netinet/", "poll.h",     "time.h",      "ctime",       "boost/asio",
    "mqtt/",   "curl/",    "sqlite3.h",  "MQTTAsync.h", "MQTTClient.h"};

struct Include {
  std::string target;
  bool quoted;
};

/// The target of an #include line; empty for every other line.
Include include_of(std::string_view line) {
  const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  skip_blanks();
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  skip_blanks();
  constexpr std::string_view kWord = "include";
  if (!line.starts_with(kWord)) return {};
  line.remove_prefix(kWord.size());
  skip_blanks();
  if (line.empty() || (line.front() != '"' && line.front() != '<')) return {};
  const bool quoted = line.front() == '"';
  const auto end = line.find(quoted ? '"' : '>', 1);
  return {std::string(line.substr(1, end == std::string_view::npos ? end : end - 1)), quoted};
}

/// "gateway/store/store.hpp" -> "store"; empty outside the two trees of the product.
std::string module_of(const fs::path& file) {
  auto part = file.begin();
  if (part == file.end() || (*part != "gateway" && *part != "firmware-bridge")) return {};
  if (++part == file.end()) return {};
  const auto name = part->string();
  return ++part == file.end() ? std::string() : name;
}

/// What is wrong with one include; empty: nothing.
std::string complaint(const std::string& module, const Include& include) {
  if (module == "decoders") {
    for (const auto header : kNotForDecoders) {
      const bool below = header.ends_with('/') || header == "boost/asio";
      if (below ? include.target.starts_with(header) : include.target == header) {
        return fmt::format("decoders -> {} is forbidden: decoders know no I/O, clock or thread",
                           include.target);
      }
    }
  }
  const auto target = module_of(include.target);
  if (target.empty()) {
    if (!include.quoted) return {};
    return fmt::format(
        "{} -> \"{}\" is forbidden: includes in quotes are rooted at the repository and name gateway/ or "
        "firmware-bridge/",
        module, include.target);
  }
  const auto& allowed = kArrows.at(module);
  if (target == module || allowed.contains(target)) return {};
  return fmt::format("{} -> {} is forbidden: {} may include only itself{}", module, target, module,
                     allowed.empty() ? "" : fmt::format(" and {}", fmt::join(allowed, ", ")));
}

/// All violations below `root`, each "file:line: arrow".
std::vector<std::string> violations(const fs::path& root) {
  std::vector<std::string> result;
  for (const auto* tree : {"firmware-bridge", "gateway"}) {
    if (!fs::exists(root / tree)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / tree)) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp" && extension != ".h") continue;
      const auto file = entry.path().lexically_relative(root);
      const auto module = module_of(file);
      if (!kArrows.contains(module)) {
        result.push_back(fmt::format("{}: the module {} has no arrows, add it to the table of this test",
                                     file.string(), module));
        continue;
      }
      std::ifstream stream(entry.path());
      int number = 0;
      for (std::string line; std::getline(stream, line);) {
        ++number;
        const auto include = include_of(line);
        if (include.target.empty()) continue;
        const auto wrong = complaint(module, include);
        if (!wrong.empty()) result.push_back(fmt::format("{}:{}: {}", file.string(), number, wrong));
      }
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace

TEST_CASE("layout: includes point down only, and decoders touch nothing outside") {
  for (const auto& violation : violations(LINTEL_SOURCE_DIR)) FAIL_CHECK(violation);
}

TEST_CASE("layout: the table itself has no circle") {
  // Whoever includes nothing that is left can be taken away; what remains at the end runs in a circle.
  auto left = kArrows;
  for (bool taken = true; taken;) {
    taken = std::erase_if(left, [&](const auto& row) {
              return std::none_of(row.second.begin(), row.second.end(),
                                  [&](const std::string& target) { return left.contains(target); });
            }) > 0;
  }
  CHECK(left.empty());
}

TEST_CASE("layout: a forbidden include is named with file, line and arrow") {
  const lintel::test::TempDir dir;
  const auto write = [&](const std::string& name, const std::string& text) {
    fs::create_directories((dir.path() / name).parent_path());
    std::ofstream(dir.path() / name) << text;
  };
  write("gateway/store/a.cpp", "#include <vector>\n\n  # include \"gateway/app/daemon.hpp\"\n");
  write("gateway/store/fine.cpp",
        "// #include \"gateway/app/daemon.hpp\"\n#include \"gateway/store/store.hpp\"\n");
  write("gateway/sync/b.cpp", "#include <gateway/config/config.hpp>\n#include \"session.hpp\"\n");
  write("firmware-bridge/decoders/c.cpp",
        "#include <fstream>\n#include <sys/stat.h>\n#include <boost/asio/io_context.hpp>\n");
  write("firmware-bridge/links/d.hpp", "#include \"firmware-bridge/decoders/registry.hpp\"\n");
  write("gateway/helpers/e.hpp", "\n");
  CHECK(violations(dir.path()) ==
        std::vector<std::string>{
            "firmware-bridge/decoders/c.cpp:1: decoders -> fstream is forbidden: decoders know no I/O, clock "
            "or thread",
            "firmware-bridge/decoders/c.cpp:2: decoders -> sys/stat.h is forbidden: decoders know no I/O, "
            "clock or thread",
            "firmware-bridge/decoders/c.cpp:3: decoders -> boost/asio/io_context.hpp is forbidden: decoders "
            "know no I/O, "
            "clock or thread",
            "firmware-bridge/links/d.hpp:1: links -> decoders is forbidden: links may include only itself "
            "and core, wire",
            "gateway/helpers/e.hpp: the module helpers has no arrows, add it to the table of this test",
            "gateway/store/a.cpp:3: store -> app is forbidden: store may include only itself and core",
            "gateway/sync/b.cpp:1: sync -> config is forbidden: sync may include only itself and clock, "
            "core, store",
            "gateway/sync/b.cpp:2: sync -> \"session.hpp\" is forbidden: includes in quotes are rooted at "
            "the repository "
            "and name gateway/ or firmware-bridge/"});
}
