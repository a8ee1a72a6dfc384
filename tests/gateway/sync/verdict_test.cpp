#include "gateway/sync/verdict.hpp"

#include <doctest/doctest.h>

using namespace lintel::sync;

namespace {

const std::string kUrl = "https://hq.example/rest/v1/rpc/gateway_sync_v1";

Exchange answered(long status, std::string body, std::string type = "application/json") {
  Exchange out;
  out.status = status;
  out.body = std::move(body);
  out.content_type = std::move(type);
  return out;
}

std::string error_body(const std::string& code, const std::string& message = "words of the database") {
  return R"({"code":")" + code + R"(","message":")" + message + R"(","details":null,"hint":null})";
}

Verdict of(const Exchange& exchange) {
  return judge(exchange, kUrl, {"secret-token", "secret-key"});
}

Verdict of(Exchange::Failure failure) {
  Exchange out;
  out.failure = failure;
  out.detail = "words of curl";
  return of(out);
}

void explains(const Verdict& verdict) {
  CHECK_FALSE(verdict.message.empty());
  CHECK_FALSE(verdict.advice.empty());
  CHECK_FALSE(verdict.answer.has_value());
}

}  // namespace

TEST_CASE("verdict: only the contract's object with 200 confirms") {
  const std::string good = R"({"v":1,"watermark":5,"history":"h","time":1})";
  CHECK(of(answered(200, good)).course == Course::confirmed);
  for (const long status : {201L, 204L, 206L, 400L, 500L}) {
    CAPTURE(status);
    CHECK(of(answered(status, good)).course != Course::confirmed);
  }
}

TEST_CASE("verdict: a captive portal is called by its name") {
  auto verdict = of(answered(200, "<!DOCTYPE html><title>Wi-Fi</title>", "text/html"));
  CHECK(verdict.course == Course::back_off);
  CHECK(verdict.trouble == Trouble::captive_portal);
  CHECK(verdict.message.find(kUrl) != std::string::npos);
  explains(verdict);
  CHECK(of(answered(200, "  <html>", "application/json")).trouble == Trouble::captive_portal);

  auto redirect = answered(302, "");
  redirect.location = "http://login.example/?back=secret-token";
  verdict = of(redirect);
  CHECK(verdict.trouble == Trouble::captive_portal);
  CHECK(verdict.message.find("http://login.example/") != std::string::npos);
  CHECK(verdict.message.find("secret") == std::string::npos);
  explains(verdict);
}

TEST_CASE("verdict: a body that is not the contract's is not believed") {
  for (const char* body : {"", "{}", "null", R"({"v":1,"watermark":5,"history":"h")"}) {
    const auto verdict = of(answered(200, body));
    CHECK(verdict.course == Course::back_off);
    CHECK(verdict.trouble == Trouble::not_contract);
    explains(verdict);
  }
}

TEST_CASE("verdict: a refused credential is read again") {
  for (const char* code : {"PGRST301", "PGRST303"}) {
    const auto verdict = of(answered(401, error_body(code)));
    CHECK(verdict.course == Course::renew);
    CHECK(verdict.trouble == Trouble::credential);
    explains(verdict);
  }
  const auto gate = of(answered(401, R"({"message":"No API key found in request"})"));
  CHECK(gate.trouble == Trouble::credential);
  CHECK(gate.advice.find("api_key") != std::string::npos);
}

TEST_CASE("verdict: 404 tells an old schema from a wrong address") {
  CHECK(of(answered(404, error_body("PGRST202"))).course == Course::slow);
  CHECK(of(answered(404, error_body("PGRST205"))).trouble == Trouble::schema_older);
  const auto wrong = of(answered(404, "<h1>Not Found</h1>", "text/html"));
  CHECK(wrong.course == Course::back_off);
  CHECK(wrong.trouble == Trouble::wrong_address);
  explains(wrong);
  CHECK(of(answered(404, error_body("42883"))).course == Course::back_off);
}

TEST_CASE("verdict: a statement time-out makes requests smaller, under any status") {
  for (const long status : {500L, 503L, 408L}) {
    const auto verdict = of(answered(status, error_body("57014")));
    CHECK(verdict.course == Course::halve);
    explains(verdict);
  }
}

TEST_CASE("verdict: every other status backs off and explains itself") {
  for (const long status : {400L, 402L, 403L, 405L, 406L, 407L, 409L, 415L, 422L, 429L, 431L,
                            500L, 501L, 502L, 503L, 520L, 599L, 301L, 307L, 101L, 202L}) {
    for (const auto& body : {std::string(), error_body("XX000"), std::string("<html>")}) {
      const auto verdict = of(answered(status, body));
      CAPTURE(status);
      CHECK(verdict.course == Course::back_off);
      explains(verdict);
    }
  }
  CHECK(of(answered(403, error_body("42501"))).trouble == Trouble::permission);
  CHECK(of(answered(406, error_body("PGRST106"))).course == Course::slow);
}

