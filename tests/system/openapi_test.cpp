// The description of the API, held against a running gateway: each answer is as described, and what is
// described is answered.
#include <fstream>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel::test;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSecret = "0123456789abcdef0123";
constexpr const char* kDescription = LINTEL_SOURCE_DIR "/gateway/status/openapi.json";

/// The value of a header in a head; names as the gateway writes them.
std::string field(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

/// A gateway whose answers are kept for the check.
class Gateway {
 public:
  Gateway() {
    fs::create_directories(dir_.path() / "links.d");
    fs::create_directories(dir_.path() / "sensors.d");
    write("gateway.conf", fmt::format("[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n"
                                      "[status]\nlisten = 127.0.0.1:{1}\npin_file = {0}/pin\n"
                                      "[ingest]\nlisten = 127.0.0.1:{1}\n",
                                      dir_.path().string(), port_));
    write("pin", "135790\n");
    fs::permissions(dir_.path() / "pin", fs::perms::owner_read | fs::perms::owner_write);
    write("links.d/push.conf",
          fmt::format("type = http\ndecoder = milesight-vs125\nauth = bearer\nsecret = {}\n", kSecret));
    write("links.d/lora.conf",
          fmt::format("type = http\ndecoder = envelope-chirpstack\nauth = bearer\nsecret = {}\n", kSecret));
    write("sensors.d/side.conf", "serial = 24e124716c000001\npayload = milesight-vs350-vs351-lorawan\n");
    write("sensors.d/door.conf",
          "serial = S1\nname = Main door\nline_name = 1 = In front\n"
          "region = shop capacity=20 from=1\n");
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()}, {},
                              dir_.path() / "log");
    REQUIRE(eventually([&] { return ask(url("/"), HttpRequest{"GET"}).status == 200; }));
  }

  /// Asks, and keeps the answer under `path` without its query.
  HttpAnswer asked(const std::string& method, const std::string& target, const std::string& body = {},
                   const std::vector<std::string>& headers = {}) {
    HttpRequest request{method, body, headers};
    request.timeout_ms = target.ends_with("stream") ? 700 : 20'000;
    auto answer = ask(url(target), request);
    keep(method, target.substr(0, target.find('?')), answer);
    return answer;
  }

  /// An action of whoever is signed in.
  HttpAnswer act(const std::string& name, const json& body) {
    return asked("POST", "/api/actions/" + name, body.dump(), signed_in());
  }

  void sign_in() {
    const auto answer = asked("POST", "/api/session", R"({"pin": "135790", "name": "Ada"})", kJson);
    REQUIRE(answer.status == 200);
    cookie_ = field(answer.head, "Set-Cookie");
    cookie_.resize(cookie_.find(';'));
    token_ = json::parse(answer.body)["csrf"];
  }

  [[nodiscard]] std::vector<std::string> signed_in(bool with_token = true) const {
    std::vector<std::string> headers = kJson;
    headers.push_back("Cookie: " + cookie_);
    if (with_token) headers.push_back("X-Lintel-Token: " + token_);
    return headers;
  }

  void push(const std::string& link, const std::string& body) {
    const HttpRequest request{
        "POST", body, {fmt::format("Authorization: Bearer {}", kSecret), "Content-Type: application/json"}};
    const auto taken = ask(url("/ingest/" + link), request);
    CAPTURE(taken.body);
    REQUIRE(taken.status == 200);
  }

  void keep(const std::string& method, const std::string& path, const HttpAnswer& answer) {
    kept_ += json{{"method", method},
                  {"path", path},
                  {"status", answer.status},
                  {"type", field(answer.head, "Content-Type")},
                  {"body", answer.body}}
                 .dump() +
             "\n";
  }

  /// What the description and the answers do not agree on.
  [[nodiscard]] std::string disagreement() {
    write("answers", kept_);
    const auto found = dir_.path() / "disagreement";
    auto check = Process::spawn({OPENAPI_CHECK, kDescription, (dir_.path() / "answers").string()}, {}, found);
    const auto code = check.wait();
    return code == 0 ? "" : fmt::format("the check ended with {}: {}", code, text_of(found));
  }

  static inline const std::vector<std::string> kJson = {"Content-Type: application/json"};

 private:
  [[nodiscard]] std::string url(const std::string& target) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, target);
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir_.path() / name) << text;
  }

  TempDir dir_;
  int port_ = free_port();
  Process process_;
  std::string kept_, cookie_, token_;
};

