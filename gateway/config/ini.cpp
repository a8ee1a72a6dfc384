#include "gateway/config/ini.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

class Scanner {
 public:
  Scanner(const std::string& name, const std::filesystem::path& base, const Sections& sections,
          Report& report)
      : name_(name), base_(base), sections_(sections), report_(report), inside_(sections.sole) {}

  std::vector<Entry> run(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      ++line_;
      const auto end = text.find('\n');
      const auto line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      // A file that is no text would otherwise yield a problem for each of its lines.
      if (const auto wrong = why_not_text(line)) {
        problem(*wrong);
        return {};
      }
      take(trim(line));
    }
    return std::move(entries_);
  }

 private:
  void take(std::string_view line) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return;
    if (line.front() == '[') return header(line);
    if (skipping_) return;
    const auto equals = line.find('=');
    // The line itself is not shown: it may be a password that lost its key.
    if (equals == std::string_view::npos) {
      return problem("expected `key = value`, a [section], or a comment that starts with #");
    }
    entry(std::string(trim(line.substr(0, equals))), std::string(trim(line.substr(equals + 1))));
  }

  void header(std::string_view line) {
    inside_ = true;
    skipping_ = true;
    if (line.back() != ']') return problem("a section header ends with ], for example [store]");
    const auto section = trim(line.substr(1, line.size() - 2));
    if (std::find(sections_.names.begin(), sections_.names.end(), section) == sections_.names.end()) {
      return problem(fmt::format("[{}]: no such section, {}", section, suggest(section, sections_.names)));
    }
    skipping_ = false;
    section_ = sections_.sole ? "" : section;
  }

  void entry(std::string key, std::string value) {
    if (key.empty()) return problem("there is no key before the =");
    if (!inside_) {
      return problem(fmt::format("{}: stands above the first section, put it below a line such as [{}]", key,
                                 sections_.names.front()));
    }
    auto where = fmt::format("{}:{}", name_, line_);
    auto label = section_.empty() ? fmt::format("{}: {}", where, key)
                                  : fmt::format("{}: [{}] {}", where, section_, key);
    entries_.push_back(
        {section_, std::move(key), std::move(value), std::move(where), std::move(label), base_});
  }

  void problem(const std::string& text) {
    report_.problems.push_back(fmt::format("{}:{}: {}", name_, line_, text));
  }

  const std::string& name_;
  const std::filesystem::path& base_;
  const Sections& sections_;
  Report& report_;
  std::vector<Entry> entries_;
  std::string section_;
  int line_ = 0;
  bool inside_;
  bool skipping_ = false;  ///< below a header that was refused: one problem is enough
};

}  // namespace

std::vector<Entry> scan(std::string_view text, const std::string& name, const std::filesystem::path& base,
                        const Sections& sections, Report& report) {
  return Scanner(name, base, sections, report).run(text);
}

}  // namespace lintel::config
