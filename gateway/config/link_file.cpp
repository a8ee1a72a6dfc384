#include "gateway/config/link_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/sources.hpp"

namespace lintel::config {

LinkFile::LinkFile(const Part& part, const Vocabulary& vocabulary, Report& report)
    : part_(part),
      vocabulary_(vocabulary.decoders.begin(), vocabulary.decoders.end()),
      modbus_(vocabulary.modbus.begin(), vocabulary.modbus.end()),
      report_(report) {}

void LinkFile::problem(const std::string& text) const {
  report_.problems.push_back(fmt::format("{}: {}", part_.name, text));
}

void LinkFile::problem(const Entry& entry, const std::string& text) const {
  report_.problems.push_back(fmt::format("{} = \"{}\": {}", entry.label, entry.value, text));
}

void LinkFile::demand(const Settings& settings, std::string_view key, std::string_view example) const {
  if (settings.mentioned(key)) return;
  problem(fmt::format("{} is missing, for example: {} = {}", key, key, example));
}

bool LinkFile::check_decoder(const Entry& entry, const std::string& name) const {
  if (std::find(vocabulary_.begin(), vocabulary_.end(), name) != vocabulary_.end()) return true;
  problem(entry, fmt::format("no decoder is called {}, {}", name, suggest(name, vocabulary_)));
  return false;
}

std::string LinkFile::secret(const Settings& settings, const std::string& key) const {
  const auto file_key = key + "_file";
  const auto* entry = settings.entry(file_key);
  if (entry == nullptr || entry->value.empty()) return settings.text(key);
  if (settings.mentioned(key)) {
    problem(*entry, fmt::format("{} is stated too, keep one of the two", key));
    return {};
  }
  const auto path = settings.path(file_key);
  const auto file = read_text(path);
  if (!file) {
    problem(*entry, file.error());
    return {};
  }
  // Only the line end goes: a password may begin or end with a blank.
  auto value = file->text.substr(0, file->text.find_first_of("\r\n"));
  if (value.empty()) problem(*entry, fmt::format("its first line is empty, it has to hold the {}", key));
  if (file->world_readable) {
    warn(fmt::format("{} = \"{}\": everybody on this machine can read it, chmod o-r {}", entry->label,
                     entry->value, path.string()));
  }
  return value;
}

}  // namespace lintel::config
