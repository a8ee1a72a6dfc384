#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"
#include "gateway/doctor/check.hpp"

namespace lintel::doctor {

/// What is examined.
struct Case {
  Result<config::Config> config;
  std::vector<std::string> warnings;  ///< of loading it
};

/// How long single steps may take.
struct Patience {
  std::chrono::milliseconds daemon{1'000};    ///< a healthy one answers within a few milliseconds
  std::chrono::milliseconds database{3'000};  ///< for reading it through
  std::chrono::milliseconds network{5'000};   ///< each step of a connection
};

/// The checks in the order in which they run.
std::vector<std::string_view> check_names();

/// Whether `word` is a check, or one of several of a kind ("broker:shop").
bool is_check(std::string_view word);

/// Examines the gateway of a configuration, from cheap to dear and from near to far. Changes nothing and
/// stops nothing: the database is read, ports are not opened, a broker meets a session of its own, HQ a
/// question that changes nothing. What rests on something that did not work is skipped with the reason.
/// `only`: those checks alone; empty: all. The process has to ignore SIGPIPE.
void examine(const Case& patient, const std::vector<std::string>& only, const Patience& patience,
             const Tell& tell);

}  // namespace lintel::doctor
