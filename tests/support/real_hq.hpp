#pragma once

#include <optional>
#include <string>

#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// HQ as a gateway meets it: a private PostgreSQL with the central schema and one store, behind the
/// stand-in for PostgREST, which can be told to misbehave.
class RealHq {
 public:
  static bool available() { return PostgresCluster::available(); }
  RealHq();

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string token(const std::string& valid = "1 day");
  /// A new enrolment token for the store.
  [[nodiscard]] std::string enrolment_token() const;
  /// What the stand-in takes as PostgREST's jwt-secret from here on.
  void set_jwt_secret(const std::string& text);
  [[nodiscard]] Sql sql() const { return Sql(cluster.conninfo()); }

  /// One line of the stand-in's fault file, used up by the next request.
  void misbehave_once(const std::string& fault);
  /// SIGKILL, then a new one on the same port, with these "NAME=value" added to its environment.
  void restart_api(const std::vector<std::string>& environment = {});
  void stop_api();  ///< SIGKILL
  void start_api(const std::vector<std::string>& environment = {});

  PostgresCluster cluster;

 private:
  static const PostgresCluster& deployed();

  TempDir dir_;
  std::string gateway_;
  int port_ = free_port();
  Process api_;
};

}  // namespace lintel::test
