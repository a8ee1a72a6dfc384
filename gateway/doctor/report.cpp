#include "gateway/doctor/report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/health/words.hpp"
#include "gateway/status/columns.hpp"

namespace lintel::doctor {

namespace {

const char* code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "32";
    case Outcome::attention: return "33";
    case Outcome::problem: return "31;1";
    case Outcome::skipped: break;
  }
  return "2";
}

std::int64_t count(const std::vector<Check>& checks, Outcome outcome) {
  return std::count_if(checks.begin(), checks.end(),
                       [&](const Check& check) { return check.outcome == outcome; });
}

}  // namespace

std::string to_text(const Check& check, bool colour) {
  const auto word = fmt::format("{:<10} ", to_string(check.outcome));
  const auto text = status::clean(check.name) + ": " +
                    (check.outcome == Outcome::skipped ? "skipped because " : "") +
                    status::clean(check.evidence);
  auto out = status::wrapped(word, text);
  out = status::Paint{colour}(code_of(check.outcome), word) + out.substr(word.size());
  if (!check.advice.empty()) out += status::wrapped("           try: ", status::clean(check.advice));
  return out;
}

std::string summary(const std::vector<Check>& checks, bool colour) {
  const auto outcome = verdict(checks);
  const auto problems = count(checks, Outcome::problem), notes = count(checks, Outcome::attention),
             skipped = count(checks, Outcome::skipped);
  auto text = problems + notes == 0
                  ? std::string("All that was checked is in order.")
                  : fmt::format("{}{}{}.", problems > 0 ? health::counted(problems, "problem") : "",
                                problems > 0 && notes > 0 ? ", " : "",
                                notes > 0 ? fmt::format("{} to look at", notes) : "");
  if (skipped > 0) text += fmt::format(" {} skipped.", health::counted(skipped, "check"));
  return "\n" + status::Paint{colour}(code_of(outcome), text) + "\n";
}

Outcome verdict(const std::vector<Check>& checks) {
  if (count(checks, Outcome::problem) > 0) return Outcome::problem;
  return count(checks, Outcome::attention) > 0 ? Outcome::attention : Outcome::ok;
}

nlohmann::json to_json(const std::vector<Check>& checks, UtcMs now) {
  auto list = nlohmann::json::array();
  for (const auto& check : checks) {
    list.push_back({{"name", check.name},
                    {"outcome", to_string(check.outcome)},
                    {"evidence", check.evidence},
                    {"advice", check.advice}});
  }
  return {{"time", format_utc(now)},
          {"version", LINTEL_VERSION},
          {"verdict", to_string(verdict(checks))},
          {"checks", std::move(list)}};
}

}  // namespace lintel::doctor
