#include "tests/bench/meter.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/text_file.hpp"

namespace lintel::bench {

namespace {

/// The number after `name` in a file of "name: number" lines.
std::int64_t number_after(const std::string& text, const std::string& name) {
  const auto found = text.find(name);
  if (found == std::string::npos) throw std::runtime_error("/proc says nothing about " + name);
  return std::stoll(text.substr(found + name.size()));
}

/// All threads' time, which the scheduler books in nanoseconds; the process' own figure comes in ticks of 10
/// ms.
std::chrono::microseconds processor_of(const std::string& proc) {
  std::int64_t nanoseconds = 0;
  for (const auto& task : std::filesystem::directory_iterator(proc + "/task")) {
    std::int64_t of_task = 0;
    std::ifstream(task.path() / "schedstat") >> of_task;
    nanoseconds += of_task;
  }
  return std::chrono::microseconds(nanoseconds / 1000);
}

}  // namespace

Usage usage_of(pid_t process) {
  const std::string proc = "/proc/" + std::to_string(process);
  Usage usage;
  usage.processor = processor_of(proc);
  usage.written_bytes = number_after(test::text_of(proc + "/io"), "\nwrite_bytes:");
  usage.anonymous_bytes = number_after(test::text_of(proc + "/status"), "RssAnon:") * 1024;
  return usage;
}

}  // namespace lintel::bench
