#include "tests/support/real_hq.hpp"

#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"

namespace lintel::test {

namespace {
constexpr const char* kSecret = "a-signing-secret-of-more-than-32-characters";
}

/// The schema and one store, made once in a process: deploying takes seconds, copying a moment.
const PostgresCluster& RealHq::deployed() {
  static PostgresCluster kDeployed = PostgresCluster::with_schema();
  static const bool kOnce = [] {
    Sql(kDeployed.conninfo("postgres")).rows("create role authenticator login noinherit");
    {
      Sql db(kDeployed.conninfo());
      db.rows("grant anon, authenticated, lintel_gateway, lintel_hq to authenticator");
      db.rows(fmt::format("select private.set_signing_key('', '{}')", kSecret));
    }
    kDeployed.stop();
    return true;
  }();
  (void)kOnce;
  return kDeployed;
}

RealHq::RealHq() : cluster(deployed()) {
  gateway_ =
      sql().value("select gateway_public_id from private.add_store('Chain', 'Store 1', 'Europe/Berlin')");
  std::ofstream(dir_.path() / "secret") << kSecret << '\n';
  start_api();
}

std::string RealHq::token(const std::string& valid) {
  return sql().value(fmt::format("select private.mint_gateway_token('{}', '{}')", gateway_, valid));
}

std::string RealHq::enrolment_token() const {
  return sql().value(
      "select private.issue_enrolment((select public_id from data.stores order by id limit 1))");
}

void RealHq::set_jwt_secret(const std::string& text) {
  std::ofstream(dir_.path() / "secret.new") << text << '\n';
  std::filesystem::rename(dir_.path() / "secret.new", dir_.path() / "secret");
}

void RealHq::start_api(const std::vector<std::string>& environment) {
  const auto said = dir_.path() / "standin";
  std::filesystem::remove(said);
  api_ =
      Process::spawn({LINTEL_STANDIN, "--db", cluster.conninfo() + " user=authenticator", "--listen",
                      fmt::format("127.0.0.1:{}", port_), "--schema", "api", "--jwt-secret-file",
                      (dir_.path() / "secret").string(), "--fault-file", (dir_.path() / "faults").string()},
                     environment, said);
  const bool up = eventually([&] { return text_of(said).find("listening on") != std::string::npos; });
  if (!up) throw std::runtime_error("the stand-in did not come up: " + text_of(said));
}

void RealHq::stop_api() {
  api_.kill();
  api_.wait();
}

void RealHq::restart_api(const std::vector<std::string>& environment) {
  stop_api();
  start_api(environment);
}

void RealHq::misbehave_once(const std::string& fault) {
  const auto file = dir_.path() / "faults";
  std::ofstream(file.string() + ".new") << "once " << fault << '\n';
  std::filesystem::rename(file.string() + ".new", file);
}

}  // namespace lintel::test
