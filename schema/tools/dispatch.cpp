#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "firmware-bridge/core/nearest.hpp"
#include "gateway/cli/usage.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

struct Code {
  int code;
  std::string_view means;
};
constexpr Code kCodes[] = {
    {cli::kOk, "in order"},
    {cli::kProblem, "it worked, and what it found is not in order"},
    {cli::kUsage, "wrong usage, or something is missing or not allowed"},
    {cli::kTemporary, "the database cannot be reached or is too busy, try again later"}};

int refuse(const Error& error, std::ostream& err) {
  err << "lintel-hq: " << error.message << '\n';
  switch (error.kind) {
    case ErrorKind::transient: return cli::kTemporary;
    case ErrorKind::misconfigured: return cli::kUsage;
    case ErrorKind::rejected:
    case ErrorKind::corrupt: return cli::kProblem;
  }
  return cli::kProblem;
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

void list(std::ostream& out) {
  out << "What the administrator of Lintel's central database does with it.\n\n"
         "usage: lintel-hq VERB [options]\n\n";
  for (const auto& verb : verbs()) out << fmt::format("  {:<10}  {}\n", verb.told.name, verb.told.summary);
  out << fmt::format("  {:<10}  {}\n  {:<10}  {}\n", "version", "print the version", "help",
                     "this list; `lintel-hq help VERB` tells more");
  out << "\nexit codes\n";
  for (const auto& code : kCodes) out << fmt::format("  {}  {}\n", code.code, code.means);
  out << "\ndatabase\n"
         "  --db URL or \"host=… dbname=…\", else PGHOST, PGPORT, PGDATABASE, PGUSER,\n"
         "  PGSERVICE. The password comes from PGPASSWORD or ~/.pgpass, never from --db.\n"
         "\nexample\n"
         "  lintel-hq fleet --db \"host=/run/postgresql dbname=lintel\"\n";
}

void explain(const cli::Verb& verb, std::ostream& out) {
  out << fmt::format("lintel-hq {}: {}\n\nusage\n{}\n{}\n\nexample\n{}", verb.name, verb.summary,
                     indented(verb.usage), verb.help, indented(verb.example));
}

const Verb* find(std::string_view name) {
  const auto all = verbs();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Verb& verb) { return verb.told.name == name; });
  return found == all.end() ? nullptr : &*found;
}

int unknown(const std::string& word, std::ostream& err) {
  std::vector<std::string_view> names{"help", "version"};
  for (const auto& verb : verbs()) names.push_back(verb.told.name);
  if (word.starts_with("-")) {
    return refuse({ErrorKind::misconfigured,
                   fmt::format("the verb comes first, before option {}, for example: lintel-hq fleet",
                               word.substr(0, word.find('=')))},
                  err);
  }
  return refuse(
      {ErrorKind::misconfigured, fmt::format("unknown verb {}, {}", word, bridge::suggest(word, names))},
      err);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

int dispatch(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  if (args.empty()) {
    list(err);
    return cli::kUsage;
  }
  const auto& first = args.front();
  const auto rest = args.subspan(1);
  if (is_one_of(first, {"version", "--version", "-V"})) {
    out << (std::find(rest.begin(), rest.end(), "--json") != rest.end() ? "{\"version\": \"" LINTEL_VERSION
                                                                          "\"}\n"
                                                                        : "lintel-hq " LINTEL_VERSION "\n");
    return cli::kOk;
  }
  if (is_one_of(first, {"help", "--help", "-h"})) {
    if (rest.empty()) {
      list(out);
      return cli::kOk;
    }
    const auto* verb = find(rest.front());
    if (verb == nullptr) return unknown(rest.front(), err);
    explain(verb->told, out);
    return cli::kOk;
  }
  const auto* verb = find(first);
  if (verb == nullptr) return unknown(first, err);
  if (std::any_of(rest.begin(), rest.end(), [](const std::string& word) {
        return is_one_of(word, {"--help", "-h"});
      })) {
    explain(verb->told, out);
    return cli::kOk;
  }
  if (const auto wrong = cli::unknown_option(verb->told, rest)) return refuse(*wrong, err);
  Call call{{rest.begin(), rest.end()}, {}, false, out, err};
  auto target = call.option("--db");
  if (!target) return refuse(target.error(), err);
  call.target = target->value_or("");
  call.json = call.flag("--json");
  const auto code = verb->carry_out(call);
  return code ? *code : refuse(code.error(), err);
}

}  // namespace lintel::hq
