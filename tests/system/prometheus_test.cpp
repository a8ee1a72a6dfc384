// Metrics, alert rules and dashboard against the real Prometheus: it scrapes a running gateway, knows every
// metric the rules and the dashboard ask for, and promtool finds the rules to do what they say.
#include <cctype>
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

const fs::path kSource = LINTEL_SOURCE_DIR;
const fs::path kRules = kSource / "gateway/dist/prometheus/lintel.rules.yml";
const fs::path kDashboard = kSource / "gateway/dist/grafana/gateways.json";

constexpr std::string_view kVariable = "$gateway";

/// What a machine that is no Raspberry Pi, or a gateway that has just started, cannot say.
const std::set<std::string, std::less<>> kNotHere = {
    "lintel_temperature_celsius", "lintel_undervoltage", "lintel_days_alone",
    "lintel_hq_last_contact_timestamp_seconds", "lintel_sensor_covered_permille"};

HttpAnswer get(const std::string& url) {
  HttpRequest request;
  request.method = "GET";
  return ask(url, request);
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const unsigned char c : text) result += fmt::format("%{:02X}", c);
  return result;
}

/// Every query of the dashboard, with its variable filled in.
std::vector<std::string> queries() {
  std::vector<std::string> found;
  for (const auto& panel : json::parse(text_of(kDashboard))["panels"]) {
    for (const auto& target : panel["targets"]) {
      auto query = target["expr"].get<std::string>();
      for (auto at = query.find(kVariable); at != std::string::npos; at = query.find(kVariable))
        query.replace(at, kVariable.size(), ".*");
      found.push_back(std::move(query));
    }
  }
  return found;
}

/// The words that follow each `mark` in a text, with it or without.
std::set<std::string, std::less<>> words_after(std::string_view text, std::string_view mark, bool with_mark) {
  std::set<std::string, std::less<>> found;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    auto end = begin;
    while (end < text.size() &&
           (std::isalpha(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
      ++end;
    const auto from = with_mark ? at : begin;
    found.emplace(text.substr(from, end - from));
  }
  return found;
}

std::set<std::string, std::less<>> names_in(const std::string& text) {
  return words_after(text, "lintel_", true);
}

/// A gateway without HQ, with one sensor that has been heard over its HTTP link, and a Prometheus that
/// scrapes it.
class Watched {
 public:
  Watched() {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(dir_.path() / "gateway.conf") << fmt::format(
        "[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten = 127.0.0.1:{1}\n"
        "[ingest]\nlisten = 127.0.0.1:{1}\n",
        dir_.path().string(), page_);
    std::ofstream(dir_.path() / "links.d/push.conf")
        << "type = http\ndecoder = milesight-vs125\nauth = bearer\nsecret = 0123456789abcdef0123\n";
    std::ofstream(dir_.path() / "prometheus.yml") << fmt::format(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\n"
        "scrape_configs:\n  - job_name: lintel\n    static_configs:\n      - targets: ['127.0.0.1:{}']\n",
        kRules.string(), page_);
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()}, {},
                              dir_.path() / "gateway.log");
    REQUIRE(eventually([&] { return get(page() + "/metrics").status == 200; }));
    prometheus_ = Process::spawn({"prometheus", "--config.file=" + (dir_.path() / "prometheus.yml").string(),
                                  "--storage.tsdb.path=" + (dir_.path() / "data").string(),
                                  fmt::format("--web.listen-address=127.0.0.1:{}", port_)},
                                 {}, dir_.path() / "prometheus.log");
    REQUIRE(eventually([&] { return get(url() + "/-/ready").status == 200; }, 60s));
  }

  [[nodiscard]] std::string page() const { return fmt::format("http://127.0.0.1:{}", page_); }
  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }

  [[nodiscard]] json query(const std::string& expression) const {
    const auto answer = get(url() + "/api/v1/query?query=" + escaped(expression));
    return json::parse(answer.body, nullptr, false);
  }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "prometheus.log"); }

 private:
  TempDir dir_;
  int page_ = free_port();
  int port_ = free_port();
  Process gateway_, prometheus_;
};

}  // namespace

