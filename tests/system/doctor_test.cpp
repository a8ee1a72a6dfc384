// `lintel doctor` between a real broker and the real PostgreSQL behind the stand-in for PostgREST, with each
// thing broken in turn; and it disturbs nobody who works.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "firmware-bridge/core/time.hpp"
#include "tests/gateway/cli/broken_machine.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool may_skip(const char* what) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr, what);
  MESSAGE("SKIPPED: " << what);
  return true;
}

bool run(std::vector<std::string> command) {
  return Process::spawn(command).wait() == 0;
}

void link_to(const BrokenMachine& machine, const std::string& url, const std::string& more = "") {
  machine.write("links.d/shop.conf",
                "type = mqtt\nurl = " + url + "\nsubscribe = milesight-vs125 counters/#\n" + more);
}

/// A certificate for localhost that ended days ago, or lasts; its authority in `ca.pem`.
void make_certificate(const fs::path& dir, const std::string& days) {
  const auto file = [&](const char* name) { return (dir / name).string(); };
  REQUIRE(run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-subj", "/CN=shop ca", "-keyout", file("ca.key"), "-out", file("ca.pem")}));
  REQUIRE(run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
               "/CN=localhost", "-keyout", file("broker.key"), "-out", file("broker.csr")}));
  std::ofstream(dir / "names") << "subjectAltName=DNS:localhost\n";
  REQUIRE(run({"openssl", "x509", "-req", "-in", file("broker.csr"), "-CA", file("ca.pem"), "-CAkey",
               file("ca.key"), "-CAcreateserial", "-days", days, "-extfile", file("names"), "-out",
               file("broker.pem")}));
}

}  // namespace

TEST_CASE(
    "lintel doctor: a broker that is well, gone, or refuses the account, and a session that is not "
    "disturbed") {
  if (!Mosquitto::available() && may_skip("mosquitto is not installed")) return;
  const TempDir dir;
  const auto passwords = (dir.path() / "passwords").string();
  REQUIRE(run({"mosquitto_passwd", "-b", "-c", passwords, "shop", "right"}));
  ::chmod(passwords.c_str(), 0644);
  auto broker = Mosquitto::start(dir.path(), "allow_anonymous false\npassword_file " + passwords + "\n");
  BrokenMachine machine;
  link_to(machine, broker.url(), "user = shop\npassword = right\n");
  machine.start();
  REQUIRE(eventually([&] { return machine.check("broker:shop")["outcome"] == "ok"; }));
  const auto log = text_of(machine.dir() / "log");
  for (int look = 0; look < 5; ++look) CHECK(machine.check("broker:shop")["outcome"] == "ok");
  const auto good = machine.check("broker:shop");
  CHECK(contains(good["evidence"], "accepts user \"shop\""));
  CHECK(text_of(machine.dir() / "log") == log);
  CHECK(text_of(broker.log_file()).find("already connected, closing old") == std::string::npos);
  machine.stop();

  link_to(machine, broker.url(), "user = shop\npassword = wrong-hunter2\n");
  const auto refused = machine.check("broker:shop");
  CHECK(refused["outcome"] == "problem");
  CHECK(contains(refused["evidence"], "refuses user \"shop\": check user and password"));
  CHECK(refused.dump().find("hunter2") == std::string::npos);

  broker.stop();
  const auto gone = machine.check("broker:shop");
  CHECK(gone["outcome"] == "problem");
  CHECK(contains(gone["evidence"], "cannot be reached"));
  CHECK(contains(gone["advice"], "systemctl status mosquitto"));

  link_to(machine, "mqtt://no-such-broker.invalid");
  CHECK(contains(machine.check("broker:shop")["evidence"], "no-such-broker.invalid:1883 is not known here"));
}

TEST_CASE(
    "lintel doctor: a broker's certificate that has expired, that nobody vouches for, or that is good") {
  if (!Mosquitto::available() && may_skip("mosquitto is not installed")) return;
  const TempDir dir;
  make_certificate(dir.path(), "-1");
  const auto tls = "certfile " + (dir.path() / "broker.pem").string() + "\nkeyfile " +
                   (dir.path() / "broker.key").string() + "\n";
  const BrokenMachine machine;
  const auto look = [&](const Mosquitto& broker, const fs::path& authority) {
    link_to(machine, fmt::format("mqtts://localhost:{}", broker.port()),
            "ca_file = " + authority.string() + "\n");
    return machine.check("broker:shop");
  };
  {
    const TempDir own;
    const auto broker = Mosquitto::start(own.path(), tls);
    const auto expired = look(broker, dir.path() / "ca.pem");
    CHECK(expired["outcome"] == "problem");
    CHECK(contains(expired["evidence"], "certificate has expired"));
    CHECK(contains(expired["evidence"], "\"localhost\" by \"shop ca\""));
    CHECK(contains(expired["advice"], "valid now"));
  }
  fs::copy_file(dir.path() / "ca.pem", dir.path() / "stranger.pem");
  make_certificate(dir.path(), "30");
  const TempDir own;
  const auto broker = Mosquitto::start(own.path(), tls);
  CHECK(contains(look(broker, dir.path() / "stranger.pem")["advice"], "ca_file"));
  const auto good = look(broker, dir.path() / "ca.pem");
  CAPTURE(good.dump());
  CHECK(good["outcome"] == "ok");
  CHECK(contains(good["evidence"], "over trusted TLS"));
}

