#include "gateway/cli/doctor.hpp"

#include <ostream>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/options.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/cli/terminal.hpp"
#include "gateway/clock/machine.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/doctor/report.hpp"

namespace lintel::cli {

namespace {

Result<std::vector<std::string>> take_checks(std::vector<std::string>& args) {
  std::vector<std::string> only;
  while (true) {
    auto word = take_option(args, "--only");
    if (!word) return tl::unexpected(word.error());
    if (!*word) return only;
    if (!doctor::is_check(**word)) {
      return fail(ErrorKind::misconfigured, fmt::format("--only {}: no such check, {}", **word,
                                                        config::suggest(**word, doctor::check_names())));
    }
    only.push_back(std::move(**word));
  }
}

}  // namespace

doctor::Case case_of(const ConfigurationOptions& options) {
  std::ostringstream said;
  doctor::Case patient{load_configuration(options, said), {}};
  std::istringstream lines(said.str());
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kWarning = "warning: ", kNote = "note: ";
    if (line.starts_with(kWarning)) line.erase(0, kWarning.size());
    if (line.starts_with(kNote)) line.erase(0, kNote.size());
    patient.warnings.push_back(std::move(line));
  }
  return patient;
}

int doctor(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto options = take_configuration_options(rest);
  if (!options) return refuse(options.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  const auto only = take_checks(rest);
  if (!only) return refuse(only.error(), err);
  if (!rest.empty()) {
    constexpr std::string_view kOptions[] = {"--only", "--json", "--config", "--set"};
    return refuse(unexpected_argument(rest.front(), kOptions), err);
  }
  const bool colour = wants_colour(out);
  std::vector<doctor::Check> checks;
  doctor::examine(case_of(*options), *only, {}, [&](doctor::Check check) {
    if (!as_json) out << doctor::to_text(check, colour) << std::flush;
    checks.push_back(std::move(check));
  });
  if (checks.empty())
    return refuse(
        {ErrorKind::misconfigured, fmt::format("there is nothing called {}", fmt::join(*only, ", "))}, err);
  if (as_json) {
    out << doctor::to_json(checks, clock::sample_machine().wall)
               .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
        << '\n';
  } else {
    out << doctor::summary(checks, colour);
  }
  return doctor::verdict(checks) == doctor::Outcome::ok ? kOk : kProblem;
}

}  // namespace lintel::cli