/// A second's window that begins so many seconds from now, with one person each way.
Window window_in(int seconds) {
  Window window;
  window.start = std::chrono::floor<std::chrono::seconds>(
                     std::chrono::floor<lintel::Millis>(std::chrono::system_clock::now())) +
                 std::chrono::seconds{seconds};
  window.end = window.start + 1s;
  window.counted = {1, 1};
  return window;
}

/// A battery at 5 %, as a Milesight VS350 behind ChirpStack says it, which is an alert at once.
std::string empty_battery() {
  return json{{"deviceInfo", {{"devEui", "24e124716c000001"}, {"deviceProfileName", "VS350"}}},
              {"time", "2026-07-31T23:12:00Z"},
              {"rxInfo", {{{"gatewayId", "1"}, {"rssi", -113}}}},
              {"fCnt", 2},
              {"fPort", 85},
              {"data", "AXUFBcwBAAIA"}}
      .dump();
}

/// Everything that can be looked at, before and after a sensor was heard.
void look(Gateway& gateway, bool heard) {
  for (const std::string path :
       {"/api/status", "/api/health", "/api/sensors", "/api/alerts", "/metrics", "/api/openapi.json",
        "/api/analytics?by=hour", "/api/alerts?state=all", "/api/session", "/api/analytics/stream"}) {
    CAPTURE(path);
    CHECK(gateway.asked("GET", path).status == 200);
  }
  for (const std::string path : {"/api/analytics?by=day&sensor=1", "/api/sensors/data?sensor=1"}) {
    CAPTURE(path);
    CHECK(gateway.asked("GET", path).status == (heard ? 200 : 404));
  }
  for (const std::string path :
       {"/api/sensors/data?sensor=none", "/api/analytics?by=year", "/api/alerts?state=shut"}) {
    CHECK(gateway.asked("GET", path).status == 400);
  }
  for (const std::string path : {"/api/sensors/data?sensor=99", "/api/analytics?by=hour&sensor=99"}) {
    CHECK(gateway.asked("GET", path).status == 404);
  }
  // The first event of the stream is the status once more.
  auto events = gateway.asked("GET", "/api/stream");
  const auto at = events.body.find("data: {\"alerts\"");
  REQUIRE(at != std::string::npos);
  events.body = events.body.substr(at + 6, events.body.find('\n', at) - at - 6);
  events.head = "\r\nContent-Type: application/json\r\n";
  gateway.keep("GET", "/api/status", events);
}

void walk(Gateway& gateway) {
  const auto test = [&] {
    const auto begun = gateway.act("walk-start", {{"serial", "S1"}, {"times", 1}});
    REQUIRE(begun.status == 200);
    return json{{"id", json::parse(begun.body)["result"]["id"]}};
  };
  CHECK(gateway.act("walk-cancel", test()).status == 200);
  const auto id = test();
  CHECK(gateway.act("walk-sign", {{"id", id["id"]}, {"name", "Ada"}}).status == 409);
  for (const std::string next : {"out", "done"}) {
    CHECK(gateway.act("walk-next", id).status == 200);
    // It goes on once the sensor has told all of it.
    gateway.push("push", vs125_payload("S1", window_in(next == "out" ? 2 : 4), false));
    CHECK(
        eventually([&] { return json::parse(gateway.act("walk-look", id).body)["result"]["step"] == next; }));
  }
  const auto signed_off =
      gateway.act("walk-sign", {{"id", id["id"]}, {"name", "Ada"}, {"note", "a test"}, {"passed", false}});
  CAPTURE(signed_off.body);
  CHECK(signed_off.status == 200);
  CHECK(gateway.act("walk-list", json::object()).status == 200);
}

