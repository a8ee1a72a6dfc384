// `lintel decoders`, and formats of one's own, as a person meets them.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/gateway/cli/lintel_binary.hpp"

namespace {

namespace fs = std::filesystem;
using lintel::test::ask;
using lintel::test::TempDir;

constexpr const char* kProfile = R"({
  "name": "acme-gate",
  "summary": "ACME gate, JSON over MQTT",
  "source": "its manual",
  "sensor": "/gate",
  "statements": [{"kind": "total", "count_in": "/in", "count_out": "/out"}],
  "samples": [{"payload": {"gate": "G1", "in": 5, "out": 4},
               "expect": [{"sensor": "G1", "kind": "total", "count_in": 5, "count_out": 4}]}]
})";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string write(const TempDir& dir, const std::string& name, const std::string& text) {
  const auto file = dir.path() / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
  return file.string();
}

std::string write_store(const TempDir& dir, const std::string& profile) {
  write(dir, "profiles.d/acme-gate.json", profile);
  write(dir, "links.d/broker.conf", "type = mqtt\nurl = mqtt://10.0.0.2\nsubscribe = acme-gate gates/#\n");
  return write(dir, "gateway.conf", "[gateway]\nstate_dir = state\nspool_dir = spool\n");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("lintel decoders: check says that a profile is in order, or what is wrong and where") {
  const TempDir dir;
  const auto file = write(dir, "acme-gate.json", kProfile);
  auto answer = ask({"decoders", "check", file});
  CHECK(answer.code == 0);
  CHECK(answer.out == file + ": in order, 1 sample as expected\n");

  write(dir, "acme-gate.json", replaced(kProfile, "count_in\": \"/in", "cuont_in\": \"/in"));
  answer = ask({"decoders", "check", file});
  CHECK(answer.code == 1);
  CHECK(contains(
      answer.err,
      file + ": /statements/0/cuont_in: nothing is called \"cuont_in\" here, did you mean count_in?\n"));

  write(dir, "acme-gate.json", replaced(kProfile, "\"/gate\",", "\"/gate\""));
  answer = ask({"decoders", "check", file});
  CHECK(answer.code == 1);
  CHECK(answer.err == file + ": 6:14: this is no JSON: a comma, quote or bracket is missing or too many\n");

  answer = ask({"decoders", "check", (dir.path() / "none.json").string()});
  CHECK(answer.code == 1);
  CHECK(contains(answer.err, "none.json"));
}

TEST_CASE("lintel decoders: show prints the profile of a shipped format, which check then takes") {
  const TempDir dir;
  const auto shown = ask({"decoders", "show", "terabee-l-xl-m-json"});
  CHECK(shown.code == 0);
  const auto file = write(dir, "mine.json", shown.out);
  const auto answer = ask({"decoders", "check", file});
  CHECK(answer.code == 0);
  CHECK(contains(answer.out, "note: in profiles.d it has to be called terabee-l-xl-m-json.json"));
  CHECK(contains(ask({"decoders", "show", "tasmota-counter"}).out, "No profile"));
  CHECK(contains(ask({"decoders", "show", "terabee"}).err, "no decoder is called terabee"));
}

TEST_CASE("lintel: a profile of profiles.d is a decoder like any other") {
  const TempDir dir;
  const auto config = write_store(dir, kProfile);
  CHECK(ask({"config", "check", "--config", config}).code == 0);
  CHECK(contains(ask({"decoders", "--config", config}).out, "acme-gate"));
  const auto payload = write(dir, "payload", R"({"gate": "G7", "in": 12})");
  const auto answer = ask({"decode", "acme-gate", payload, "--json", "--config", config});
  CHECK(answer.code == 0);
  CHECK(contains(answer.out, "\"count_in\":12"));
  CHECK(contains(ask({"decode", (dir.path() / "profiles.d/acme-gate.json").string(), payload, "--json"}).out,
                 "G7"));
}

TEST_CASE("lintel: a broken profile keeps nothing else from working, and its links are named") {
  const TempDir dir;
  const auto config = write_store(dir, replaced(kProfile, "\"total\"", "\"totals\""));
  const auto answer = ask({"config", "check", "--config", config});
  CHECK(answer.code == 0);
  CHECK(contains(answer.err,
                 "profiles.d/acme-gate.json: /statements/0/kind: expected total, interval, event, level or "
                 "presence, found \"totals\""));
  CHECK(contains(answer.err,
                 "links.d/broker.conf: its decoder acme-gate is broken, so its frames are kept undecoded"));
  const auto payload = write(dir, "payload", R"({"gate": "G7", "in": 12})");
  const auto decoded = ask({"decode", "acme-gate", payload, "--config", config});
  CHECK(decoded.code == 1);
  CHECK(contains(decoded.out + decoded.err, "is broken"));
}

TEST_CASE("lintel: a profile may lie elsewhere, and none takes the name of a decoder of the build") {
  const TempDir dir;
  write(dir, "formats/acme-gate.json", kProfile);
  write(dir, "formats/tasmota-counter.json", replaced(kProfile, "acme-gate", "tasmota-counter"));
  const auto config = write(dir, "gateway.conf", "[gateway]\nprofiles_dir = formats\n");
  const auto answer = ask({"config", "check", "--config", config});
  CHECK(contains(
      answer.err,
      "tasmota-counter.json: /name: tasmota-counter is a decoder of this build, give it another name"));
  CHECK(contains(ask({"decoders", "--config", config}).out, "acme-gate"));
}
