#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/gateway/sync/scripted_server.hpp"
#include "tests/gateway/sync/store_under_test.hpp"

using namespace lintel;
using namespace lintel::test;
using lintel::sync::State;
using lintel::sync::Trouble;
using nlohmann::json;

namespace {

constexpr auto kNoon = StoreUnderTest::kNoon;

bool holds_changes(const Asked& asked) {
  return asked.body.find("\"series\":[{") != std::string::npos;
}

std::string error_body(const std::string& code) {
  return R"({"code":")" + code + R"(","message":"words","details":null,"hint":null})";
}

/// HQ misbehaves four times towards greetings, then four times towards changes, then recovers.
void survives(const Reply& wrong, Trouble trouble) {
  StoreUnderTest store;
  ContractHq hq;
  store.rows.minutes(20, 2, kNoon);
  int wrong_greetings = 0;
  int wrong_answers = 0;
  std::atomic<bool> healed{false};
  ScriptedServer server([&](const Asked& asked) {
    if (!healed && wrong_greetings < 4) {
      ++wrong_greetings;
      return wrong;
    }
    if (!healed && holds_changes(asked)) {
      ++wrong_answers;
      return wrong;
    }
    return Reply{http(200, hq.answer(asked.body)), {}};
  });
  store.begin(server.url());
  CHECK(store.troubled_by(trouble));
  REQUIRE(eventually([&] { return server.requests() >= 12; }));
  CHECK(store.rows.watermark() == 0);
  CHECK(store.set_aside() == 0);
  const auto status = store.sync->status();
  CHECK(status.failures > 0);
  CHECK_FALSE(status.error.empty());
  healed = true;
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
  CHECK(eventually([&] { return store.sync->status().error.empty(); }));
}

Reply plain(int status, const std::string& body, const std::string& type = "application/json",
            const std::string& extra = "") {
  return {http(status, body, type, extra), {}};
}

}  // namespace

TEST_CASE("sync: a captive portal's page with 200 confirms nothing") {
  survives(plain(200, "<html>Please accept</html>", "text/html"), Trouble::captive_portal);
}

