#include "gateway/cli/options.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"

namespace lintel::cli {

Result<std::optional<std::string>> take_option(std::vector<std::string>& args, std::string_view name) {
  for (auto word = args.begin(); word != args.end(); ++word) {
    if (word->starts_with(name) && word->size() > name.size() && (*word)[name.size()] == '=') {
      auto value = word->substr(name.size() + 1);
      args.erase(word);
      return std::optional(std::move(value));
    }
    if (*word != name) continue;
    if (word + 1 == args.end()) {
      return fail(ErrorKind::misconfigured, fmt::format("{} lacks its value", name));
    }
    auto value = *(word + 1);
    args.erase(word, word + 2);
    return std::optional(std::move(value));
  }
  return std::optional<std::string>();
}

std::string did_you_mean_file(const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path path(name);
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : fs::path("."), error), end;
       !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto meant = config::nearest(path.filename().string(), views);
  if (meant.empty()) return {};
  return fmt::format(", did you mean {}?", (path.parent_path() / meant).string());
}

}  // namespace lintel::cli
