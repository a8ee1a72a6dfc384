// `lintel doctor` on machines where something is broken, each of which it has to name, with what to try.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <fstream>

#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "tests/gateway/cli/broken_machine.hpp"
#include "tests/gateway/sync/tls_server.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using nlohmann::json;
using test::BrokenMachine;
using test::contains;
using test::Process;
using test::text_of;
namespace fs = std::filesystem;

namespace {

/// Runs shell with a small file system of its own at $1; the doctor's one check as it saw it. Null where this
/// machine allows no such thing.
json on_small_disk(const BrokenMachine& machine, const std::string& script, const std::string& check) {
  const auto disk = machine.dir() / "state";
  fs::create_directories(disk);
  const auto out = machine.dir() / "seen";
  const auto all = fmt::format(
      "mount -t tmpfs -o size=64k tmpfs '{0}' || exit 77; cd '{0}'; {1}; cd /; '{2}' doctor --json --only "
      "{3} "
      "--config '{4}' > '{5}'",
      disk.string(), script, LINTEL_BINARY, check, machine.config(), out.string());
  const int code = Process::spawn({"unshare", "-rm", "sh", "-c", all}, {}, machine.dir() / "said").wait();
  if (text_of(out).empty()) {
    MESSAGE("SKIPPED: no file system can be mounted here (" << code
                                                            << "): " << text_of(machine.dir() / "said"));
    return nullptr;
  }
  return json::parse(text_of(out))["checks"][0];
}

UtcMs now() {
  return clock::sample_machine().wall;
}

std::string date(UtcMs at) {
  const auto seconds = static_cast<std::time_t>(count_ms(at) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  return text.data();
}

std::string hq(const std::string& url, const BrokenMachine& machine) {
  return "[hq]\nurl = " + url + "\nca_file = " + (machine.dir() / "ca.pem").string() + "\n";
}

}  // namespace

TEST_CASE(
    "lintel doctor: a machine where the gateway has never run, every check in its order, in 80 columns") {
  const BrokenMachine machine;
  const auto answer = machine.doctor({"--json"});
  CHECK(answer.code == 1);
  const auto all = json::parse(answer.out);
  std::vector<std::string> names;
  for (const auto& check : all["checks"]) {
    names.push_back(check["name"]);
    CHECK_FALSE(check["evidence"].get<std::string>().empty());
  }
  CHECK(names == std::vector<std::string>{"disk", "database", "spool", "clock", "configuration", "daemon",
                                          "broker", "journal", "port", "sensor", "dns", "tls", "hq",
                                          "credential", "sync"});
  CHECK(all["verdict"] == "problem");
  CHECK(all["version"] == LINTEL_VERSION);
  const auto text = machine.doctor();
  CHECK(text.code == 1);
  CHECK(test::too_wide(text.out).empty());
  CHECK(text.out.find('\x1b') == std::string::npos);
  CHECK(text.out.find("\nproblem    daemon: the gateway is not running: nobody is being counted\n           "
                      "try: Start it "
                      "with systemctl start lintel;") != std::string::npos);
  CHECK(text.out.find("\nskipped    dns: skipped because no [hq] url is set") != std::string::npos);
}

TEST_CASE("lintel doctor: --only takes checks and refuses others with the nearest, codes are 0, 1 and 2") {
  const BrokenMachine machine;
  const auto disk = machine.doctor({"--only", "disk"});
  CHECK(disk.code == 0);
  CHECK(disk.out.starts_with("ok         disk: "));
  CHECK(disk.out.find("All that was checked is in order.") != std::string::npos);
  CHECK(machine.doctor({"--only=daemon", "--only", "disk"}).code == 1);
  const auto wrong = machine.doctor({"--only", "dsk"});
  CHECK(wrong.code == 2);
  CHECK(wrong.err == "lintel: --only dsk: no such check, did you mean disk?\n");
  CHECK(machine.doctor({"--only", "broker:nowhere"}).err.find("there is nothing called broker:nowhere") !=
        std::string::npos);
  CHECK(machine.doctor({"twice"}).code == 2);
}

TEST_CASE("lintel doctor: a broken configuration is told with its places, and what rests on it is skipped") {
  const BrokenMachine machine("[hq]\nintervall_seconds = 5\n");
  const auto check = machine.check("configuration");
  CHECK(check["outcome"] == "problem");
  CHECK(contains(check["evidence"], "gateway.conf:7: [hq] intervall_seconds: no such key"));
  CHECK(contains(check["advice"], "lintel config check"));
  CHECK(machine.check("disk")["evidence"] == "the configuration cannot be used");
  CHECK(machine.doctor().code == 1);
}

TEST_CASE("lintel doctor: a full disk and a read-only one are told apart") {
  const BrokenMachine machine;
  if (const auto full = on_small_disk(machine, "head -c 1000000 /dev/zero > filler 2> /dev/null", "disk");
      !full.is_null()) {
    CHECK(full["outcome"] == "problem");
    CHECK(contains(full["evidence"], "No space left on device"));
    CHECK(contains(full["advice"], "remove what does not belong to the gateway"));
  }
  const auto read_only = on_small_disk(
      machine, "cd /; mount -o remount,ro '" + (machine.dir() / "state").string() + "'", "disk");
  if (read_only.is_null()) return;
  CHECK(read_only["outcome"] == "problem");
  CHECK(contains(read_only["evidence"], "Read-only file system"));
  CHECK(contains(read_only["advice"], "replace the card"));
}

TEST_CASE("lintel doctor: a disk that is nearly full is told before it is") {
  const BrokenMachine machine;
  const auto check = on_small_disk(machine, "true", "disk");
  if (check.is_null()) return;
  CHECK(check["outcome"] == "problem");
  CHECK(contains(check["evidence"], "free at"));
}

TEST_CASE("lintel doctor: a damaged database is named, a sound one read through") {
  BrokenMachine machine;
  machine.start();
  machine.stop();
  const auto sound = machine.check("database");
  CHECK(sound["outcome"] == "ok");
  CHECK(contains(sound["evidence"], "tables are sound"));
  const auto file = machine.dir() / "state/lintel.db";
  {
    std::fstream db(file, std::ios::in | std::ios::out | std::ios::binary);
    db.seekp(1024 * 8);
    db << std::string(4096, '\xff');
  }
  const auto damaged = machine.check("database");
  CHECK(damaged["outcome"] == "problem");
  CHECK(contains(damaged["advice"], "lintel.db.damaged && sudo systemctl restart lintel"));
  std::ofstream(file) << "this is no database at all, but it is long enough to be looked at"
                      << std::string(4096, 'x');
  CHECK(machine.check("database")["outcome"] == "problem");
}

TEST_CASE("lintel doctor: a daemon that answers, hangs, or is gone") {
  BrokenMachine machine;
  machine.start();
  CHECK(contains(machine.check("daemon")["evidence"], "and answering"));
  CHECK(machine.check("sensor")["outcome"] == "attention");
  machine.process().kill(SIGSTOP);
  const auto hung = machine.check("daemon");
  CHECK(hung["outcome"] == "problem");
  CHECK(contains(hung["evidence"], "it hangs"));
  CHECK(contains(hung["advice"], "systemctl restart lintel"));
  CHECK(contains(machine.check("sensor")["evidence"], "the gateway hangs, so nobody"));
  machine.process().kill(SIGCONT);
  CHECK(test::eventually([&] { return machine.check("daemon")["outcome"] == "ok"; }));
  machine.stop();
  CHECK(contains(machine.check("daemon")["evidence"], "not running"));
}

TEST_CASE("lintel doctor: a serial port that is unplugged, no port, or somebody else's") {
  const BrokenMachine machine;
  const auto link = [&](const std::string& device) {
    machine.write("links.d/door.conf", "type = serial\ndevice = " + device + "\ndecoder = tasmota-counter\n");
  };
  link("/dev/serial/by-id/usb-FTDI_FT232R_A10KZP45-if00-port0");
  const auto gone = machine.check("port:door");
  CHECK(gone["outcome"] == "problem");
  CHECK(contains(gone["evidence"], "usb-FTDI_FT232R_A10KZP45-if00-port0 is not there: it is unplugged"));
  CHECK(contains(gone["advice"], "Plug the adapter in"));

  machine.write("file", "");
  link((machine.dir() / "file").string());
  CHECK(contains(machine.check("port:door")["evidence"], "is no serial port"));

  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(master >= 0);
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  const std::string name = ::ptsname(master);
  link(name);
  CHECK(contains(machine.check("port:door")["evidence"], "used by nobody now"));
  const int taken = ::open(name.c_str(), O_RDWR | O_NOCTTY);
  REQUIRE(taken >= 0);
  const auto used = machine.check("port:door");
  CHECK(used["outcome"] == "problem");
  CHECK(contains(used["evidence"], fmt::format("(process {})", ::getpid())));
  CHECK(contains(used["advice"], "End that program"));
  ::close(taken);
  ::close(master);
}

TEST_CASE(
    "lintel doctor: HQ's name unknown, its port closed, another service there: the next steps are skipped") {
  const BrokenMachine machine("[hq]\nurl = https://no-such-host.invalid/rest/v1\n");
  const auto dns = machine.check("dns");
  CHECK(dns["outcome"] == "problem");
  CHECK(contains(dns["evidence"], "no-such-host.invalid is not known here"));
  CHECK(contains(dns["advice"], "DNS"));
  for (const auto* name : {"tls", "hq"}) {
    CHECK(machine.check(name)["outcome"] == "skipped");
    CHECK(machine.check(name)["evidence"] == "the name of HQ is not known here");
  }
  machine.configure(fmt::format("[hq]\nurl = http://127.0.0.1:{}\n", test::free_port()));
  CHECK(machine.check("dns")["outcome"] == "ok");
  const auto closed = machine.check("tls");
  CHECK(closed["outcome"] == "problem");
  CHECK(contains(closed["evidence"], "no connection to http://127.0.0.1:"));
  CHECK(machine.check("hq")["evidence"] == "there is no connection to HQ");
}

TEST_CASE("lintel doctor: HQ's certificate is shown with its dates, and what is wrong with it") {
  std::signal(SIGPIPE, SIG_IGN);  // the server's: the doctor hangs up when it has seen enough
  const test::Authority authority, stranger;
  const BrokenMachine machine;
  authority.write(machine.dir() / "ca.pem");
  {
    const test::TlsServer server(authority, "localhost", now() - 24h, now() + 24h * 90, date(now()));
    machine.configure(hq(server.url(), machine));
    const auto good = machine.check("tls");
    CAPTURE(good.dump());
    CHECK(good["outcome"] == "ok");
    CHECK(contains(good["evidence"], "valid " + format_utc(now() - 24h).substr(0, 10)));
    CHECK(contains(machine.check("clock")["evidence"], "HQ's clock agrees"));
    stranger.write(machine.dir() / "ca.pem");
    const auto unknown = machine.check("tls");
    CHECK(unknown["outcome"] == "problem");
    CHECK(contains(unknown["advice"], "ca_file"));
    authority.write(machine.dir() / "ca.pem");
  }
  {
    const test::TlsServer server(authority, "localhost", now() - 24h * 90, now() - 24h, date(now()));
    machine.configure(hq(server.url(), machine));
    const auto expired = machine.check("tls");
    CHECK(expired["outcome"] == "problem");
    CHECK(contains(expired["evidence"], "certificate has expired"));
    CHECK(contains(expired["evidence"], "to " + format_utc(now() - 24h).substr(0, 10)));
    CHECK(contains(expired["advice"], "renew its certificate"));
    CHECK(machine.check("hq")["evidence"] == "the connection to HQ is not trusted");
  }
  {
    const test::TlsServer server(authority, "elsewhere.example", now() - 24h, now() + 24h * 90, date(now()));
    machine.configure(hq(server.url(), machine));
    const auto other = machine.check("tls");
    CHECK(other["outcome"] == "problem");
    CHECK(contains(other["advice"], "another name"));
  }
  {
    const test::TlsServer server(authority, "localhost", now() - 24h, now() + 24h * 90, date(now() + 1h));
    machine.configure(hq(server.url(), machine));
    const auto off = machine.check("clock");
    CHECK(off["outcome"] == "problem");
    CHECK(contains(off["evidence"], "HQ's clock differs by "));
    CHECK(contains(off["advice"], "NTP"));
  }
}

TEST_CASE("lintel doctor: a token in a file that is missing or has expired") {
  const BrokenMachine machine("[hq]\nurl = http://127.0.0.1:1\ncredential_file = token\n");
  CHECK(machine.check("credential")["outcome"] == "problem");
  // {"alg":"HS256"} . {"exp":1500000000}: the middle of 2017.
  machine.write("token", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE1MDAwMDAwMDB9.c2ln\n");
  const auto expired = machine.check("credential");
  CHECK(expired["outcome"] == "problem");
  CHECK(contains(expired["evidence"], "expired 2017-07-14"));
  CHECK_FALSE(contains(expired.dump(), "eyJleHAi"));
}