TEST_CASE("sync: half an answer with 200 confirms nothing") {
  survives(plain(200, R"({"v":1,"watermark":20,"history":"h","ti)"), Trouble::not_contract);
  survives(plain(200, ""), Trouble::not_contract);
  survives(plain(200, R"({"v":1})"), Trouble::not_contract);
}

TEST_CASE("sync: a request that HQ does not understand is kept") {
  survives(plain(200, R"({"v":1,"error":{"code":"malformed","message":"no"}})"), Trouble::refused_request);
}

TEST_CASE("sync: a refused credential is not the end") {
  survives(plain(401, error_body("PGRST301")), Trouble::credential);
  survives(plain(401, error_body("PGRST303")), Trouble::credential);
}

TEST_CASE("sync: an older schema and a wrong address are told apart") {
  survives(plain(404, error_body("PGRST202")), Trouble::schema_older);
  survives(plain(404, "nothing here", "text/plain"), Trouble::wrong_address);
}

TEST_CASE("sync: a busy HQ is waited for") {
  survives(plain(429, ""), Trouble::overloaded);
  survives(plain(503, error_body("PGRST000")), Trouble::overloaded);
  survives(plain(504, error_body("PGRST003")), Trouble::overloaded);
}

TEST_CASE("sync: an HQ in trouble is waited for") {
  survives(plain(500, error_body("XX000")), Trouble::hq_error);
  survives(plain(502, "<html>Bad gateway</html>", "text/html"), Trouble::hq_error);
  survives(plain(403, error_body("42501")), Trouble::permission);
  survives(plain(413, ""), Trouble::hq_error);
  survives(plain(400, error_body("22P02")), Trouble::hq_error);
}

TEST_CASE("sync: an answer that never ends is refused") {
  survives(plain(200, std::string(5 << 20, ' ')), Trouble::not_contract);
  // Without a length it has to be noticed on the way.
  survives({"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n" + std::string(5 << 20, ' '), {}, false},
           Trouble::not_contract);
}

TEST_CASE("sync: what is not even HTTP is survived") {
  survives({"SSH-2.0-OpenSSH_9.2\r\n", {}, false}, Trouble::wrong_address);
}

TEST_CASE("sync: a redirect is reported and never followed") {
  std::atomic<int> followed{0};
  ScriptedServer login([&](const Asked&) {
    ++followed;
    return plain(200, "");
  });
  survives(plain(302, "", "text/html", "Location: " + login.url() + "/login\r\n"), Trouble::captive_portal);
  survives(plain(307, "", "text/html", "Location: " + login.url() + "/login\r\n"), Trouble::captive_portal);
  CHECK(followed == 0);
}

TEST_CASE("sync: an answer cut at any byte leads to the same end") {
  StoreUnderTest store;
  ContractHq hq;
  std::size_t at = 0;
  std::size_t whole = 0;
  ScriptedServer server([&](const Asked& asked) {
    Reply reply{http(200, hq.answer(asked.body)), {}};
    if (holds_changes(asked)) {
      whole = reply.bytes.size();
      if (at < whole) reply.cut_after = at++;
    }
    return reply;
  });
  store.rows.minutes(6, 2, kNoon);
  store.begin(server.url());
  // HQ has the changes after the first try: what is confirmed by a greeting needs no second one.
  // NOLINTNEXTLINE(clang-diagnostic-for-loop-analysis): the server, which holds them by reference, changes
  // both
  for (std::int64_t more = 1; at == 0 || at < whole; ++more) {
    REQUIRE(store.drained());
    store.rows.minutes(2, 2, kNoon + more * 86'400'000);
    store.sync->notify();
  }
  REQUIRE(store.drained());
  CHECK(at > 100);
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: a greeting's answer cut at any byte leads to the same end") {
  StoreUnderTest store;
  ContractHq hq;
  std::atomic<std::size_t> at{0};
  std::atomic<std::size_t> whole{1};
  ScriptedServer server([&](const Asked& asked) {
    Reply reply{http(200, hq.answer(asked.body)), {}};
    whole = reply.bytes.size();
    if (at < whole) reply.cut_after = at++;
    return reply;
  });
  store.rows.minutes(6, 2, kNoon);
  store.begin(server.url());
  REQUIRE(eventually([&] { return at >= whole; }));
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
}

TEST_CASE("sync: a request cut at any byte leads to the same end") {
  StoreUnderTest store;
  ContractHq hq;
  std::atomic<std::size_t> at{0};
  constexpr std::size_t kLongest = 900;
  ScriptedServer server([&](const Asked& asked) { return plain(200, hq.answer(asked.body)); }, 0,
                        [&]() -> std::optional<std::size_t> {
                          if (at >= kLongest) return std::nullopt;
                          return at++;
                        });
  store.rows.minutes(6, 2, kNoon);
  store.begin(server.url());
  REQUIRE(eventually([&] { return at >= kLongest; }));
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: a statement time-out makes requests smaller until they pass") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server([&](const Asked& asked) {
    const auto request = json::parse(asked.body);
    const auto size = request.at("to").get<std::int64_t>() - request.at("after").get<std::int64_t>();
    if (size > 60) return plain(500, error_body("57014"));
    return plain(200, hq.answer(asked.body));
  });
  store.rows.minutes(3000, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
  // Most of them near the 60 that pass, not one by one.
  CHECK(server.requests() < 150);
}

