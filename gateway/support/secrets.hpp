#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "gateway/config/config.hpp"

namespace lintel::support {

/// What must leave this machine in no file: keys, passwords, tokens and PINs of the configuration, of the
/// files that it names, of the card's identity and of an enrolment that waits. What is written down masks
/// them where they belong; this blots them out wherever else they may have got, a log or an error.
class Secrets {
 public:
  /// Reads them where they lie, as far as this user may. `config` is null where it cannot be used: then only
  /// what lies beside `file` is known.
  static Secrets of(const std::filesystem::path& file, const config::Config* config);

  void add(std::string_view secret);
  /// Each of them, at least four bytes long, as "***". One of digits alone only where no other digit is
  /// beside it.
  [[nodiscard]] std::string blotted(std::string text) const;
  /// In all texts of a document, keys as well; it stays one.
  [[nodiscard]] nlohmann::json blotted(const nlohmann::json& document) const;

 private:
  void read_configuration(const std::filesystem::path& file);
  void read_line(const std::filesystem::path& folder, std::string_view line);
  void read_url(std::string_view url);
  void read_file(const std::filesystem::path& file);
  void read_identity(const std::filesystem::path& state_dir);

  struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };
  std::set<std::string, LongestFirst> secrets_;
};

}  // namespace lintel::support
