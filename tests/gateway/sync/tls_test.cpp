#include <cstdlib>

#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/sync/http.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel::sync;
using namespace lintel::test;
using Failure = lintel::sync::Exchange::Failure;

namespace {

/// A TLS server with a certificate of its own making for `name`. It speaks TLS, and HTTP badly: enough to
/// see whether the handshake was accepted.
class TlsServer {
 public:
  explicit TlsServer(const std::string& name, const std::string& days = "2") {
    const auto made =
        Process::spawn({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key(), "-out", certificate(),
                        "-days", days, "-subj", "/CN=lintel test", "-addext", "subjectAltName=" + name})
            .wait();
    REQUIRE(made == 0);
    server_ = Process::spawn({"openssl", "s_server", "-accept", std::to_string(port_), "-cert", certificate(),
                              "-key", key(), "-www"});
    const std::atomic<bool> never{false};
    Http probe({}, never);
    REQUIRE(eventually([&] { return probe.post(url(), {}, "").failure != Failure::no_connection; }));
  }
  [[nodiscard]] std::string certificate() const { return (dir_.path() / "certificate.pem").string(); }
  [[nodiscard]] std::string url() const { return fmt::format("https://localhost:{}/", port_); }

 private:
  [[nodiscard]] std::string key() const { return (dir_.path() / "key.pem").string(); }
  TempDir dir_;
  int port_ = free_port();
  Process server_;
};

Failure ask(const std::string& url, const std::string& ca_file) {
  const std::atomic<bool> never{false};
  HttpOptions options;
  options.ca_file = ca_file;
  options.total_timeout = std::chrono::seconds{10};
  return Http(options, never).post(url, {}, "{}").failure;
}

bool openssl_there() {
  if (::access("/usr/bin/openssl", X_OK) == 0) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr, "openssl is not installed");
  MESSAGE("SKIPPED: openssl is not installed");
  return false;
}

}  // namespace

TEST_CASE("http: a certificate of nobody we trust ends the attempt, one of the given authority does not") {
  if (!openssl_there()) return;
  const TlsServer server("DNS:localhost");
  CHECK(ask(server.url(), "") == Failure::tls);
  CHECK(ask(server.url(), server.certificate()) != Failure::tls);
}

TEST_CASE("http: a certificate of another name ends the attempt") {
  if (!openssl_there()) return;
  const TlsServer server("DNS:hq.example");
  CHECK(ask(server.url(), server.certificate()) == Failure::tls);
}

TEST_CASE("http: an authority's file that is not there is this machine's fault") {
  if (!openssl_there()) return;
  const TlsServer server("DNS:localhost");
  CHECK(ask(server.url(), "/nonexistent/ca.pem") == Failure::local);
}