TEST_CASE("sync: a change that times out alone is kept and tried again") {
  StoreUnderTest store;
  ContractHq hq;
  std::atomic<int> singles{0};
  ScriptedServer server([&](const Asked& asked) {
    const auto request = json::parse(asked.body);
    if (holds_changes(asked) && singles < 3) {
      if (request.at("to").get<std::int64_t>() - request.at("after").get<std::int64_t>() == 1) ++singles;
      return plain(500, error_body("57014"));
    }
    return plain(200, hq.answer(asked.body));
  });
  store.rows.minutes(100, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  CHECK(singles == 3);
  CHECK(hq.readings == local_readings(store.rows.db()));
}

TEST_CASE("sync: Retry-After is waited out") {
  StoreUnderTest store;
  ContractHq hq;
  std::optional<std::chrono::steady_clock::time_point> refused;
  std::optional<std::chrono::steady_clock::duration> waited;
  ScriptedServer server([&](const Asked& asked) {
    const auto now = std::chrono::steady_clock::now();
    if (!refused) {
      refused = now;
      return plain(429, "", "text/plain", "Retry-After: 1\r\n");
    }
    if (!waited) waited = now - *refused;
    return plain(200, hq.answer(asked.body));
  });
  store.rows.minutes(10, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  CHECK(*waited >= std::chrono::seconds{1});
  CHECK(*waited < std::chrono::seconds{3});
}

TEST_CASE("sync: an HQ that is not there is found when it is") {
  StoreUnderTest store;
  ContractHq hq;
  const auto script = [&](const Asked& asked) { return plain(200, hq.answer(asked.body)); };
  auto server = std::make_unique<ScriptedServer>(script);
  const auto port = server->port();
  server.reset();
  store.rows.minutes(10, 2, kNoon);
  store.begin("http://127.0.0.1:" + std::to_string(port));
  REQUIRE(store.troubled_by(Trouble::unreachable));
  CHECK(store.sync->status().error.find(std::to_string(port)) != std::string::npos);
  server = std::make_unique<ScriptedServer>(script, port);
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
}

TEST_CASE("sync: an HQ that does not answer is given up, and stopping does not wait for it") {
  StoreUnderTest store;
  store.options.http.total_timeout = std::chrono::milliseconds{200};
  ScriptedServer server([](const Asked&) { return Reply{"", {}, true}; });
  store.rows.minutes(10, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.troubled_by(Trouble::unreachable));
  store.sync->stop();

  store.options.http.total_timeout = std::chrono::minutes{1};
  const auto asked = server.requests();
  store.begin(server.url());
  REQUIRE(eventually([&] { return server.requests() > asked; }));
  const auto begin = std::chrono::steady_clock::now();
  store.sync->stop();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{1500});
  CHECK(store.sync->status().state == State::stopped);
  CHECK(store.rows.watermark() == 0);
}

TEST_CASE("sync: addresses that cannot be are explained") {
  for (const auto* url : {"ftp://hq.example", "http://", "nonsense:", "http://host.invalid"}) {
    StoreUnderTest store;
    CAPTURE(url);
    store.begin(url);
    REQUIRE(eventually([&] { return store.sync->status().state == State::failing; }));
    CHECK_FALSE(store.sync->status().advice.empty());
  }
}

TEST_CASE("sync: a missing or useless credential file is named, and read when it is there") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server([&](const Asked& asked) { return plain(200, hq.answer(asked.body)); });
  std::filesystem::remove(store.token_file());
  store.begin(server.url());
  REQUIRE(store.troubled_by(Trouble::credential));
  CHECK(store.sync->status().error.find(store.token_file().string()) != std::string::npos);
  store.write_token("   ");
  REQUIRE(eventually([&] { return store.sync->status().error.find("is empty") != std::string::npos; }));
  store.write_token("two words");
  REQUIRE(eventually(
      [&] { return store.sync->status().error.find("else than one token") != std::string::npos; }));
  CHECK(store.sync->status().error.find("two words") == std::string::npos);
  CHECK(server.requests() == 0);
  store.write_token(StoreUnderTest::kToken);
  REQUIRE(eventually([&] { return store.sync->status().state == State::current; }));
}

TEST_CASE("sync: after a refusal a new token in the file is used at once") {
  StoreUnderTest store;
  store.options.timing.backoff_base = std::chrono::hours{1};
  store.options.timing.backoff_cap = std::chrono::hours{1};
  ContractHq hq;
  ScriptedServer server([&](const Asked& asked) {
    if (asked.header("Authorization") == "Bearer renewed") return plain(200, hq.answer(asked.body));
    store.write_token("renewed");
    return plain(401, error_body("PGRST303"));
  });
  store.rows.minutes(10, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
}

TEST_CASE("sync: secrets reach neither log nor status nor database") {
  StoreUnderTest store;
  store.options.api_key = "the-api-key";
  std::string said = StoreUnderTest::kToken;
  ScriptedServer server([&](const Asked&) {
    return plain(400, R"({"code":"X","message":"bad )" + said + R"( or the-api-key or pass-word"})");
  });
  store.begin(fmt::format("http://user:pass-word@127.0.0.1:{}/", server.port()));
  REQUIRE(store.troubled_by(Trouble::hq_error));
  REQUIRE(eventually([&] { return !store.writer.errors().empty(); }));
  store.sync->stop();
  const auto status = store.sync->status();
  std::string all = status.error + status.advice + status.url;
  for (const auto& line : store.log) all += line;
  for (const auto& line : store.writer.errors()) all += line;
  CHECK(all.find("HQ answered") != std::string::npos);
  for (const auto* secret : {StoreUnderTest::kToken, "the-api-key", "user:", "pass-word"}) {
    CAPTURE(secret);
    CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE("sync: a trouble is logged when it begins and when it ends, not at every try") {
  StoreUnderTest store;
  ContractHq hq;
  std::atomic<bool> healed{false};
  ScriptedServer server([&](const Asked& asked) {
    return healed ? plain(200, hq.answer(asked.body)) : plain(500, error_body("XX000"));
  });
  store.begin(server.url());
  REQUIRE(eventually([&] { return server.requests() >= 10; }));
  CHECK(store.writer.errors().size() == 1);
  CHECK(store.rows.db().scalar("select failures > 0 and last_error is not null from sync_state") == 1);
  healed = true;
  REQUIRE(eventually([&] {
    return store.rows.db().scalar("select failures = 0 and last_error is null from sync_state") == 1;
  }));
  store.sync->stop();
  REQUIRE(store.log.size() == 2);
  CHECK(store.log[0].find("sync failed") != std::string::npos);
  CHECK(store.log[1].find("works again") != std::string::npos);
}
