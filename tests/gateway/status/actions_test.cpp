#include "gateway/status/actions.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "gateway/status/http_server.hpp"
#include "tests/gateway/status/client.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::Client;

namespace {

struct Answer {
  int status = 0;
  std::string head;
  json body;

  [[nodiscard]] std::string field(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A page with one action, `adopt`, whose verb answers what `verdict` says, from another thread.
class Gateway {
 public:
  explicit Gateway(std::string pin = "135790", std::chrono::milliseconds reply_limit = 10s) {
    Actions::Parts parts;
    parts.verbs["adopt"] = [this](const json& request, ControlServer::Reply reply) {
      const std::lock_guard lock(mutex_);
      asked_.push_back(request);
      if (!silent) workers_.emplace_back([reply = std::move(reply), answer = verdict] { reply(answer); });
    };
    parts.actions = {{"adopt", {"adopt", {"serial", "name"}}}, {"gone", {"no-such-verb", {}}}};
    parts.post = [this](std::function<void()> task) { boost::asio::post(loop_, std::move(task)); };
    parts.log = [this](const std::string& text) {
      const std::lock_guard lock(mutex_);
      logged_ += text + "\n";
    };
    Routes routes;
    routes.handlers["/"] = [](const Request&) { return text_response(200, "page"); };
    routes.actions = std::make_shared<Actions>(Access::Options{std::move(pin)}, std::move(parts));
    HttpServer::Options options;
    options.listen = "127.0.0.1:0";
    options.reply_limit = reply_limit;
    server_ = std::move(*HttpServer::open(loop_, std::move(options), std::move(routes)));
    port_ = server_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Gateway() {
    boost::asio::post(loop_, [this] { server_.reset(); });
    thread_.join();
    for (auto& worker : workers_) worker.join();
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  [[nodiscard]] Answer ask(const std::string& method, const std::string& path, const Fields& fields = {},
                           const std::string& body = {}) const {
    Client client(port_);
    std::string text = method + " " + path + " HTTP/1.1\r\n";
    bool host = false;
    for (const auto& [name, value] : fields) {
      text += name + ": " + value + "\r\n";
      host |= name == "Host";
    }
    if (!host) text += "Host: localhost\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
    client.send(text);
    const auto all = client.read_all();
    const auto end = all.find("\r\n\r\n");
    REQUIRE(end != std::string::npos);
    Answer answer{std::stoi(all.substr(9, 3)), all.substr(0, end), {}};
    answer.body = json::parse(all.substr(end + 4), nullptr, false);
    return answer;
  }

  [[nodiscard]] Answer post(const std::string& path, const json& body, Fields fields = {}) const {
    fields.emplace_back("Content-Type", "application/json");
    return ask("POST", path, fields, body.dump());
  }

  /// Signs in; the fields of whoever is.
  [[nodiscard]] Fields sign_in(const std::string& name = "Ada") const {
    const auto answer = post("/api/session", {{"pin", "135790"}, {"name", name}});
    REQUIRE(answer.status == 200);
    const auto cookie = answer.field("Set-Cookie");
    return {{"Cookie", "other=1; " + cookie.substr(0, cookie.find(';'))},
            {"X-Lintel-Token", answer.body["csrf"]}};
  }

  std::vector<json> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::string logged() {
    const std::lock_guard lock(mutex_);
    return logged_;
  }

  Result<json> verdict = json{{"name", "Main door"}};
  bool silent = false;

 private:
  boost::asio::io_context loop_;
  std::mutex mutex_;
  std::vector<json> asked_;  // guarded by mutex_, like the next two
  std::string logged_;
  std::vector<std::thread> workers_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("actions: the PIN signs in, an action is done and knows who asked, signing out ends it") {
  Gateway gateway;
  CHECK(gateway.ask("GET", "/api/session").body == json{{"pin_set", true},
                                                        {"actions", {"adopt"}},
                                                        {"signed_in", false},
                                                        {"name", nullptr},
                                                        {"csrf", nullptr}});
  const auto me = gateway.sign_in();
  CHECK(gateway.ask("GET", "/api/session", me).body["name"] == "Ada");
  const auto done = gateway.post("/api/actions/adopt", {{"serial", "S1"}}, me);
  CHECK(done.status == 200);
  CHECK(done.body == json{{"result", {{"name", "Main door"}}}});
  REQUIRE(gateway.asked().size() == 1);
  CHECK(gateway.asked()[0] ==
        json{{"verb", "adopt"}, {"serial", "S1"}, {"actor", "Ada (page at 127.0.0.1)"}});
  CHECK(gateway.ask("DELETE", "/api/session", me).status == 200);
  CHECK(gateway.post("/api/actions/adopt", {{"serial", "S1"}}, me).status == 401);
  CHECK(gateway.asked().size() == 1);
}

TEST_CASE(
    "actions: the cookie is for scripts of no page and for no other site, answers allow nothing foreign") {
  Gateway gateway;
  const auto answer = gateway.post("/api/session", {{"pin", "135790"}});
  CHECK(answer.field("Set-Cookie").ends_with("; Path=/api; HttpOnly; SameSite=Strict"));
  CHECK(answer.field("Content-Type") == "application/json");
  CHECK(answer.field("Cache-Control") == "no-store");
  CHECK_FALSE(answer.field("Content-Security-Policy").empty());
}

TEST_CASE("actions: a wrong PIN is refused and logged without the PIN, then clients have to wait") {
  Gateway gateway;
  for (int i = 0; i < 5; ++i) CHECK(gateway.post("/api/session", {{"pin", "975310"}}).status == 403);
  const auto late = gateway.post("/api/session", {{"pin", "135790"}});
  CHECK(late.status == 429);
  CHECK(std::stoi(late.field("Retry-After")) > 0);
  CHECK(late.body["error"].get<std::string>().starts_with("too many wrong PINs: wait "));
  CHECK(gateway.logged().find("wrong PIN from 127.0.0.1") != std::string::npos);
  CHECK(gateway.logged().find("975310") == std::string::npos);
}

TEST_CASE("actions: without a PIN the page says how to set one") {
  Gateway gateway("");
  CHECK(gateway.ask("GET", "/api/session").body["pin_set"] == false);
  const auto answer = gateway.post("/api/session", {{"pin", ""}});
  CHECK(answer.status == 403);
  CHECK(answer.body["error"].get<std::string>().find("pin_file") != std::string::npos);
}

TEST_CASE("actions: nothing happens without a session, its token, or from a page of elsewhere") {
  Gateway gateway;
  const auto me = gateway.sign_in();
  const Fields only_cookie{me[0]};
  const Fields wrong_token{me[0], {"X-Lintel-Token", std::string(64, '0')}};
  const auto with = [&](const char* name, const char* value) {
    auto fields = me;
    fields.emplace_back(name, value);
    return fields;
  };
  const json body{{"serial", "S1"}};
  CHECK(gateway.post("/api/actions/adopt", body).status == 401);
  CHECK(gateway.post("/api/actions/adopt", body, only_cookie).status == 403);
  CHECK(gateway.post("/api/actions/adopt", body, wrong_token).status == 403);
  CHECK(gateway.post("/api/actions/adopt", body, with("Origin", "http://evil.example")).status == 403);
  CHECK(gateway.post("/api/actions/adopt", body, with("Origin", "null")).status == 403);
  CHECK(gateway.post("/api/actions/adopt", body, with("Sec-Fetch-Site", "cross-site")).status == 403);
  CHECK(gateway.post("/api/actions/adopt", body, with("Host", "evil.example")).status == 421);
  CHECK(gateway.asked().empty());
  CHECK(gateway.post("/api/actions/adopt", body, with("Origin", "http://localhost")).status == 200);
}

TEST_CASE("actions: what is not understood is named and not done") {
  Gateway gateway;
  const auto me = gateway.sign_in();
  auto typed = me;
  typed.emplace_back("Content-Type", "application/json");
  CHECK(gateway.ask("POST", "/api/actions/adopt", me, "{}").status == 415);
  CHECK(gateway.ask("POST", "/api/actions/adopt", typed, "[1]").status == 400);
  CHECK(gateway.ask("POST", "/api/actions/adopt", typed, "{\"serial\": ").status == 400);
  CHECK(gateway.ask("POST", "/api/actions/adopt", typed, R"({"a":)" + std::string(500, '[')).status == 400);
  CHECK(gateway.ask("POST", "/api/actions/adopt", typed, std::string(17'000, ' ')).status == 413);
  CHECK(gateway.ask("GET", "/api/actions/adopt", me).status == 405);
  CHECK(gateway.ask("PUT", "/api/session", me).status == 405);
  CHECK(gateway.post("/api/actions/reboot", json::object(), me).status == 404);
  CHECK(gateway.post("/api/actions/", json::object(), me).status == 404);
  CHECK(gateway.post("/api/actions/gone", json::object(), me).status == 404);
  const auto unknown = gateway.post("/api/actions/adopt", {{"actor", "root"}}, me);
  CHECK(unknown.status == 400);
  CHECK(unknown.body["error"] == "unknown key \"actor\": adopt takes serial, name");
  CHECK(gateway.asked().empty());
}

TEST_CASE("actions: what the gateway refuses comes with its words") {
  Gateway gateway;
  const auto me = gateway.sign_in();
  gateway.verdict = json{{"refused", "S1 is a sensor already"}, {"usage", true}};
  const auto refused = gateway.post("/api/actions/adopt", {{"serial", "S1"}}, me);
  CHECK(refused.status == 409);
  CHECK(refused.body["error"] == "S1 is a sensor already");
  gateway.verdict = fail(ErrorKind::transient, "the database is busy");
  CHECK(gateway.post("/api/actions/adopt", {{"serial", "S1"}}, me).status == 503);
}

TEST_CASE("actions: a gateway that does not answer in time is no silence") {
  Gateway gateway("135790", 50ms);
  const auto me = gateway.sign_in();
  gateway.silent = true;
  const auto answer = gateway.post("/api/actions/adopt", {{"serial", "S1"}}, me);
  CHECK(answer.status == 503);
  CHECK(answer.body["error"].get<std::string>().find("may still be done") != std::string::npos);
}
