#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "gateway/cli/configuration.hpp"
#include "gateway/doctor/doctor.hpp"

namespace lintel::cli {

/// `lintel doctor`: examines the gateway, a line per check as soon as it is known. Returns 0 when all that
/// was checked is in order, 1 when something is not, 2 on wrong use.
int doctor(std::span<const std::string> args, std::ostream& out, std::ostream& err);

/// What the doctor examines: the configuration or all that is wrong with it, and its warnings.
doctor::Case case_of(const ConfigurationOptions& options);

}  // namespace lintel::cli
