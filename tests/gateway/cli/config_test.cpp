// `lintel config` as a person or a script meets it.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/gateway/cli/lintel_binary.hpp"

namespace {

namespace fs = std::filesystem;
using lintel::test::ask;
using lintel::test::TempDir;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string write(const TempDir& dir, const std::string& name, const std::string& text) {
  const auto file = dir.path() / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
  ::chmod(file.c_str(), 0600);
  return file.string();
}

/// A store with one link of each type, one sensor and five secrets.
std::string write_store(const TempDir& dir) {
  write(dir, "pw", "hunter2\n");
  write(dir, "token", "hunter2\n");
  write(dir, "links.d/broker.conf",
        "type = mqtt\nurl = mqtt://10.0.0.2\nuser = u\npassword_file = ../pw\nsubscribe = milesight-vs125 "
        "a/#\n");
  write(dir, "links.d/door.conf",
        "type = serial\ndevice = /dev/ttyAMA0\ndecoder = st-vl53l1x-arduino-lines\n");
  write(dir, "links.d/camera.conf",
        "type = poll\nurl = http://10.0.0.7/counts?now\ndecoder = tasmota-counter\nauth = digest\nuser = u\n"
        "secret = hunter2\n");
  write(dir, "links.d/pushed.conf",
        "type = http\ndecoder = tasmota-counter\nsecret = hunter2hunter2hunter2\n");
  write(dir, "sensors.d/1.conf", "serial = 6789C3\nname = Main entrance\nline = door in=C1 out=C2\n");
  return write(
      dir, "gateway.conf",
      "[store]\nname = Main street 4\ntimezone = Europe/Berlin\n[hq]\nurl = https://hq.example/rest/v1\n"
      "api_key = hunter2\ncredential_file = token\n");
}

}  // namespace

TEST_CASE("lintel config check: a configuration in order is told in short") {
  const TempDir dir;
  const auto file = write_store(dir);
  const auto answer = ask({"config", "check", "--config", file});
  CHECK(answer.code == 0);
  CHECK(answer.err.empty());
  CHECK(answer.out == file +
                          ": in order\n"
                          "store     Main street 4, Europe/Berlin, day starts at 00:00, not provisioned yet\n"
                          "gateway   gateway, database in /var/lib/lintel\n"
                          "storage   strict, committed every 50 ms\n"
                          "page      http://127.0.0.1:8080/\n"
                          "ingest    http://0.0.0.0:8081/ingest/\n"
                          "HQ        https://hq.example/rest/v1\n"
                          "link      broker: mqtt://10.0.0.2:1883, 1 subscription\n"
                          "link      camera: http://10.0.0.7/counts?now, every 60 s, tasmota-counter\n"
                          "link      door: /dev/ttyAMA0, 115200 8N1, st-vl53l1x-arduino-lines\n"
                          "link      pushed: pushed to /ingest/pushed, auth path, tasmota-counter\n"
                          "sensor    Main entrance (6789C3)\n");
}

TEST_CASE("lintel config check: all that is wrong is told, and the exit code is 2") {
  const TempDir dir;
  const auto file = write(dir, "gateway.conf", "[hq]\ninterval_seconds = often\nintervall_seconds = 5\n");
  const auto answer = ask({"config", "check", "--config=" + file});
  CHECK(answer.code == 2);
  CHECK(answer.out.empty());
  CHECK(answer.err ==
        "lintel: " + file +
            " has 2 problems:\n"
            "  gateway.conf:2: [hq] interval_seconds = \"often\": expected a number of seconds, for example "
            "60\n"
            "  gateway.conf:3: [hq] intervall_seconds: no such key, did you mean interval_seconds?\n");
}

TEST_CASE("lintel config check: a file that is missing or no text is named") {
  const auto missing = ask({"config", "check", "--config", "/nowhere/gateway.conf"});
  CHECK(missing.code == 2);
  CHECK(
      contains(missing.err, "/nowhere/gateway.conf has a problem:\n  gateway.conf: there is no such file\n"));
  const TempDir dir;
  const auto binary = ask({"config", "check", "--config", write(dir, "x.conf", "\x7f\x45LF\x02\x01")});
  CHECK(binary.code == 2);
  CHECK(contains(binary.err, "x.conf:1: holds bytes that are no text, is this the right file?\n"));
}

