#include <algorithm>

#include <fmt/format.h>

#include "gateway/doctor/examination.hpp"
#include "gateway/health/words.hpp"

namespace lintel::doctor {

void check_configuration(const Case& patient, const Tell& tell) {
  if (!patient.config) {
    tell({"configuration", Outcome::problem, patient.config.error().message,
          "Correct the places named; `lintel config check` shows them again. A gateway that runs goes on "
          "with what "
          "it has read, but does not start again."});
    return;
  }
  const auto& config = *patient.config;
  auto text = fmt::format("{}: {} and {}",
                          config.file.empty() ? "no file, built-in defaults hold" : config.file.string(),
                          health::counted(static_cast<std::int64_t>(config.links.size()), "link"),
                          health::counted(static_cast<std::int64_t>(config.sensors.size()), "sensor file"));
  if (patient.warnings.empty()) {
    tell({"configuration", Outcome::ok, text + ", in order", ""});
    return;
  }
  for (const auto& warning : patient.warnings) text += ". " + warning;
  tell({"configuration", Outcome::attention, text, "Look at each of these; the gateway works meanwhile."});
}

}  // namespace lintel::doctor