TEST_CASE("verdict: a read replica is called by its name, and tried again") {
  for (const auto& exchange :
       {answered(405,
                 error_body("25006", "cannot execute SELECT FOR NO KEY UPDATE in a read-only transaction")),
        answered(400, error_body("0A000", "cannot set transaction read-write mode during recovery"))}) {
    const auto verdict = of(exchange);
    CHECK(verdict.course == Course::back_off);
    CHECK(verdict.trouble == Trouble::wrong_address);
    CHECK(verdict.message.find("read replica") != std::string::npos);
    explains(verdict);
  }
  // The schema's own words come as an HQ that is down for a while.
  const auto busy = of(
      answered(503, error_body("PT503", "this is a read replica of HQ's database, which takes no counts")));
  CHECK(busy.course == Course::back_off);
  CHECK(busy.message.find("takes no counts") != std::string::npos);
}

TEST_CASE("verdict: whoever gave up waiting gets smaller requests, but for PostgREST without a connection") {
  for (const auto& body : {std::string(), std::string("<html>nginx</html>")}) {
    auto verdict = of(answered(504, body));
    CHECK(verdict.course == Course::halve);
    CHECK(verdict.trouble == Trouble::overloaded);
    explains(verdict);
    verdict = of(answered(408, body));
    CHECK(verdict.course == Course::halve);
    CHECK(verdict.trouble == Trouble::unreachable);
    CHECK(verdict.message.find(kUrl) != std::string::npos);
    explains(verdict);
  }
  CHECK(of(answered(504, error_body("PGRST003"))).course == Course::back_off);
}

TEST_CASE("verdict: a firewall's page is not taken for HQ's refusal") {
  const auto page = of(answered(403, "<html>Access denied</html>", "text/html"));
  CHECK(page.trouble == Trouble::captive_portal);
  CHECK(page.message.find("status 403") != std::string::npos);
  explains(page);
  CHECK(of(answered(403, error_body("42501"))).trouble == Trouble::permission);
  CHECK(of(answered(403, "no")).trouble == Trouble::permission);
}

TEST_CASE("verdict: an empty answer is called empty") {
  const auto verdict = of(answered(200, ""));
  CHECK(verdict.trouble == Trouble::not_contract);
  CHECK(verdict.message.find("is empty") != std::string::npos);
}

TEST_CASE("verdict: Retry-After is passed on") {
  auto busy = answered(429, "");
  busy.retry_after = std::chrono::seconds{30};
  CHECK(of(busy).retry_after == std::chrono::seconds{30});
}

TEST_CASE("verdict: every failure of the network is explained with its address") {
  using Failure = Exchange::Failure;
  for (const auto failure :
       {Failure::bad_address, Failure::no_name, Failure::no_connection, Failure::timeout, Failure::not_http,
        Failure::cut, Failure::tls, Failure::too_large, Failure::local}) {
    const auto verdict = of(failure);
    CHECK(verdict.message.find(kUrl) != std::string::npos);
    explains(verdict);
  }
  CHECK(of(Failure::tls).trouble == Trouble::tls);
  CHECK(of(Failure::no_name).trouble == Trouble::unreachable);
  CHECK(of(Failure::timeout).course == Course::halve);
  CHECK(of(Failure::bad_address).course == Course::slow);
  CHECK(of(Failure::stopped).course == Course::stopped);
}

TEST_CASE("verdict: secrets and control characters that come back from outside are not shown") {
  auto verdict = of(answered(
      400, R"({"code":"PGRST100","message":"bad token secret-token and\n\u001b[31m key secret-key"})"));
  CHECK(verdict.message.find("secret") == std::string::npos);
  CHECK(verdict.message.find('\x1b') == std::string::npos);
  CHECK(verdict.message.find('\n') == std::string::npos);
  verdict = of(answered(400, R"({"code":"X","message":")" + std::string(100'000, 'm') + "\"}"));
  CHECK(verdict.message.size() < 1000);
}

TEST_CASE("verdict: addresses are shown without user, password and query") {
  CHECK(shown_url("https://user:pa@ss@hq.example/rest/v1?apikey=x#y") == "https://hq.example/rest/v1");
  CHECK(shown_url("https://user:pa/ss@hq.example/") == "https://hq.example/");
  CHECK(shown_url("https://hq.example:8443/a") == "https://hq.example:8443/a");
  CHECK(shown_url("") == "");
}
