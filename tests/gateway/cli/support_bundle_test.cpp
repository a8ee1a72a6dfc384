// `lintel support-bundle`: what helps is in it, and no secret is, wherever it stood.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "gateway/enrol/identity_file.hpp"
#include "gateway/store/sqlite.hpp"
#include "tests/gateway/cli/broken_machine.hpp"

using namespace lintel;
using nlohmann::json;
using test::BrokenMachine;
using test::Process;
using test::text_of;
namespace fs = std::filesystem;

namespace {

/// A secret that stands nowhere by chance.
std::string planted(const std::string& what) {
  return "5ecret-" + what + "-c0ffee";
}

const std::string kDigits(64, '7');
constexpr const char* kPin = "481516";

const std::vector<std::string>& secrets() {
  static const std::vector<std::string> all{
      planted("api-key"),       planted("page-pin"),   planted("broker"),        planted("broker-file"),
      planted("camera"),        planted("push-path"),  planted("url-token"),     planted("enrolled"),
      planted("card-secret"),   planted("card-next"),  planted("pending-token"), planted("pending-secret"),
      planted("jwt"),           planted("client-key"), planted("waiting-token"), planted("token-digest"),
      planted("refused-digest")};
  return all;
}

/// A gateway with a secret in every place where one can be.
void plant(const BrokenMachine& machine) {
  machine.configure("pin_file = pin\n[hq]\nurl = http://127.0.0.1:1/rest/v1\napi_key = " +
                    planted("api-key") + "\nclient_cert = client.pem\nclient_key = client.key\n");
  machine.write("pin", planted("page-pin") + "\n");
  machine.write("client.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  machine.write("client.key",
                "-----BEGIN PRIVATE KEY-----\n" + planted("client-key") + "\n-----END PRIVATE KEY-----\n");
  machine.write("enrolment_token", planted("waiting-token") + "\n");
  machine.write("links.d/broker.conf", "type = mqtt\nurl = mqtt://127.0.0.1:1\nuser = u\npassword = " +
                                           planted("broker") + "\nsubscribe = milesight-vs125 a/#\n");
  machine.write(
      "links.d/broker2.conf",
      "type = mqtt\nurl = mqtt://127.0.0.1:2\nuser = u\npassword_file = ../pw\nsubscribe = milesight-vs125 "
      "a/#\n");
  machine.write("pw", planted("broker-file") + "\n");
  machine.write("links.d/camera.conf",
                "type = poll\nurl = http://127.0.0.1:3/counts?token=" + planted("url-token") +
                    "\ndecoder = tasmota-counter\nauth = digest\nuser = u\nsecret_file = cam\n");
  machine.write("links.d/cam", planted("camera") + "\n");
  machine.write("links.d/pushed.conf",
                "type = http\ndecoder = tasmota-counter\nsecret = " + planted("push-path") + "\n");
  enrol::Identity identity;
  identity.card = enrol::Card{"8c5f2d2e-93f4-4f7a-9a0e-0d6c8a1f2b3c",
                              {"1c5f2d2e-93f4-4f7a-9a0e-0d6c8a1f2b3c", "Main street", "Europe/Berlin", 0},
                              planted("enrolled"),
                              planted("card-secret"),
                              planted("card-next"),
                              planted("token-digest")};
  identity.pending = enrol::Pending{planted("pending-token"), planted("pending-secret"), false};
  identity.token = enrol::Token{planted("jwt"), std::chrono::seconds{3600}, {}, {}};
  identity.refusal = enrol::Refusal{"revoked", false, planted("refused-digest")};
  fs::create_directories(machine.dir() / "state");
  REQUIRE(enrol::IdentityFile(machine.dir() / "state").write(identity));
}

/// Secrets that got where they do not belong.
void leak(const BrokenMachine& machine, const std::string& more = "") {
  auto db = store::Database::open(machine.dir() / "state/lintel.db", store::OpenMode::writer);
  REQUIRE(db);
  std::string all;
  for (const auto& secret : secrets()) all += secret + " \"";
  all += more;
  auto error = db->prepare("update sync_state set last_error = ?");
  error.bind(all);
  error.run();
}

struct Unpacked {
  std::string bytes;  ///< of all files, names included
  fs::path folder;
};

Unpacked unpack(const fs::path& file, const fs::path& into) {
  fs::create_directories(into);
  CHECK(Process::spawn({"tar", "-xzf", file.string(), "-C", into.string()}).wait() == 0);
  Unpacked all;
  for (const auto& entry : fs::recursive_directory_iterator(into)) {
    if (entry.is_directory()) {
      all.folder = entry.path();
      continue;
    }
    all.bytes += entry.path().filename().string() + "\n" + text_of(entry.path());
  }
  return all;
}

void check_no_secret(const std::string& bytes) {
  for (const auto& secret : secrets()) CHECK_MESSAGE(bytes.find(secret) == std::string::npos, secret);
}

}  // namespace

