#include "gateway/cli/completion.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "gateway/cli/usage.hpp"
#include "gateway/config/keys.hpp"
#include "gateway/doctor/doctor.hpp"

namespace lintel::cli {

namespace {

/// What stands for a value: how the scripts call the kind of words that fit there.
std::string kind_of(std::string_view value) {
  if (value == "FILE" || value == "DEVICE") return "files";
  if (value == "DECODER") return "decoders";
  if (value == "CHECK") return "checks";
  if (value == "VERB") return "verbs";
  if (value == "section.key=value") return "keys";
  return "none";
}

std::vector<std::string> names_of(std::span<const Verb> verbs) {
  std::vector<std::string> names;
  for (const auto& verb : verbs) names.emplace_back(verb.name);
  return names;
}

std::string keys() {
  std::vector<std::string> words;
  for (const auto& key : config::gateway_keys()) words.push_back(key.full_name() + "=");
  return fmt::format("{}", fmt::join(words, " "));
}

std::string checks() {
  return fmt::format("{}", fmt::join(doctor::check_names(), " "));
}

std::string options_of(const Usage& usage) {
  std::vector<std::string> words;
  for (const auto& option : usage.options) words.push_back(option.name);
  return fmt::format("{}", fmt::join(words, " "));
}

/// "--config|--out": the options with a value of that kind, over all verbs.
std::string with_value(std::span<const Verb> verbs, std::string_view kind) {
  std::vector<std::string> names;
  for (const auto& verb : verbs) {
    for (const auto& option : usage_of(verb).options) {
      if (option.value.empty() || kind_of(option.value) != kind) continue;
      if (std::find(names.begin(), names.end(), option.name) == names.end()) names.push_back(option.name);
    }
  }
  return fmt::format("{}", fmt::join(names, "|"));
}

/// The kind of words that a verb takes beside its actions and options.
std::string kind_of_places(const Usage& usage) {
  const auto has = [&](std::string_view kind) {
    return std::any_of(usage.places.begin(), usage.places.end(),
                       [&](const std::string& place) { return kind_of(place) == kind; });
  };
  if (has("decoders")) return has("files") ? "decoders_files" : "decoders";
  return has("files") ? "files" : has("verbs") ? "verbs" : "none";
}

/// For a description between single quotes.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

/// The same table for both shells of Bourne's family: what fits behind each verb.
std::string table(std::span<const Verb> verbs) {
  std::string text = "  case \"$verb\" in\n";
  for (const auto& verb : verbs) {
    const auto usage = usage_of(verb);
    text += fmt::format("    {}) actions='{}' options='{}' places={} ;;\n", verb.name,
                        fmt::join(usage.actions, " "), options_of(usage), kind_of_places(usage));
  }
  return text + "    *) return ;;\n  esac\n";
}

/// What follows an option that takes a value.
std::string value_cases(std::span<const Verb> verbs, std::string_view before) {
  std::string text = fmt::format("  case \"{}\" in\n", before);
  for (const auto* kind : {"files", "decoders", "checks", "keys", "none"}) {
    if (const auto options = with_value(verbs, kind); !options.empty())
      text += fmt::format("    {}) _lintel_{}; return ;;\n", options, kind);
  }
  return text + "  esac\n";
}

}  // namespace

std::string bash_completion(std::span<const Verb> verbs) {
  return fmt::format(
             "# bash completion of lintel; made by `lintel completion bash`.\n"
             "_lintel_words() {{ COMPREPLY=($(compgen -W \"$1\" -- \"$cur\")); }}\n"
             "_lintel_files() {{ compopt -o filenames 2>/dev/null; "
             "COMPREPLY=($(compgen -f -- \"$cur\")); }}\n"
             "_lintel_decoders() {{ _lintel_words \"$(lintel decoders 2>/dev/null | "
             "sed -n 's/^\\([a-z0-9][^ ]*\\)  .*/\\1/p')\"; }}\n"
             "_lintel_decoders_files() {{\n"
             "  _lintel_decoders\n"
             "  COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
             "}}\n"
             "_lintel_checks() {{ _lintel_words '{}'; }}\n"
             "_lintel_keys() {{ compopt -o nospace 2>/dev/null; _lintel_words '{}'; }}\n"
             "_lintel_verbs() {{ _lintel_words '{}'; }}\n"
             "_lintel_none() {{ COMPREPLY=(); }}\n",
             checks(), keys(), fmt::join(names_of(verbs), " ")) +
         "_lintel() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local verb=${COMP_WORDS[1]} actions options places\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -le 1 ]; then _lintel_verbs; return; fi\n" +
         value_cases(verbs, "$before") + table(verbs) +
         "  case \"$cur\" in\n"
         "    -*) _lintel_words \"$options\"; return ;;\n"
         "  esac\n"
         "  if [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$actions\" ]; then\n"
         "    _lintel_words \"$actions\"\n"
         "    [ \"${#COMPREPLY[@]}\" -gt 0 ] && return\n"
         "  fi\n"
         "  \"_lintel_$places\"\n"
         "  return 0\n"
         "}\n"
         "complete -F _lintel lintel\n";
}

std::string zsh_completion(std::span<const Verb> verbs) {
  std::string described;
  for (const auto& verb : verbs) described += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.summary));
  return fmt::format(
             "#compdef lintel\n"
             "# zsh completion of lintel; made by `lintel completion zsh`.\n"
             "_lintel_files() {{ _files; }}\n"
             "_lintel_decoders() {{ compadd -- ${{(f)\"$(lintel decoders 2>/dev/null | "
             "sed -n 's/^\\([a-z0-9][^ ]*\\)  .*/\\1/p')\"}}; }}\n"
             "_lintel_decoders_files() {{ _lintel_decoders; _files; }}\n"
             "_lintel_checks() {{ compadd -- {}; }}\n"
             "_lintel_keys() {{ compadd -S '' -- {}; }}\n"
             "_lintel_none() {{ return 1; }}\n"
             "_lintel_verbs() {{\n"
             "  local -a known=(\n{}  )\n"
             "  _describe verb known\n"
             "}}\n",
             checks(), keys(), described) +
         "_lintel() {\n"
         "  local verb=${words[2]} before=${words[CURRENT-1]} actions options places\n"
         "  if (( CURRENT <= 2 )); then _lintel_verbs; return; fi\n" +
         value_cases(verbs, "$before") + table(verbs) +
         "  if [[ ${words[CURRENT]} == -* ]]; then compadd -- ${=options}; return; fi\n"
         "  if (( CURRENT == 3 )) && [[ -n $actions ]]; then compadd -- ${=actions}; fi\n"
         "  _lintel_$places\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _lintel ]; then _lintel \"$@\"; else compdef _lintel lintel; fi\n";
}