TEST_CASE("prometheus: it scrapes a gateway, and knows every metric that rules and dashboard ask for") {
  const Watched store;
  HttpRequest reading;
  reading.headers = {"Authorization: Bearer 0123456789abcdef0123", "Content-Type: application/json"};
  Window window;
  window.end = std::chrono::floor<std::chrono::minutes>(
      std::chrono::floor<lintel::Millis>(std::chrono::system_clock::now()));
  window.start = window.end - 60s;
  window.counted = {3, 2};
  reading.body = vs125_payload("S1", window, false);
  const auto taken = ask(store.page() + "/ingest/push", reading);
  CAPTURE(taken.body);
  REQUIRE(taken.status == 200);

  REQUIRE(
      eventually([&] { return store.query("up{job=\"lintel\"} == 1")["data"]["result"].size() == 1; }, 60s));
  REQUIRE(eventually(
      [&] { return store.query("count(lintel_sensor_status == 1)")["data"]["result"].size() == 1; }, 60s));

  const auto shown = get(store.page() + "/metrics").body;
  const auto known = names_in(shown);
  auto asked = names_in(text_of(kRules));
  for (const auto& expression : queries()) {
    const auto answer = store.query(expression);
    CAPTURE(expression);
    CHECK(answer["status"] == "success");
    asked.merge(names_in(expression));
  }
  for (const auto& name : asked) {
    CAPTURE(name);
    CHECK((known.contains(name) || kNotHere.contains(name)));
    if (!kNotHere.contains(name)) CHECK_FALSE(store.query(name)["data"]["result"].empty());
  }
  const auto rules = json::parse(get(store.url() + "/api/v1/rules").body);
  for (const auto& rule : rules["data"]["groups"][0]["rules"]) {
    CAPTURE(rule["name"].get<std::string>());
    CHECK(eventually([&] {
      const auto now = json::parse(get(store.url() + "/api/v1/rules").body)["data"]["groups"][0]["rules"];
      for (const auto& other : now) {
        if (other["name"] == rule["name"]) return other["health"] == "ok";
      }
      return false;
    }));
  }
  CHECK(store.log().find("error on ingesting") == std::string::npos);
}

TEST_CASE("prometheus: each metric has help and type, a name of the usual shape, and a unit that fits it") {
  const Watched store;
  const auto text = get(store.page() + "/metrics").body;
  const TempDir dir;
  std::ofstream(dir.path() / "metrics") << text;
  const auto lint = dir.path() / "lint";
  auto promtool = Process::spawn(
      {"sh", "-c", "promtool check metrics <'" + (dir.path() / "metrics").string() + "'"}, {}, lint);
  CHECK(promtool.wait() == 0);
  CHECK(text_of(lint).empty());
}

TEST_CASE("prometheus: every alert fires when it should, and none where all is well") {
  const TempDir dir;
  for (const auto& file : {kRules, kSource / "tests/gateway/status/prometheus/lintel.rules.test.yml"}) {
    fs::copy(file, dir.path() / file.filename());
  }
  const auto out = dir.path() / "out";
  auto promtool = Process::spawn(
      {"sh", "-c", "cd '" + dir.path().string() + "' && exec promtool test rules lintel.rules.test.yml"}, {},
      out);
  const auto code = promtool.wait();
  INFO(text_of(out));
  CHECK(code == 0);
  // Each rule has a case of its own.
  const auto tested = text_of(dir.path() / "lintel.rules.test.yml");
  const auto rules = text_of(kRules);
  for (const auto& rule : words_after(rules, "- alert: ", false)) {
    CAPTURE(rule);
    CHECK(tested.find("alertname: " + rule + "\n") != std::string::npos);
  }
}