/// What every action refuses in the same way.
void refuse(Gateway& gateway, const std::set<std::string>& actions) {
  for (const auto& name : actions) {
    CAPTURE(name);
    const auto path = "/api/actions/" + name;
    CHECK(gateway.asked("POST", path, "{}", Gateway::kJson).status == 401);
    CHECK(gateway.asked("POST", path, "{}", gateway.signed_in(false)).status == 403);
    CHECK(gateway.asked("POST", path, R"({"no-such-key": 1})", gateway.signed_in()).status == 400);
  }
  const json nobody{{"serial", "nobody"}, {"changes", {"name=x"}}};
  CHECK(gateway.act("set", nobody).status == 409);
  CHECK(gateway.act("adopt", {{"serial", "nobody"}}).status == 409);
  CHECK(gateway.act("acknowledge", {{"id", 999}}).status == 409);
  CHECK(gateway.act("walk-start", {{"serial", "nobody"}}).status == 409);
  for (const auto* name : {"walk-look", "walk-next", "walk-cancel"})
    CHECK(gateway.act(name, {{"id", "none"}}).status == 409);
}

void change(Gateway& gateway) {
  CHECK(gateway.act("discover", json::object()).status == 200);
  CHECK(gateway.act("adopt", {{"serial", "S9"}, {"link", "push"}, {"decoder", "milesight-vs125"}}).status ==
        200);
  CHECK(gateway.act("set", {{"serial", "S9"}, {"changes", {"name=Side door"}}}).status == 200);
  CHECK(gateway.act("sync-now", json::object()).status == 200);
  const auto open = json::parse(gateway.asked("GET", "/api/alerts").body)["alerts"];
  REQUIRE(open.size() == 1);
  CHECK(gateway.act("acknowledge", {{"id", open[0]["id"]}}).status == 200);
}

}  // namespace

TEST_CASE("openapi: what the gateway answers is described, and what is described is answered") {
  Gateway gateway;
  look(gateway, false);
  gateway.push("push", vs125_payload("S1", window_in(-60), false));
  gateway.push("lora", empty_battery());
  std::string sensors;
  const bool alarmed = eventually([&] {
    sensors = gateway.asked("GET", "/api/sensors").body;
    return !json::parse(gateway.asked("GET", "/api/alerts").body)["alerts"].empty();
  });
  CAPTURE(sensors);
  REQUIRE(alarmed);
  look(gateway, true);
  gateway.asked("POST", "/api/session", R"({"pin": 1, "nam")", Gateway::kJson);
  gateway.asked("DELETE", "/api/session");
  gateway.sign_in();
  gateway.asked("DELETE", "/api/session", {}, gateway.signed_in(false));

  constexpr std::string_view kActions = "/api/actions/";
  std::set<std::string> described;
  const auto description = json::parse(text_of(kDescription));
  for (const auto& [path, operations] : description["paths"].items()) {
    if (path.starts_with(kActions)) described.insert(path.substr(kActions.size()));
  }
  const auto session = json::parse(gateway.asked("GET", "/api/session", {}, gateway.signed_in()).body);
  const auto there = session["actions"].get<std::set<std::string>>();
  CHECK(there == described);

  refuse(gateway, there);
  change(gateway);
  walk(gateway);
  look(gateway, true);
  CHECK(gateway.asked("DELETE", "/api/session", {}, gateway.signed_in()).status == 200);
  for (int i = 0; i < 6; ++i) gateway.asked("POST", "/api/session", R"({"pin": "000000"})", Gateway::kJson);
  CHECK(gateway.disagreement() == "");
}
