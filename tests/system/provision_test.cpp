// A card becomes the gateway of a store as an installer does it: the real executable, the real PostgreSQL
// behind the stand-in for PostgREST.
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/enrol/identity_file.hpp"
#include "gateway/store/store.hpp"
#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// A machine in a store, with one sensor that pushes to it.
class Machine {
 public:
  /// `url` empty: the configuration does not know HQ.
  explicit Machine(const std::string& url) {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(config()) << fmt::format(
        "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n[ingest]\nlisten = "
        "127.0.0.1:{}\n"
        "[hq]\ninterval_seconds = 0.2\n{}",
        port_, url.empty() ? "" : "url = " + url + "\n");
    std::ofstream(dir_.path() / "links.d/door.conf")
        << "type = http\ndecoder = milesight-vs125\nauth = path\nsecret = 5b1f0c9a77e3421d\n";
  }

  void start() {
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir_.path() / "log");
    REQUIRE_MESSAGE(eventually([&] { return ask(ingest(), {"GET"}).status == 405; }), log());
  }
  void kill() {
    process_.kill(SIGKILL);
    process_.wait();
  }
  int stop() {
    process_.kill(SIGTERM);
    return process_.wait();
  }
  Answer lintel(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", config()});
    return ask(words);
  }
  Answer provision(const std::string& token, std::vector<std::string> more = {}) const {
    const auto file = dir_.path() / "token of HQ";
    std::ofstream(file) << token << '\n';
    std::vector<std::string> words{"provision", "--token-file", file.string()};
    words.insert(words.end(), more.begin(), more.end());
    return lintel(words);
  }
  /// `in` people come in one minute of yesterday, and the machine says that it has them.
  void count(int minute, std::int64_t in, const std::string& serial = "6537F28545220003") const {
    Window window;
    window.end =
        UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
        24h + 60s * minute;
    window.start = window.end - 60s;
    window.counted = {in, 0};
    REQUIRE(ask(ingest(), {"POST", vs125_payload(serial, window, false)}).status == 200);
  }

  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }
  [[nodiscard]] std::string ingest() const {
    return fmt::format("http://127.0.0.1:{}/ingest/door/5b1f0c9a77e3421d", port_);
  }
  [[nodiscard]] fs::path state() const { return dir_.path() / "state"; }
  [[nodiscard]] fs::path dir() const { return dir_.path(); }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }
  [[nodiscard]] enrol::Identity identity() const { return *enrol::IdentityFile(state()).read(); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

 private:
  TempDir dir_;
  int port_ = free_port();
  Process process_;
};

bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

bool people_at(RealHq& hq, std::int64_t people) {
  return eventually(
      [&] {
        return hq.sql().value("select coalesce(sum(count_in), 0) from data.people_counting_raw") ==
               std::to_string(people);
      },
      30s);
}

json status_of(const Machine& machine) {
  return json::parse(machine.lintel({"status", "--json"}).out);
}

/// The text without its line breaks.
std::string flowing(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n';
    if (!space || (!out.empty() && out.back() != ' ')) out += space ? ' ' : c;
  }
  return out;
}

bool tells(const Machine& machine, const std::string& words) {
  return eventually([&] { return flowing(machine.lintel({"status"}).out).find(words) != std::string::npos; },
                    30s);
}

std::string process_list() {
  std::string all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    all += text_of(entry.path() / "cmdline") + text_of(entry.path() / "environ") + '\n';
  }
  return all;
}

}  // namespace

TEST_CASE(
    "provision: a token makes the card a gateway, counts go to HQ, and the same token again changes "
    "nothing") {
  if (!ready()) return;
  RealHq hq;
  Machine machine("");
  const auto before = machine.lintel({"provision", "--status"});
  CHECK(before.code == 1);
  CHECK(before.out.find("not enrolled") != std::string::npos);

  const auto token = hq.enrolment_token();
  const auto done = machine.provision(token, {"--url", hq.url()});
  REQUIRE_MESSAGE(done.code == 0, done.err);
  CHECK(done.out.find("This card is now the gateway of \"Store 1\" (Europe/Berlin).") != std::string::npos);
  CHECK(done.out.find("systemctl start lintel") != std::string::npos);
  struct stat there {};
  REQUIRE(::stat((machine.state() / "identity.json").c_str(), &there) == 0);
  CHECK((there.st_mode & 0777) == 0600);

  machine.start();
  machine.count(1, 7);
  CHECK(people_at(hq, 7));
  auto db = store::Database::open(store::database_path(machine.state()), store::OpenMode::reader);
  CHECK(db->scalar("select count(*) from stores where timezone = 'Europe/Berlin' and name = 'Store 1'") == 1);

  const auto again = machine.provision(token, {"--json"});
  CHECK(again.code == 0);
  const auto said = json::parse(again.out);
  CHECK(said["enrolled_before"] == true);
  CHECK(said["running"] == true);
  CHECK(said["store"]["name"] == "Store 1");
  CHECK(said["gateway"] == hq.sql().value("select public_id from data.gateways"));
  const auto shown = machine.lintel({"provision", "--status", "--json"});
  CHECK(shown.code == 0);
  const auto status = json::parse(shown.out);
  CHECK(status["enrolled"] == true);
  CHECK(status["token_until"].get<std::string>() > status["renewal_at"].get<std::string>());
  CHECK(status["trouble"] == "");
  CHECK(status_of(machine)["hq"]["card"]["store"] == "Store 1");
  CHECK(machine.stop() == 0);
  CHECK(machine.lintel({"provision", "--status"}).out.find("as the gateway of \"Store 1\"") !=
        std::string::npos);
}

