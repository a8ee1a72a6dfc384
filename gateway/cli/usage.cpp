#include "gateway/cli/usage.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"

namespace lintel::cli {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \n";
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, text.find_first_of(kBlanks)));
    text.remove_prefix(words.back().size());
  }
}

/// "[FILE]..." -> "FILE"
std::string_view bare(std::string_view word) {
  while (word.starts_with('[')) word.remove_prefix(1);
  while (!word.empty() && (word.back() == ']' || word.back() == '.')) word.remove_suffix(1);
  return word;
}

bool in_lower_case(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::islower(c) != 0 || c == '|' || c == '-' || c == '.';
  });
}

void add_once(std::vector<std::string>& list, std::string_view word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.emplace_back(word);
}

void add_option(Usage& usage, std::string_view name, std::string_view value) {
  const bool known = std::any_of(usage.options.begin(), usage.options.end(),
                                 [&](const Usage::Option& option) { return option.name == name; });
  if (!known) usage.options.push_back({std::string(name), std::string(value)});
}

void add_actions(Usage& usage, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find('|'), words.size());
    add_once(usage.actions, words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

const Usage::Option* find(const Usage& usage, std::string_view name) {
  const auto found = std::find_if(usage.options.begin(), usage.options.end(),
                                  [&](const Usage::Option& option) { return option.name == name; });
  return found == usage.options.end() ? nullptr : &*found;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         (word[1] == '-' || std::isalpha(static_cast<unsigned char>(word[1])) != 0);
}

}  // namespace

Usage usage_of(const Verb& verb) {
  Usage usage;
  const auto words = words_of(verb.usage);
  bool first = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto word = bare(words[i]);
    if (word == verb.program && i + 1 < words.size() && bare(words[i + 1]) == verb.name) {
      ++i;
      first = true;
      continue;
    }
    if (word.starts_with("--")) {
      const bool takes = !words[i].ends_with(']') && i + 1 < words.size() && !words[i + 1].starts_with('[') &&
                         !words[i + 1].starts_with("--") && words[i + 1] != verb.program;
      add_option(usage, word, takes ? bare(words[i + 1]) : std::string_view());
      if (takes) ++i;
    } else if (first && in_lower_case(word)) {
      add_actions(usage, word);
    } else {
      add_once(usage.places, word);
    }
    if (!word.starts_with("--")) first = false;
  }
  if (verb.configured) {
    add_option(usage, "--config", "FILE");
    add_option(usage, "--set", "section.key=value");
  }
  return usage;
}

std::optional<Error> unknown_option(const Verb& verb, std::span<const std::string> args) {
  const auto usage = usage_of(verb);
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view word = args[i];
    if (!is_option(word)) continue;
    const auto name = word.substr(0, word.find('='));
    if (const auto* option = find(usage, name)) {
      if (!option->value.empty() && name == word) ++i;
      continue;
    }
    if (usage.options.empty()) {
      return Error{ErrorKind::misconfigured,
                   fmt::format("unknown option {}, {} {} takes none", name, verb.program, verb.name)};
    }
    std::vector<std::string_view> known;
    for (const auto& option : usage.options) known.emplace_back(option.name);
    return Error{ErrorKind::misconfigured,
                 fmt::format("unknown option {}, {}", name, config::suggest(name, known))};
  }
  return std::nullopt;
}

}  // namespace lintel::cli
