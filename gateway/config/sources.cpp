#include "gateway/config/sources.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"

namespace lintel::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 1 << 20;
constexpr std::string_view kPrefix = "LINTEL_";

tl::unexpected<std::string> no(std::string reason) {
  return tl::make_unexpected(std::move(reason));
}

tl::unexpected<std::string> why_unreadable(int error) {
  if (error == ENOENT) return no("there is no such file");
  if (error == EACCES) {
    return no("this user may not read it (permission denied), try another user or change its mode");
  }
  return no("cannot be read: " + std::generic_category().message(error));
}

class Descriptor {
 public:
  // Without O_NONBLOCK, opening a FIFO would wait for a writer for ever.
  explicit Descriptor(const fs::path& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string variable_name(std::string_view section, std::string_view key) {
  auto name = fmt::format("{}{}_{}", kPrefix, section, key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

/// Variables of the same prefix that are no settings: the file itself, and what the test suites use.
bool is_no_setting(std::string_view name) {
  return name == "LINTEL_CONFIG" || name == "LINTEL_POSTGREST_URL" || name == "LINTEL_INJECT_ABORT" ||
         name == "LINTEL_INJECT_CLOCK" || name.starts_with("LINTEL_TEST_");
}

std::string unknown(std::string_view label, std::string_view near) {
  const auto hint =
      near.empty() ? "see `lintel config show` for those that exist" : fmt::format("did you mean {}?", near);
  return fmt::format("{}: no such setting, {}", label, hint);
}

/// Names that look like a setting are refused, others only mentioned: a shell may export anything.
void unknown_variable(const std::string& name, const std::vector<std::string>& known,
                      std::span<const Key> keys, Report& report) {
  std::vector<std::string_view> words;
  words.reserve(known.size());
  for (const std::string_view variable : known) words.push_back(variable.substr(kPrefix.size()));
  const auto word = std::string_view(name).substr(kPrefix.size());
  const auto near = nearest(word, words);
  const auto message =
      unknown("environment variable " + name, near.empty() ? "" : fmt::format("{}{}", kPrefix, near));
  const auto in_section = [&](const Key& key) { return name.starts_with(variable_name(key.section, "")); };
  const bool meant = !near.empty() || std::any_of(keys.begin(), keys.end(), in_section);
  (meant ? report.problems : report.warnings).push_back(message);
}

/// Variables and flags can hold what a line of a file cannot.
bool is_one_line(const Entry& entry, Report& report) {
  if (!why_not_text(entry.value)) return true;
  report.problems.push_back(fmt::format("{}: expected one line of UTF-8 text", entry.label));
  return false;
}

Entry entry_for(const Key& key, std::string_view value, const std::string& where) {
  std::error_code error;
  return {std::string(key.section), std::string(key.name), std::string(trim(value)), where, where,
          fs::current_path(error)};
}

}  // namespace

Parsed<TextFile> read_text(const fs::path& file) {
  const Descriptor descriptor(file);
  if (descriptor.get() < 0) return why_unreadable(errno);
  struct stat about {};
  if (::fstat(descriptor.get(), &about) != 0) return why_unreadable(errno);
  if (S_ISDIR(about.st_mode)) return no("this is a folder, name a file in it");
  if (!S_ISREG(about.st_mode)) return no("this is not a regular file");
  TextFile result;
  result.world_readable = (about.st_mode & S_IROTH) != 0;
  result.private_to_owner = (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto got = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return why_unreadable(errno);
    if (got == 0) return result;
    result.text.append(buffer.data(), static_cast<std::size_t>(got));
    if (result.text.size() > kLargestFile) return no("larger than 1 MB, is this the right file?");
  }
}

std::vector<Entry> from_environment(const std::vector<std::string>& environment, std::span<const Key> keys,
                                    Report& report) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(variable_name(key.section, key.name));
  std::vector<Entry> entries;
  for (const std::string_view variable : environment) {
    const auto name = std::string(variable.substr(0, variable.find('=')));
    if (!name.starts_with(kPrefix) || is_no_setting(name)) continue;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      unknown_variable(name, names, keys, report);
      continue;
    }
    const auto value = variable.substr(std::min(variable.size(), name.size() + 1));
    auto entry = entry_for(keys[static_cast<std::size_t>(found - names.begin())], value, name);
    if (is_one_line(entry, report)) entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<Entry> from_overrides(const std::vector<std::string>& overrides, std::span<const Key> keys,
                                  Report& report) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.full_name());
  std::vector<Entry> entries;
  for (const std::string_view text : overrides) {
    const auto equals = text.find('=');
    const auto name = trim(text.substr(0, equals));
    const auto label = fmt::format("--set {}", name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (equals == std::string_view::npos) {
      report.problems.push_back(
          "--set: expected section.key=value, for example --set status.listen=127.0.0.1:8081");
    } else if (found == names.end()) {
      const std::vector<std::string_view> known(names.begin(), names.end());
      report.problems.push_back(unknown(label, nearest(name, known)));
    } else {
      const auto& key = keys[static_cast<std::size_t>(found - names.begin())];
      auto entry = entry_for(key, text.substr(equals + 1), label);
      if (key.secret)
        report.warnings.push_back(label + ": every user of this machine can see it in the process list");
      if (is_one_line(entry, report)) entries.push_back(std::move(entry));
    }
  }
  return entries;
}

std::vector<std::string> environment_of_process() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

}  // namespace lintel::config