TEST_CASE("provision: what a person gets wrong is said, with an exit code, and changes nothing") {
  if (!ready()) return;
  RealHq hq;
  Machine machine(hq.url());
  const auto refused = [&](const Answer& answer, int code, const std::string& words) {
    CAPTURE(answer.err);
    CHECK(answer.code == code);
    CHECK(answer.err.find(words) != std::string::npos);
    CHECK(answer.out.empty());
  };
  const auto token = hq.enrolment_token();
  refused(machine.lintel({"provision", "--token", token}), 2, "seen by every user of this machine");
  refused(machine.lintel({"provision", "--token=" + token}), 2, "--token-file FILE");
  refused(machine.lintel({"provision", "--token-file", "/nonexistent"}), 2, "there is no such file");
  refused(machine.provision("3f2a-90b1"), 2, "32 digits, and this has 8");
  refused(machine.provision(token, {"--url", "https://elsewhere.example"}), 2, "change it there");
  refused(machine.provision(token, {"--ulr", "x"}), 2, "--url");
  refused(machine.provision(token, {"--set", "hq.credential_file=/etc/lintel/token"}), 2,
          "take the line away to enrol");
  CHECK_FALSE(fs::exists(machine.state() / "identity.json"));
  refused(Machine("").provision(token), 2, "--url URL");
  refused(machine.provision(std::string(32, '0')), 1, "HQ does not know the enrolment token");

  hq.misbehave_once("status 503");
  const auto later = machine.provision(token);
  refused(later, 3, "the gateway goes on trying");
  CHECK(machine.identity().pending);
  machine.start();  // and that is what it does
  machine.count(1, 3);
  CHECK(people_at(hq, 3));
  CHECK_FALSE(machine.identity().pending);
  refused(Machine(hq.url()).provision(token), 1, "a token is for one card");
}

TEST_CASE(
    "provision: a running gateway that waits for a card goes on without a restart, after an answer that was "
    "lost") {
  if (!ready()) return;
  RealHq hq;
  Machine machine(hq.url());
  machine.start();
  machine.count(1, 5);
  CHECK(tells(machine, "this gateway is not enrolled at HQ"));
  const auto token = hq.enrolment_token();
  hq.misbehave_once("drop-after-commit");
  const auto lost = machine.provision(token);
  CHECK(lost.code == 3);
  const auto done = machine.provision(token);
  CHECK_MESSAGE(done.code == 0, done.err);
  CHECK(done.out.find("sends from now on") != std::string::npos);
  CHECK(people_at(hq, 5));
  CHECK(eventually([&] { return machine.lintel({"provision", "--status"}).code == 0; }));  // no old trouble
  CHECK(hq.sql().value("select count(*) from data.gateways") == "1");
  machine.kill();
  machine.start();
  machine.count(2, 4);
  CHECK(people_at(hq, 9));
  CHECK(machine.log().find("sync failed: HQ refused") == std::string::npos);
}

TEST_CASE("provision: a gateway without a screen finds its token beside the configuration") {
  if (!ready()) return;
  RealHq hq;
  Machine machine(hq.url());
  const auto file = machine.dir() / "enrolment_token";
  std::ofstream(file) << "3f2a-90b1\n";
  machine.start();
  machine.count(1, 2);
  CHECK(tells(machine, "and this has 8"));
  machine.kill();
  std::ofstream(file) << hq.enrolment_token() << '\n';
  machine.start();
  CHECK(people_at(hq, 2));
  CHECK(eventually([&] { return !fs::exists(file); }));
  CHECK(machine.log().find("enrolled at " + hq.url()) != std::string::npos);
}

