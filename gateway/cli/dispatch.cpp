#include "gateway/cli/dispatch.hpp"

#include <algorithm>
#include <ostream>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/outcome.hpp"
#include "gateway/config/nearest.hpp"

namespace lintel::cli {
namespace {

constexpr std::string_view kHelpOptions[] = {"help", "--help", "-h"};
constexpr std::string_view kVersionOptions[] = {"version", "--version", "-V"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const Verb* find(std::span<const Verb> verbs, std::string_view name) {
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

std::string indented(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    text += fmt::format("  {}\n", lines.substr(0, end));
    lines.remove_prefix(std::min(lines.size(), end + 1));
  }
  return text;
}

void list(std::span<const Verb> verbs, std::ostream& out) {
  out << "Lintel reads the people-counting sensors of a store, loses nothing, and keeps\n"
         "HQ's database up to date.\n\n"
         "usage: lintel VERB [options]\n\n";
  for (const auto& verb : verbs) out << fmt::format("  {:<10} {}\n", verb.name, verb.summary);
  out << fmt::format("  {:<10} {}\n", "version", "print the version");
  out << fmt::format("  {:<10} {}\n", "help", "this list; `lintel help VERB` tells more");
  out << "\nexit codes\n"
         "  0  in order\n"
         "  1  a problem was found\n"
         "  2  wrong usage or configuration\n"
         "  3  temporary failure, try again later\n"
         "\nconfiguration\n"
         "  --config FILE, else the file that LINTEL_CONFIG names, else\n"
         "  /etc/lintel/gateway.conf, else built-in defaults. Single keys are overridden\n"
         "  by LINTEL_SECTION_KEY variables, and these by --set section.key=value.\n"
         "\nexample\n"
         "  lintel config check --config /etc/lintel/gateway.conf\n";
}

void explain(const Verb& verb, std::ostream& out) {
  out << fmt::format("lintel {}: {}\n\nusage\n{}\n{}\n\nexample\n{}", verb.name, verb.summary,
                     indented(verb.usage), verb.help, indented(verb.example));
}

int unknown(std::string_view word, std::span<const Verb> verbs, std::ostream& err) {
  std::vector<std::string_view> names;
  for (const auto& verb : verbs) names.push_back(verb.name);
  names.insert(names.end(), {"version", "help"});
  const auto* what = word.starts_with("-") ? "the verb comes first, before option" : "unknown verb";
  const auto hint =
      word.starts_with("-") ? std::string("for example: lintel status") : config::suggest(word, names);
  return refuse({ErrorKind::misconfigured, fmt::format("{} {}, {}", what, word, hint)}, err);
}

int help(std::span<const Verb> verbs, std::span<const std::string> topics, std::ostream& out,
         std::ostream& err) {
  if (topics.empty() || is_one_of(topics.front(), kHelpOptions)) {
    list(verbs, out);
    return kOk;
  }
  if (is_one_of(topics.front(), kVersionOptions)) {
    out << "lintel version: print the version\n\nusage\n  lintel version\n";
    return kOk;
  }
  const auto* verb = find(verbs, topics.front());
  if (verb == nullptr) return unknown(topics.front(), verbs, err);
  explain(*verb, out);
  return kOk;
}

}  // namespace

int dispatch(std::span<const Verb> verbs, std::span<const std::string> args, std::ostream& out,
             std::ostream& err) {
  if (args.empty()) {
    list(verbs, err);
    return kUsage;
  }
  const auto rest = args.subspan(1);
  if (is_one_of(args.front(), kHelpOptions)) return help(verbs, rest, out, err);
  if (is_one_of(args.front(), kVersionOptions)) {
    out << "lintel " << LINTEL_VERSION << '\n';
    return kOk;
  }
  const auto* verb = find(verbs, args.front());
  if (verb == nullptr) return unknown(args.front(), verbs, err);
  const auto asks_for_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::any_of(rest.begin(), rest.end(), asks_for_help)) {
    explain(*verb, out);
    return kOk;
  }
  return verb->run(rest, out, err);
}

}  // namespace lintel::cli
