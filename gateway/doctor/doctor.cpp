#include "gateway/doctor/doctor.hpp"

#include <algorithm>

#include "gateway/doctor/examination.hpp"

namespace lintel::doctor {

namespace {

struct Step {
  std::string_view name;
  bool several;  ///< a check for each thing of its kind
  void (*run)(Examination& it, const Tell& tell);
};

/// From near to far; the configuration is the one that needs none.
constexpr Step kSteps[] = {
    {"disk", false, check_disk},       {"database", false, check_database},
    {"spool", false, check_spool},     {"clock", false, check_clock},
    {"configuration", false, nullptr}, {"daemon", false, check_daemon},
    {"broker", true, check_brokers},   {"journal", true, check_journals},
    {"port", true, check_ports},       {"sensor", true, check_sensors},
    {"dns", false, check_dns},         {"tls", false, check_tls},
    {"hq", false, check_hq},           {"credential", false, check_credential},
    {"sync", false, check_sync},
};

/// "broker" means all of them, "broker:shop" that one.
bool means(std::string_view word, std::string_view check) {
  return word == check || (check.starts_with(word) && check.substr(word.size()).starts_with(':'));
}

bool wanted(const std::vector<std::string>& only, std::string_view check) {
  return only.empty() ||
         std::any_of(only.begin(), only.end(), [&](const std::string& word) { return means(word, check); });
}

/// Whether something of this kind is wanted at all.
bool worth_running(const std::vector<std::string>& only, const Step& step) {
  return wanted(only, step.name) || std::any_of(only.begin(), only.end(), [&](const std::string& word) {
           return means(step.name, word);
         });
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::attention: return "attention";
    case Outcome::problem: return "problem";
    case Outcome::skipped: return "skipped";
  }
  return "";
}

std::vector<std::string_view> check_names() {
  std::vector<std::string_view> names;
  for (const auto& step : kSteps) names.push_back(step.name);
  return names;
}

bool is_check(std::string_view word) {
  return std::any_of(std::begin(kSteps), std::end(kSteps), [&](const Step& step) {
    return word == step.name ||
           (step.several && word.size() > step.name.size() + 1 && means(step.name, word));
  });
}

void examine(const Case& patient, const std::vector<std::string>& only, const Patience& patience,
             const Tell& tell) {
  std::optional<Examination> it;
  if (patient.config) it.emplace(*patient.config, patience);
  const Tell filtered = [&](Check check) {
    if (wanted(only, check.name)) tell(std::move(check));
  };
  for (const auto& step : kSteps) {
    if (!worth_running(only, step)) continue;
    if (step.run == nullptr) {
      check_configuration(patient, filtered);
    } else if (it) {
      step.run(*it, filtered);
    } else {
      tell({std::string(step.name), Outcome::skipped, "the configuration cannot be used", ""});
    }
  }
}

}  // namespace lintel::doctor
