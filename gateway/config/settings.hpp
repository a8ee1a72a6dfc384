#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/variables_map.hpp>

#include "gateway/config/ini.hpp"
#include "gateway/config/keys.hpp"
#include "gateway/config/report.hpp"

namespace lintel::config {

/// The values in force for one set of keys, gathered from several sources, and where each was stated.
/// `keys` and `report` must outlive it.
class Settings {
 public:
  Settings(std::span<const Key> keys, Report& report);

  /// Takes one source. What an earlier source stated wins, so the strongest comes first; keys that may
  /// repeat add up. Unknown keys, repeated keys and values that fail their check go to the report.
  void add(const std::vector<Entry>& entries);

  /// The value in force, the default included. `name` is a full name such as "hq.url".
  [[nodiscard]] const std::string& text(std::string_view name) const;
  /// A path, seen from the place that states it; empty stays empty.
  [[nodiscard]] std::filesystem::path path(std::string_view name) const;
  /// What states the value in force; nullptr: the default is.
  [[nodiscard]] const Entry* entry(std::string_view name) const;
  /// All statements of a key that may repeat, in order.
  [[nodiscard]] const std::vector<Entry>& entries(std::string_view name) const;
  /// True when somebody tried to set it, even to a value that was refused.
  [[nodiscard]] bool mentioned(std::string_view name) const;

 private:
  const Key* accept(const Entry& entry, std::map<std::string, const Entry*, std::less<>>& earlier);

  std::span<const Key> keys_;
  Report& report_;
  boost::program_options::options_description options_;
  boost::program_options::variables_map values_;
  std::map<std::string, std::vector<Entry>, std::less<>> stated_;
  std::set<std::string, std::less<>> mentioned_;
};

/// "LABEL = "VALUE": EXPECTATION" with secrets left out and a hint on quotes and comments, which
/// belong to a value here.
std::string wrong_value(const Entry& entry, const Key& key, const std::string& expectation);

}  // namespace lintel::config
