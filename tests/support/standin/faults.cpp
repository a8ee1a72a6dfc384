#include "tests/support/standin/faults.hpp"

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace lintel::standin {
namespace {

bool apply(Fault& fault, std::istringstream& words) {
  std::string verb;
  words >> verb;
  int number = 0;
  if (verb == "html") {
    fault.portal = true;
  } else if (verb == "drop-after-commit") {
    fault.cut_after = 0;
  } else if (!(words >> number) || number < 0) {
    return false;
  } else if (verb == "delay-ms") {
    fault.delay = std::chrono::milliseconds(number);
  } else if (verb == "cut-after-bytes") {
    fault.cut_after = static_cast<std::size_t>(number);
  } else if (verb == "status") {
    fault.status = number;
    if (int seconds = 0; words >> seconds) fault.retry_after = seconds;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Fault FaultFile::next() {
  Fault fault;
  if (path_.empty()) return fault;
  const std::lock_guard lock(mutex_);
  std::ifstream file(path_);
  std::string kept;
  bool used_up = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    const bool once = first == "once";
    const bool later = once && used_up;
    if (!once) words = std::istringstream(line);
    const bool understood = first.empty() || later || apply(fault, words);
    if (!understood) std::cerr << "postgrest_standin: fault file: not understood: " + line + "\n";
    if (once && understood && !later)
      used_up = true;
    else
      kept += line + "\n";
  }
  if (used_up) std::ofstream(path_, std::ios::trunc) << kept;
  return fault;
}

}  // namespace lintel::standin
