#pragma once

#include <string>
#include <string_view>

#include "gateway/config/config.hpp"
#include "gateway/config/parts.hpp"

namespace lintel::config {

/// One file of links.d while it is read: what every type of link needs to say what is wrong with it.
class LinkFile {
 public:
  LinkFile(const Part& part, const Vocabulary& vocabulary, Report& report);

  void problem(const std::string& text) const;
  void problem(const Entry& entry, const std::string& text) const;
  void warn(const std::string& text) const { report_.warnings.push_back(text); }

  /// Refuses a file that does not mention the key.
  void demand(const Settings& settings, std::string_view key, std::string_view example) const;
  /// False, and a problem, where no decoder has that name.
  bool check_decoder(const Entry& entry, const std::string& name) const;
  /// The value of `key`, or the first line of the file that `key_file` names; it warns where everybody can
  /// read that.
  [[nodiscard]] std::string secret(const Settings& settings, const std::string& key) const;

  [[nodiscard]] const Part& part() const { return part_; }
  /// The decoders that belong on a Modbus bus.
  [[nodiscard]] const std::vector<std::string_view>& modbus() const { return modbus_; }
  [[nodiscard]] Report& report() const { return report_; }

 private:
  const Part& part_;
  std::vector<std::string_view> vocabulary_;
  std::vector<std::string_view> modbus_;
  Report& report_;
};

void read_serial(const LinkFile& file, const Settings& settings, Link& link);
void read_modbus(const LinkFile& file, const Settings& settings, Link& link);
void read_http(const LinkFile& file, const Settings& settings, Link& link);
void read_poll(const LinkFile& file, const Settings& settings, Link& link);

}  // namespace lintel::config
