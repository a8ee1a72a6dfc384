#pragma once

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/eventually.hpp"

namespace lintel::test {

/// A machine with a configuration, on which something is broken.
class BrokenMachine {
 public:
  explicit BrokenMachine(const std::string& more = "") { configure(more); }

  void configure(const std::string& more) const {
    write("gateway.conf", "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n" + more);
  }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((dir_.path() / name).parent_path());
    std::ofstream(dir_.path() / name) << text;
    ::chmod((dir_.path() / name).c_str(), 0600);
  }
  void start() {
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir_.path() / "log");
    if (!eventually([&] { return doctor({"--only", "daemon"}).code == 0; }, std::chrono::seconds(60)))
      throw std::runtime_error("the gateway did not come up: " + text_of(dir_.path() / "log"));
  }
  void stop() {
    process_.kill(SIGTERM);
    process_.wait();
  }
  [[nodiscard]] Process& process() { return process_; }

  [[nodiscard]] Answer lintel(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", config()});
    return ask(words);
  }
  [[nodiscard]] Answer doctor(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), "doctor");
    return lintel(std::move(words));
  }
  /// One check of the doctor; a test fails where it is not there.
  [[nodiscard]] nlohmann::json check(const std::string& name) const {
    const auto answer = doctor({"--json", "--only", name});
    const auto all = nlohmann::json::parse(answer.out, nullptr, false);
    if (!all.is_object() || all["checks"].size() != 1)
      throw std::runtime_error("no single check " + name + ": " + answer.out + answer.err);
    return all["checks"][0];
  }

  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_.path(); }

 private:
  TempDir dir_;
  Process process_;
};

inline bool contains(const nlohmann::json& text, const std::string& part) {
  return text.get<std::string>().find(part) != std::string::npos;
}

/// The first line that a terminal of 80 columns would break; empty: none.
inline std::string too_wide(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t columns = 0;
    for (const char c : line) columns += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    if (columns > 80) return line;
  }
  return {};
}

}  // namespace lintel::test