std::string fish_completion(std::span<const Verb> verbs) {
  std::string text =
      "# fish completion of lintel; made by `lintel completion fish`.\n"
      "complete -c lintel -f\n";
  const auto value = [](std::string_view kind) -> std::string {
    if (kind == "files") return " -r -F";
    if (kind == "decoders" || kind == "decoders_files")
      return " -x -a '(lintel decoders 2>/dev/null | string match -r \"^[a-z0-9]\\S*\")'";
    if (kind == "checks") return fmt::format(" -x -a '{}'", checks());
    if (kind == "keys") return fmt::format(" -x -a '{}'", keys());
    return " -x";
  };
  for (const auto& verb : verbs) {
    text += fmt::format("complete -c lintel -n __fish_use_subcommand -a {} -d '{}'\n", verb.name,
                        quoted(verb.summary));
  }
  for (const auto& verb : verbs) {
    const auto usage = usage_of(verb);
    const auto there = fmt::format("complete -c lintel -n '__fish_seen_subcommand_from {}'", verb.name);
    if (!usage.actions.empty()) text += fmt::format("{} -a '{}'\n", there, fmt::join(usage.actions, " "));
    for (const auto& option : usage.options) {
      text += fmt::format("{} -l {}{}\n", there, option.name.substr(2),
                          option.value.empty() ? std::string() : value(kind_of(option.value)));
    }
    const auto places = kind_of_places(usage);
    if (places == "files" || places == "decoders_files") text += there + " -F\n";
    if (places == "decoders" || places == "decoders_files")
      text += there + " -a '(lintel decoders 2>/dev/null | string match -r \"^[a-z0-9]\\S*\")'\n";
    if (places == "verbs") text += fmt::format("{} -a '{}'\n", there, fmt::join(names_of(verbs), " "));
  }
  return text;
}

}  // namespace lintel::cli
