#include "tests/support/ledger.hpp"

#include <array>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace lintel::test {

namespace {

constexpr const char* kHeader = "sensor,line,kind,started_ms,duration_ms,count_in,count_out";

Sent parse(const std::string& line) {
  std::array<std::string, 7> fields;
  std::istringstream in(line);
  for (auto& field : fields) {
    if (!std::getline(in, field, ',')) throw std::runtime_error("a ledger line has too few fields: " + line);
  }
  return {fields[0],
          fields[1],
          fields[2],
          std::stoll(fields[3]),
          std::stoll(fields[4]),
          std::stoll(fields[5]),
          std::stoll(fields[6])};
}

}  // namespace

Ledger::Ledger(const std::filesystem::path& file) : out_(file, std::ios::trunc) {
  if (!out_) throw std::runtime_error("cannot create the ledger " + file.string());
  out_ << kHeader << std::endl;
}

void Ledger::append(const Sent& sent) {
  const std::string line = fmt::format("{},{},{},{},{},{},{}\n", sent.sensor, sent.line, sent.kind,
                                       sent.started_ms, sent.duration_ms, sent.count_in, sent.count_out);
  const std::lock_guard lock(mutex_);
  out_ << line << std::flush;
}

std::vector<Sent> read_ledger(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) || line != kHeader)
    throw std::runtime_error(file.string() + " is not a ledger of sent passages");
  std::vector<Sent> all;
  while (std::getline(in, line)) all.push_back(parse(line));
  return all;
}

}  // namespace lintel::test