TEST_CASE("lintel config show: every key with its origin, and no secret") {
  const TempDir dir;
  const auto answer =
      ask({"config", "show", "--config", write_store(dir), "--set", "hq.interval_seconds=0.5"},
          {"LINTEL_GATEWAY_NAME=back office"});
  CHECK(answer.code == 0);
  CHECK(contains(answer.out, "# from gateway.conf:3\ntimezone = Europe/Berlin\n"));
  CHECK(contains(answer.out, "# from LINTEL_GATEWAY_NAME\nname = back office\n"));
  CHECK(contains(answer.out, "# from --set hq.interval_seconds\ninterval_seconds = 0.5\n"));
  CHECK(contains(answer.out, "\n#listen = 127.0.0.1:8080\n"));
  CHECK(contains(answer.out, "\n#id =\n"));
  CHECK(contains(answer.out, "api_key = ********\n"));
  CHECK(contains(answer.out, "password = ********\n"));
  CHECK(contains(answer.out, "subscribe = milesight-vs125 a/#\n"));
  CHECK(contains(answer.out, "auth = digest\nuser = u\nsecret = ********\n"));
  CHECK(contains(answer.out, "auth = path\nsecret = ********\n"));
  CHECK(contains(answer.out, "line = door in=C1 out=C2\n"));
  CHECK_FALSE(contains(answer.out + answer.err, "hunter2"));
}

TEST_CASE("lintel config show: what it prints of gateway.conf can be read back to the same") {
  const TempDir dir;
  const auto first = ask({"config", "show", "--config",
                          write(dir, "gateway.conf",
                                "[store]\nday_start = 04:00\n[storage]\n"
                                "durability = relaxed\n[status]\nallowed_host = a\n"
                                "allowed_host = b\nlisten =\n")});
  const auto again = ask({"config", "check", "--config", write(dir, "copy.conf", first.out)});
  CHECK(again.code == 0);
  const auto check = ask({"config", "check", "--config", (dir.path() / "gateway.conf").string()});
  CHECK(again.out.substr(again.out.find('\n')) == check.out.substr(check.out.find('\n')));
  CHECK(contains(check.out, "page      none\n"));
  CHECK(contains(check.out, "storage   relaxed, committed every 60000 ms\n"));
}

TEST_CASE("lintel config: LINTEL_CONFIG names the file unless --config does") {
  const TempDir dir;
  const auto first = write(dir, "first.conf", "[store]\nname = first\n");
  const auto second = write(dir, "second.conf", "[store]\nname = second\n");
  CHECK(contains(ask({"config", "check"}, {"LINTEL_CONFIG=" + first}).out, "store     first,"));
  CHECK(contains(ask({"config", "check", "--config", second}, {"LINTEL_CONFIG=" + first}).out,
                 "store     second,"));
}

TEST_CASE("lintel config: without any file the defaults hold, and that is said") {
  if (fs::exists("/etc/lintel/gateway.conf")) {
    MESSAGE("skipped: this machine has a /etc/lintel/gateway.conf of its own");
    return;
  }
  const auto answer = ask({"config", "check"}, {"LINTEL_CONFIG="});
  CHECK(answer.code == 0);
  CHECK(contains(answer.out, "built-in defaults: in order\n"));
  CHECK(contains(answer.err, "note: /etc/lintel/gateway.conf does not exist"));
  CHECK(contains(answer.err, "warning: no configuration file is in use, so there are no links"));
}

TEST_CASE("lintel config: wrong use is answered with what was meant") {
  CHECK(ask({"config"}).err == "lintel: config: say check or show\n");
  CHECK(ask({"config", "chek"}).err == "lintel: config chek: unknown, did you mean check?\n");
  CHECK(ask({"config", "check", "--confg", "x"}).err ==
        "lintel: unknown option --confg, did you mean --config?\n");
  CHECK(ask({"config", "check", "twice"}).err == "lintel: unexpected argument \"twice\"\n");
  CHECK(contains(ask({"config", "check", "--config"}).err, "'--config' is missing"));
  const auto unknown = ask({"config", "check", "--set", "hq.interval=5"});
  CHECK(unknown.code == 2);
  CHECK(contains(unknown.err, "--set hq.interval: no such setting"));
}
