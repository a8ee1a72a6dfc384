#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/postgres.hpp"

namespace lintel::test {

/// HQ's backups as schema/backup says: the real pgBackRest with the shipped settings, a repository beside the
/// cluster, and the log archived. Everything throws std::runtime_error with what pgBackRest said.
class Backups {
 public:
  /// True where pgBackRest is installed; a test without it must skip visibly.
  static bool available();

  /// Switches archiving on, for which the server is started anew, and makes the stanza.
  explicit Backups(PostgresCluster& cluster);

  void make(const std::string& type = "full");
  /// A moment after the last backup that the server can go back to.
  [[nodiscard]] std::string moment() const;
  /// All that was committed so far is in the repository when this returns.
  void archive_all() const;

  /// `lintel-hq drill` to a moment, beside the running server; its report.
  [[nodiscard]] nlohmann::json drill(const std::string& moment);

  /// The runbook "the server is lost", up to the point where others may connect again: the files are what the
  /// repository has, up to the moment or, if it is empty, as far as the log goes; what was erased is erased
  /// again; the new history is said; the policies are audited. The cluster is stopped when it is called.
  void restore(const std::string& moment = {});

 private:
  [[nodiscard]] std::string pgbackrest(const std::vector<std::string>& words) const;

  PostgresCluster& cluster_;
  std::filesystem::path config_, tombstones_, program_;
};

}  // namespace lintel::test