TEST_CASE("provision: a new card takes over the store, its sensors included, and the one before says so") {
  if (!ready()) return;
  RealHq hq;
  Machine first(hq.url()), second(hq.url());
  REQUIRE(first.provision(hq.enrolment_token()).code == 0);
  first.start();
  first.count(1, 6);
  REQUIRE(people_at(hq, 6));
  auto sql = hq.sql();
  sql.rows("update data.sensor_metadata set name = 'Main door', lifecycle = 'active'");
  const auto sensor = sql.value("select public_id from data.sensor_metadata");

  // A token tells the second of its issue: one of the very second of the next enrolment would still be good.
  REQUIRE(eventually([&] {
    return sql.value(
               "select bool_and(now() >= enrolled_at + interval '1 second') from private.credentials") == "t";
  }));
  second.start();  // it counts before it is anybody's
  second.count(2, 8);
  REQUIRE(second.provision(hq.enrolment_token()).code == 0);
  CHECK(people_at(hq, 14));
  CHECK(sql.value("select count(*) || ' ' || min(public_id::text) from data.sensor_metadata") ==
        "1 " + sensor);
  CHECK(sql.value("select count(*) from data.gateways") == "1");
  auto db = store::Database::open(store::database_path(second.state()), store::OpenMode::reader);
  CHECK(eventually(
      [&] { return db->scalar("select count(*) from sensor_metadata where name = 'Main door'") == 1; }));
  CHECK(db->scalar("select count(*) from sensor_metadata") == 1);

  first.count(3, 100);
  CHECK(tells(first, "another one was enrolled for the store in its place"));
  const auto card = first.lintel({"provision", "--status"});
  CHECK(card.code == 1);
  CHECK(card.out.find("ask HQ for an enrolment token") != std::string::npos);
  CHECK(people_at(hq, 14));
  auto own = store::Database::open(store::database_path(first.state()), store::OpenMode::reader);
  CHECK(own->scalar("select sum(count_in) from people_counting_raw") == 106);  // collection goes on
}

TEST_CASE(
    "provision: a revoked gateway says so, and goes on once HQ has thought better of it and somebody asks") {
  if (!ready()) return;
  RealHq hq;
  Machine machine(hq.url());
  REQUIRE(machine.provision(hq.enrolment_token()).code == 0);
  machine.start();
  machine.count(1, 1);
  REQUIRE(people_at(hq, 1));
  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  machine.count(2, 2);
  CHECK(tells(machine, "HQ has revoked this gateway, or closed its store"));
  const auto hq_part = status_of(machine)["hq"];
  CHECK(hq_part["trouble"] == "credential");
  CHECK(hq_part["advice"].get<std::string>().find("tried again once a day") != std::string::npos);
  hq.sql().rows("update data.gateways set lifecycle = 'active'");
  CHECK(machine.lintel({"sync", "now"}).code == 0);
  CHECK(people_at(hq, 3));
}

TEST_CASE("provision: a card that moves to another store leaves the first one's counts behind") {
  if (!ready()) return;
  RealHq hq;
  auto sql = hq.sql();
  Machine machine(hq.url());
  REQUIRE(machine.provision(hq.enrolment_token()).code == 0);
  machine.start();
  machine.count(1, 6);
  REQUIRE(people_at(hq, 6));
  sql.rows("select private.add_store('Chain', 'Store 2', 'Europe/Berlin')");
  const auto moved = machine.provision(sql.value(
      "select private.issue_enrolment((select public_id from data.stores where name = 'Store 2'))"));
  CHECK_MESSAGE(moved.code == 0, moved.err);
  CHECK(moved.out.find("Restart the gateway") != std::string::npos);
  machine.count(2, 50);
  CHECK(tells(machine, "enrolled for another store (\"Store 2\")"));
  CHECK(sql.value("select count(*) from data.people_counting_raw r join data.stores s on s.id = r.store_id "
                  "where s.name = 'Store 2'") == "0");
  CHECK(machine.stop() == 0);
  machine.start();
  machine.count(3, 9);
  CHECK(eventually([&] {
    return sql.value(
               "select coalesce(sum(count_in), 0) from data.people_counting_raw r join data.stores s on "
               "s.id = r.store_id where s.name = 'Store 2'") == "9";
  }));
  int kept = 0;
  for (const auto& entry : fs::directory_iterator(machine.state())) {
    kept += entry.path().filename().string().find(".of-store-") != std::string::npos ? 1 : 0;
  }
  CHECK(kept >= 1);
  CHECK(machine.log().find("the database of the one before was kept as") != std::string::npos);
}

TEST_CASE("provision: no secret is in a log, a status, the configuration shown or a process list") {
  if (!ready()) return;
  RealHq hq;
  Machine machine(hq.url());
  const auto token = hq.enrolment_token();
  hq.misbehave_once("cut-after-bytes 150");
  auto said = machine.provision(token).err;
  const auto pending = machine.identity().pending;
  machine.start();
  machine.count(1, 3);
  REQUIRE(people_at(hq, 3));
  said += process_list();
  for (const std::vector<std::string>& words : {std::vector<std::string>{"provision", "--status"},
                                                {"provision", "--status", "--json"},
                                                {"status"},
                                                {"status", "--json"},
                                                {"sync"},
                                                {"sync", "--json"},
                                                {"config", "show"},
                                                {"config", "check"}}) {
    const auto answer = machine.lintel(words);
    said += answer.out + answer.err;
  }
  const auto identity = machine.identity();
  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  machine.count(2, 2);
  REQUIRE(tells(machine, "HQ has revoked"));
  said += machine.lintel({"status"}).out + machine.log();
  REQUIRE(pending);
  REQUIRE(identity.card);
  for (const auto& secret : {token, pending->token, pending->secret, identity.card->enrolled,
                             identity.token->jwt, machine.identity().card->next}) {
    REQUIRE(secret.size() >= 32);
    CHECK(said.find(secret) == std::string::npos);
  }
}
