#include "gateway/cli/dispatch.hpp"

#include <algorithm>
#include <ostream>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/completion.hpp"
#include "gateway/cli/manual.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/usage.hpp"
#include "gateway/config/nearest.hpp"

namespace lintel::cli {
namespace {

constexpr std::string_view kHelpOptions[] = {"help", "--help", "-h"};
constexpr std::string_view kVersionOptions[] = {"version", "--version", "-V"};
constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};
constexpr std::string_view kPages[] = {"lintel", "lintel.conf"};

/// What the dispatcher does itself.
constexpr Verb kOwnVerbs[] = {
    {"completion", "a script that completes lintel in your shell", "lintel completion bash|zsh|fish",
     "Verbs, actions, options, files, decoders and the keys of --set are completed.",
     "lintel completion bash > /etc/bash_completion.d/lintel\n"
     "lintel completion zsh > /usr/share/zsh/site-functions/_lintel\n"
     "lintel completion fish > ~/.config/fish/completions/lintel.fish",
     nullptr, false},
    {"man", "the manual: all verbs, or all keys of the configuration", "lintel man [lintel|lintel.conf]",
     "Prints a page for man(1): lintel(1), or lintel.conf(5).",
     "lintel man | man -l -\n"
     "lintel man lintel.conf > /usr/share/man/man5/lintel.conf.5",
     nullptr, false},
    {"version", "print the version", "lintel version [--json]", "The version of this executable.",
     "lintel version", nullptr, false},
    {"help", "this list; `lintel help VERB` tells more", "lintel help [VERB]",
     "Without a verb, all of them in a line each.", "lintel help status", nullptr, false},
};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const Verb* find(std::span<const Verb> verbs, std::string_view name) {
  const auto found =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs.end() ? nullptr : &*found;
}

/// Those of the executable and the dispatcher's own.
std::vector<Verb> all(std::span<const Verb> verbs) {
  std::vector<Verb> result(verbs.begin(), verbs.end());
  result.insert(result.end(), std::begin(kOwnVerbs), std::end(kOwnVerbs));
  return result;
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
  const auto known = all(verbs);
  std::size_t width = 0;
  for (const auto& verb : known) width = std::max(width, verb.name.size());
  for (const auto& verb : known) out << fmt::format("  {:<{}}  {}\n", verb.name, width, verb.summary);
  out << "\nexit codes\n";
  for (const auto& code : exit_codes()) out << fmt::format("  {}  {}\n", code.code, code.means);
  out << "\nconfiguration\n"
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
  for (const auto& verb : all(verbs)) names.push_back(verb.name);
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
  const auto known = all(verbs);
  const auto* verb = find(known, topics.front());
  if (verb == nullptr) return unknown(topics.front(), verbs, err);
  explain(*verb, out);
  return kOk;
}

/// One word of a few; without it the first.
int choose(std::string_view verb, std::span<const std::string> args, std::span<const std::string_view> words,
           std::string_view& chosen, std::ostream& err) {
  if (args.size() > 1) {
    return refuse({ErrorKind::misconfigured, fmt::format("unexpected argument \"{}\"", args[1])}, err);
  }
  chosen = args.empty() ? words.front() : std::string_view(args.front());
  if (is_one_of(chosen, words)) return kOk;
  return refuse({ErrorKind::misconfigured,
                 fmt::format("{} {}: unknown, {}", verb, chosen, config::suggest(chosen, words))},
                err);
}

int completion(std::span<const Verb> verbs, std::span<const std::string> args, std::ostream& out,
               std::ostream& err) {
  if (args.empty()) return refuse({ErrorKind::misconfigured, "completion: say bash, zsh or fish"}, err);
  std::string_view shell;
  if (const int code = choose("completion", args, kShells, shell, err); code != kOk) return code;
  const auto known = all(verbs);
  out << (shell == "bash"  ? bash_completion(known)
          : shell == "zsh" ? zsh_completion(known)
                           : fish_completion(known));
  return kOk;
}

int manual(std::span<const Verb> verbs, std::span<const std::string> args, std::ostream& out,
           std::ostream& err) {
  std::string_view page;
  if (const int code = choose("man", args, kPages, page, err); code != kOk) return code;
  out << (page == "lintel" ? manual_of_verbs(all(verbs)) : manual_of_keys());
  return kOk;
}

int version(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  const bool as_json = !args.empty() && args.front() == "--json";
  if (args.size() > (as_json ? 1 : 0)) {
    return refuse({ErrorKind::misconfigured, fmt::format("unexpected argument \"{}\"", args.back())}, err);
  }
  out << (as_json ? "{\"version\": \"" LINTEL_VERSION "\"}\n" : "lintel " LINTEL_VERSION "\n");
  return kOk;
}

int run(const Verb& verb, std::span<const Verb> verbs, std::span<const std::string> rest, std::ostream& out,
        std::ostream& err) {
  if (verb.name == "completion") return completion(verbs, rest, out, err);
  if (verb.name == "man") return manual(verbs, rest, out, err);
  if (verb.name == "version") return version(rest, out, err);
  return verb.run(rest, out, err);
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
  const auto known = all(verbs);
  const auto* verb =
      find(known, is_one_of(args.front(), kVersionOptions) ? "version" : std::string_view(args.front()));
  if (verb == nullptr) return unknown(args.front(), verbs, err);
  const auto asks_for_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::any_of(rest.begin(), rest.end(), asks_for_help)) {
    explain(*verb, out);
    return kOk;
  }
  if (!verb->refuses_itself) {
    if (const auto wrong = unknown_option(*verb, rest)) return refuse(*wrong, err);
  }
  return run(*verb, verbs, rest, out, err);
}

}  // namespace lintel::cli