TEST_CASE("lintel doctor: HQ that takes the card, revokes it, is no PostgREST, or is gone") {
  if (!RealHq::available() && may_skip("PostgreSQL 15 or sqitch is not installed")) return;
  RealHq hq;
  const BrokenMachine machine("[hq]\nurl = " + hq.url() + "\n");
  const auto strange = machine.check("credential");
  CHECK(strange["outcome"] == "problem");
  CHECK(contains(strange["evidence"], "not enrolled"));
  CHECK(contains(strange["advice"], "lintel provision"));

  machine.write("token", hq.enrolment_token() + "\n");
  REQUIRE(machine.lintel({"provision", "--token-file", (machine.dir() / "token").string()}).code == 0);
  const auto changes = [&] {
    return hq.sql().value(
        "select md5(string_agg(g::text, ',' order by id)) || (select count(*) from private.epochs) from "
        "data.gateways g");
  };
  const auto before = changes();
  CHECK(machine.check("tls")["outcome"] == "attention");  // http://
  const auto there = machine.check("hq");
  CAPTURE(there.dump());
  CHECK(there["outcome"] == "ok");
  CHECK(contains(there["evidence"], "answers as PostgREST with Lintel's schema"));
  const auto taken = machine.check("credential");
  CAPTURE(taken.dump());
  CHECK(taken["outcome"] == "ok");
  CHECK(contains(taken["evidence"], "HQ takes it"));
  CHECK(changes() == before);

  hq.sql().rows("update data.gateways set lifecycle = 'cancelled'");
  const auto revoked = machine.check("credential");
  CAPTURE(revoked.dump());
  CHECK(revoked["outcome"] == "problem");
  CHECK(contains(revoked["evidence"], "is revoked"));
  CHECK_FALSE(revoked["advice"].get<std::string>().empty());

  hq.sql().rows("drop function api.gateway_sync_v1(jsonb)");
  hq.restart_api();
  const auto old = machine.check("hq");
  CAPTURE(old.dump());
  CHECK(old["outcome"] == "problem");
  CHECK(contains(old["advice"], "deploy Lintel's schema"));
  hq.stop_api();
  CHECK(contains(machine.check("tls")["evidence"], "no connection to " + hq.url()));
  CHECK(machine.check("credential")["outcome"] == "ok");
}

TEST_CASE("lintel doctor: a sensor that counts, and changes that wait with the reason why they do not move") {
  const auto port = free_port();
  BrokenMachine machine(
      fmt::format("[ingest]\nlisten = 127.0.0.1:{}\n[hq]\nurl = http://127.0.0.1:{}\n"
                  "credential_file = token\ninterval_seconds = 0.2\n",
                  port, free_port()));
  machine.write("token", "a.b.c\n");
  machine.write("links.d/door.conf",
                "type = http\ndecoder = milesight-vs125\nauth = path\nsecret = 5b1f0c9a77e3421d\n");
  machine.start();
  Window window;
  window.end = std::chrono::floor<Millis>(std::chrono::system_clock::now()) - 60s;
  window.start = window.end - 60s;
  window.counted = {3, 1};
  REQUIRE(ask(fmt::format("http://127.0.0.1:{}/ingest/door/5b1f0c9a77e3421d", port),
              {"POST", vs125_payload("6537F28545220003", window, false)})
              .status == 200);
  REQUIRE(eventually([&] { return machine.check("sync")["outcome"] == "attention"; }));
  const auto waits = machine.check("sync");
  CAPTURE(waits.dump());
  CHECK(contains(waits["evidence"], "it does not move: "));
  CHECK(contains(waits["evidence"], "no connection"));
  CHECK(contains(waits["advice"], "Nothing is lost"));
  const auto sensor = machine.check("sensor:6537F28545220003");
  CAPTURE(sensor.dump());
  CHECK((sensor["outcome"] == "ok" || sensor["outcome"] == "attention"));
  CHECK_FALSE(contains(sensor["evidence"], "not running"));
  machine.stop();
  CHECK(contains(machine.check("sync")["evidence"],
                 "the gateway is not running, and only a running one sends"));
  CHECK(contains(machine.check("sensor")["evidence"], "the gateway is not running, so nobody can say"));
}