TEST_CASE(
    "lintel support-bundle: holds what helps, readable without tools of ours, and no secret from any place") {
  BrokenMachine machine;
  plant(machine);
  REQUIRE(machine.lintel({"discover"}).code == 0);  // makes the database
  leak(machine);
  const auto file = machine.dir() / "bundle.tar.gz";
  const auto answer = machine.lintel({"support-bundle", "--out", file.string()});
  INFO(answer.err);
  REQUIRE(answer.code == 0);
  CHECK(answer.out.find(file.string()) != std::string::npos);
  CHECK(test::too_wide(answer.out.substr(answer.out.find('\n') + 1)).size() <= 200);
  CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);

  const auto all = unpack(file, machine.dir() / "unpacked");
  check_no_secret(all.bytes + answer.out + answer.err);
  for (const auto* name :
       {"doctor.json", "status.json", "machine.json", "tables.json", "sync_state.json", "sensors.json",
        "alerts.json", "sensor_states.json", "quarantine.json", "coverage.json", "audit.json"}) {
    INFO(name);
    CHECK_FALSE(json::parse(text_of(all.folder / name), nullptr, false).is_discarded());
  }
  CHECK(text_of(all.folder / "README.txt").find("doctor.json") != std::string::npos);
  CHECK(text_of(all.folder / "configuration.txt").find("api_key = ********") != std::string::npos);
  CHECK_FALSE(text_of(all.folder / "log.txt").empty());
  const auto tables = json::parse(text_of(all.folder / "tables.json"));
  CHECK(tables["schema_version"].get<int>() > 0);
  bool counted = false;
  for (const auto& table : tables["tables"]) {
    counted |= table["table"] == "people_counting_raw" && table["rows"].is_number();
  }
  CHECK(counted);
  const auto sync = json::parse(text_of(all.folder / "sync_state.json"));
  CHECK(sync[0]["last_error"].get<std::string>().find("***") != std::string::npos);
  CHECK(json::parse(text_of(all.folder / "doctor.json"))["checks"].size() >= 14);
  CHECK(json::parse(text_of(all.folder / "machine.json"))["kernel"].get<std::string>().starts_with("Linux "));
}

TEST_CASE(
    "lintel support-bundle: with a configuration that cannot be used it holds the reason, and no secret") {
  BrokenMachine machine;
  plant(machine);
  machine.write("links.d/broker.conf", "type = mqtt\nurl = mqtt://u:" + planted("broker") +
                                           "@127.0.0.1\npasword = " + planted("broker") + "\n");
  const auto file = machine.dir() / "bundle.tar.gz";
  const auto answer = machine.lintel({"support-bundle", "--out", file.string()});
  INFO(answer.err);
  REQUIRE(answer.code == 0);
  const auto all = unpack(file, machine.dir() / "unpacked");
  check_no_secret(all.bytes + answer.out + answer.err);
  CHECK(text_of(all.folder / "configuration.txt").find("links.d/broker.conf:") != std::string::npos);
}

TEST_CASE("lintel support-bundle: a damaged identity is no way out for what is in it") {
  BrokenMachine machine;
  plant(machine);
  REQUIRE(machine.lintel({"discover"}).code == 0);
  leak(machine, kDigits);
  machine.write("state/identity.json", "{\"card\": {\"secret\": \"" + kDigits + "\", ");
  const auto file = machine.dir() / "bundle.tar.gz";
  REQUIRE(machine.lintel({"support-bundle", "--out", file.string()}).code == 0);
  CHECK(unpack(file, machine.dir() / "unpacked").bytes.find(kDigits) == std::string::npos);
}

TEST_CASE("lintel support-bundle: a PIN of digits goes where it stands alone, and no count is changed") {
  BrokenMachine machine("pin_file = pin\n");
  machine.write("pin", std::string(kPin) + "\n");
  REQUIRE(machine.lintel({"discover"}).code == 0);
  {
    auto db = store::Database::open(machine.dir() / "state/lintel.db", store::OpenMode::writer);
    REQUIRE(db);
    db->execute("update sync_state set last_error = 'pin 481516 of 4815162342', failures = 481516");
  }
  const auto file = machine.dir() / "bundle.tar.gz";
  REQUIRE(machine.lintel({"support-bundle", "--out", file.string()}).code == 0);
  const auto sync = json::parse(text_of(unpack(file, machine.dir() / "unpacked").folder / "sync_state.json"));
  CHECK(sync[0]["last_error"] == "pin *** of 4815162342");
  CHECK(sync[0]["failures"] == 481516);
}

TEST_CASE("lintel support-bundle: where it goes is said, and nothing is overwritten") {
  const BrokenMachine machine;
  machine.write("there", "mine");
  const auto there = (machine.dir() / "there").string();
  const auto refused = machine.lintel({"support-bundle", "--out", there});
  CHECK(refused.code == 2);
  CHECK(refused.err.find("File exists") != std::string::npos);
  CHECK(text_of(there) == "mine");
  CHECK(machine.lintel({"support-bundle", "--out", (machine.dir() / "no/such/folder").string()}).code == 2);
  const auto piped = test::ask({"support-bundle", "--out", "-", "--config", machine.config()}, {},
                               "| tar -tzf - > '" + (machine.dir() / "names").string() + "'");
  CHECK(piped.err.empty());
  CHECK(text_of(machine.dir() / "names").find("/README.txt") != std::string::npos);
  const auto listed =
      machine.lintel({"support-bundle", "--json", "--out", (machine.dir() / "b.tar.gz").string()});
  CHECK(json::parse(listed.out)["parts"].size() > 5);
}
