// A proxy before HQ that asks who we are: a real TLS server that serves nobody without a certificate.
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "gateway/sync/http.hpp"
#include "gateway/sync/verdict.hpp"
#include "gateway/sync/web_time.hpp"
#include "tests/gateway/sync/tls_server.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::sync;
using namespace lintel::test;
using Failure = lintel::sync::Exchange::Failure;
namespace fs = std::filesystem;

namespace {

const std::atomic<bool> kNever{false};

class Guarded {
 public:
  Guarded()
      : server_(ours_, "localhost", UtcMs{std::chrono::sys_days{std::chrono::year{2001} / 1 / 1}},
                UtcMs{std::chrono::sys_days{std::chrono::year{2037} / 1 / 1}},
                "Date: Sat, 21 Nov 2026 17:00:00 GMT\r\n", &clients_) {
    ours_.write(dir_.path() / "ca.pem");
    clients_.issue("store 1", certificate(), key());
    strangers_.issue("nobody", dir_.path() / "stranger.pem", dir_.path() / "stranger.key");
  }

  [[nodiscard]] HttpOptions options(const fs::path& certificate, const fs::path& key) const {
    HttpOptions options;
    options.ca_file = dir_.path() / "ca.pem";
    options.client_cert = certificate;
    options.client_key = key;
    options.total_timeout = std::chrono::milliseconds{10'000};
    return options;
  }
  [[nodiscard]] Exchange ask(const fs::path& certificate, const fs::path& key) const {
    return Http(options(certificate, key), kNever).post(server_.url(), {}, "{}");
  }
  [[nodiscard]] fs::path file(const char* name) const { return dir_.path() / name; }
  [[nodiscard]] fs::path certificate() const { return file("client.pem"); }
  [[nodiscard]] fs::path key() const { return file("client.key"); }
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] int served() const { return server_.requests(); }

 private:
  TempDir dir_;
  Authority ours_, clients_, strangers_;
  TlsServer server_;
};

}  // namespace

TEST_CASE("mutual TLS: with its certificate the gateway is served, and told the time") {
  const Guarded guarded;
  const auto exchange = guarded.ask(guarded.certificate(), guarded.key());
  CHECK_MESSAGE(exchange.failure == Failure::none, exchange.detail);
  CHECK(exchange.status == 401);
  const auto told = ask_time(
      guarded.url(), guarded.options(guarded.certificate(), guarded.key()), UtcMs{},
      [] { return BootTime{}; }, kNever);
  CHECK_MESSAGE(told, told.error().message);
  CHECK(guarded.served() == 2);
}

TEST_CASE(
    "mutual TLS: without a certificate, or with a stranger's, it is not, and the advice names the keys") {
  const Guarded guarded;
  for (const auto& exchange :
       {guarded.ask({}, {}), guarded.ask(guarded.file("stranger.pem"), guarded.file("stranger.key"))}) {
    CAPTURE(exchange.detail);
    CHECK(exchange.failure == Failure::tls);
    const auto verdict = judge(exchange, "https://hq", {});
    CHECK(verdict.trouble == Trouble::tls);
    CHECK(verdict.advice.find("client_cert and client_key") != std::string::npos);
  }
  CHECK(guarded.served() == 0);
}

TEST_CASE("mutual TLS: a key that others may read, or that does not fit, is not used and named") {
  const Guarded guarded;
  fs::permissions(guarded.key(), fs::perms::group_read, fs::perm_options::add);
  const auto open = guarded.ask(guarded.certificate(), guarded.key());
  CHECK(open.failure == Failure::local);
  CHECK(open.detail.find("chmod 600 " + guarded.key().string()) != std::string::npos);
  CHECK(judge(open, "https://hq", {}).trouble == Trouble::local);
  fs::permissions(guarded.key(), fs::perms::group_read, fs::perm_options::remove);
  CHECK(guarded.ask(guarded.certificate(), guarded.key()).failure == Failure::none);

  CHECK(guarded.ask(guarded.certificate(), guarded.file("stranger.key")).failure == Failure::local);
  CHECK(guarded.ask(guarded.certificate(), guarded.file("missing.key")).failure == Failure::local);
  CHECK(guarded.served() == 1);
}
