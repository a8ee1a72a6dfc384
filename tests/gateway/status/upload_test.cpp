// What devices push: the real server and the real link, asked by libcurl and by plain sockets.
#include <doctest/doctest.h>

#include <curl/curl.h>
#include <fmt/format.h>

#include "firmware-bridge/links/digests.hpp"
#include "tests/gateway/status/client.hpp"
#include "tests/gateway/status/upload_bench.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using Bench = UploadBench;

namespace {

HttpRequest with(const std::string& body, const std::vector<std::string>& headers = {}) {
  HttpRequest request;
  request.body = body;
  request.headers = headers;
  return request;
}

HttpRequest as(long auth, const std::string& user, const std::string& body) {
  HttpRequest request;
  request.auth = auth;
  request.user_and_password = user;
  request.body = body;
  return request;
}

std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

std::string post(const std::string& target, const std::string& body, const std::string& extra = "") {
  return fmt::format("POST /ingest/{} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}", target,
                     body.size(), extra, body);
}

using Payloads = std::vector<std::string>;

}  // namespace

TEST_CASE("push: each way to show who one is lets the right secret in, and no other") {
  Bench bench;
  CHECK(ask(bench.at_path("/door/2?x=1"), with("a")).status == 200);
  CHECK(ask(bench.url("bearer/b"), with("b", {std::string("Authorization: Bearer ") + kSecret})).status ==
        200);
  CHECK(ask(bench.url("basic"), as(CURLAUTH_BASIC, std::string("cam:") + kSecret, "c")).status == 200);
  CHECK(ask(bench.url("digest?y=2"), as(CURLAUTH_DIGEST, std::string("cam:") + kSecret, "d")).status == 200);
  const auto kept = bench.sink.kept();
  REQUIRE(kept.size() == 4);
  CHECK(kept[0].topic == "door/2?x=1");
  CHECK(kept[1].topic == "b");
  CHECK(kept[2].topic == "");
  CHECK(kept[3].topic == "?y=2");
  CHECK(kept[3].payload == "d");

  CHECK(ask(bench.url("path/0123456789abcdef0124"), with("x")).status == 404);
  CHECK(ask(bench.url("path"), with("x")).status == 404);
  CHECK(ask(bench.url("nothing/at/all"), with("x")).status == 404);
  CHECK(ask(bench.url(""), with("x")).status == 404);
  CHECK(ask(bench.url("bearer"), with("x")).status == 401);
  CHECK(ask(bench.url("bearer"), with("x", {"Authorization: Bearer wrong"})).status == 401);
  CHECK(ask(bench.url("basic"), as(CURLAUTH_BASIC, "cam:wrong", "x")).status == 401);
  CHECK(ask(bench.url("basic"), as(CURLAUTH_BASIC, std::string("adm:") + kSecret, "x")).status == 401);
  CHECK(ask(bench.url("digest"), as(CURLAUTH_DIGEST, "cam:wrong", "x")).status == 401);
  CHECK(ask(bench.url("digest"), as(CURLAUTH_BASIC, std::string("cam:") + kSecret, "x")).status == 401);
  CHECK(bench.sink.kept().size() == 4);
}

TEST_CASE("push: a digest answer that was overheard cannot be sent again") {
  Bench bench;
  auto client = Client(bench.port);
  client.send(post("digest", "x"));
  const auto challenge = client.read_until("\r\n\r\n");
  CHECK(status_of(challenge) == "HTTP/1.1 401 Unauthorized");
  CHECK(challenge.find("algorithm=SHA-256") != std::string::npos);
  CHECK(challenge.find("algorithm=MD5") != std::string::npos);
  CHECK(challenge.find("Connection: close") == std::string::npos);  // the answer may come the same way

  const auto at = challenge.find("nonce=\"") + 7;
  const auto nonce = challenge.substr(at, challenge.find('"', at) - at);
  using namespace bridge::links;
  const auto a1 = hash_hex(Hash::md5, std::string("cam:lintel:") + kSecret);
  const auto a2 = hash_hex(Hash::md5, "POST:/ingest/digest");
  const auto response = hash_hex(Hash::md5, fmt::format("{}:{}:00000001:c:auth:{}", a1, nonce, a2));
  const auto heard =
      post("digest", "one",
           fmt::format("Authorization: Digest username=\"cam\", realm=\"lintel\", nonce=\"{}\", "
                       "uri=\"/ingest/digest\", qop=auth, nc=00000001, cnonce=\"c\", response=\"{}\"\r\n",
                       nonce, response));
  (void)client.read_until("authentication.\n");
  client.send(heard);
  CHECK(status_of(client.read_until("\r\n\r\n")) == "HTTP/1.1 200 OK");
  auto thief = Client(bench.port);
  thief.send(heard);
  const auto refused = thief.read_until("\r\n\r\n");
  CHECK(status_of(refused) == "HTTP/1.1 401 Unauthorized");
  CHECK(refused.find("stale=true") != std::string::npos);
  CHECK(bench.sink.payloads() == Payloads{"one"});
}

TEST_CASE("push: 200 comes after the commit and not before") {
  Bench bench;
  bench.commits.hold(true);
  auto client = Client(bench.port);
  client.send(post(std::string("path/") + kSecret, "one"));
  REQUIRE(eventually([&] { return bench.commits.waiting() == 1; }));
  CHECK(bench.sink.payloads() == Payloads{"one"});
  // Somebody else is served meanwhile, and the answer is still out.
  auto page = Client(bench.port);
  page.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(page.read_all().ends_with("page"));
  bench.commits.hold(false);
  CHECK(status_of(client.read_until("\r\n\r\n")) == "HTTP/1.1 200 OK");
}

TEST_CASE("push: pipelined messages are taken one after the other") {
  Bench bench;
  auto client = Client(bench.port);
  const auto target = std::string("path/") + kSecret;
  client.send(post(target, "one") + post(target, "two") + post(target, "three", "Connection: close\r\n"));
  const auto answers = client.read_all();
  std::size_t count = 0;
  for (auto at = answers.find("200 OK"); at != std::string::npos; at = answers.find("200 OK", at + 1))
    ++count;
  CHECK(count == 3);
  CHECK(bench.sink.payloads() == Payloads{"one", "two", "three"});
}

TEST_CASE("push: a message that got no 200 is asked for again, and its repeat is not appended twice") {
  Bench bench({.reply_limit = 100ms});
  bench.commits.hold(true);
  const auto late = ask(bench.at_path(), with("event"));
  CHECK(late.status == 503);
  CHECK(late.head.find("Retry-After: 10") != std::string::npos);
  bench.commits.hold(false);
  CHECK(ask(bench.at_path(), with("event")).status == 200);
  CHECK(bench.sink.payloads() == Payloads{"event"});
  // Said a second time it is a passage of its own.
  CHECK(ask(bench.at_path(), with("event")).status == 200);
  CHECK(bench.sink.payloads() == Payloads{"event", "event"});
}

TEST_CASE("push: a sender that hangs up before it was answered, and says the same again, counts once") {
  Bench bench({.connections = 1});
  bench.commits.hold(true);
  auto hasty = std::optional<Client>(bench.port);
  hasty->send(post(std::string("path/") + kSecret, "event"));
  REQUIRE(eventually([&] { return bench.commits.waiting() == 1; }));
  hasty.reset();
  const auto page = fmt::format("http://127.0.0.1:{}/", bench.port);
  REQUIRE(eventually([&] { return ask(page, {}).status != 503; }));  // no connection but this one is open
  bench.commits.hold(false);
  const auto said = [&] {
    return eventually([&] { return ask(bench.at_path(), with("event")).status == 200; });
  };
  CHECK(said());
  CHECK(bench.sink.payloads() == Payloads{"event"});
  CHECK(said());
  CHECK(bench.sink.payloads() == Payloads{"event", "event"});
}

TEST_CASE("push: a sender that has nothing more to say is answered all the same") {
  Bench bench;
  bench.commits.hold(true);
  auto client = Client(bench.port);
  client.send(post(std::string("path/") + kSecret, "event"));
  client.say_no_more();
  CHECK(status_of(client.read_until("\r\n\r\n")) == "HTTP/1.1 100 Continue");
  bench.commits.hold(false);
  CHECK(status_of(client.read_all()) == "HTTP/1.1 200 OK");
  CHECK(ask(bench.at_path(), with("event")).status == 200);
  CHECK(bench.sink.payloads() == Payloads{"event", "event"});
}

TEST_CASE("push: equal messages that are under way at once are not taken for one") {
  Bench bench;
  bench.commits.hold(true);
  auto first = Client(bench.port), second = Client(bench.port);
  const auto message = post(std::string("path/") + kSecret, "event", "Connection: close\r\n");
  first.send(message);
  second.send(message);
  REQUIRE(eventually([&] { return bench.commits.waiting() == 2; }));
  bench.commits.hold(false);
  CHECK(status_of(first.read_all()) == "HTTP/1.1 200 OK");
  CHECK(status_of(second.read_all()) == "HTTP/1.1 200 OK");
  CHECK(bench.sink.payloads() == Payloads{"event", "event"});
}

TEST_CASE("push: a commit that comes after the 503 is no answer to the next message") {
  Bench bench({.reply_limit = 100ms});
  bench.commits.hold(true);
  auto client = Client(bench.port);
  client.send(post(std::string("path/") + kSecret, "one"));
  CHECK(status_of(client.read_until("again.\n")) == "HTTP/1.1 503 Service Unavailable");
  client.send(post(std::string("path/") + kSecret, "two"));
  REQUIRE(eventually([&] { return bench.commits.waiting() == 2; }));
  bench.commits.hold(false);
  CHECK(status_of(client.read_until("\r\n\r\n")) == "HTTP/1.1 200 OK");
  CHECK(bench.sink.payloads() == Payloads{"one", "two"});
}

TEST_CASE("push: 503 while nothing can be kept") {
  Bench bench;
  bench.sink.refuse(true);
  const auto refused = ask(bench.at_path(), with("one"));
  CHECK(refused.status == 503);
  CHECK(refused.head.find("Retry-After") != std::string::npos);
  bench.sink.refuse(false);
  CHECK(ask(bench.at_path(), with("one")).status == 200);
  CHECK(bench.sink.payloads() == Payloads{"one"});
}

TEST_CASE("push: of a multipart message each text is a frame, pictures are dropped, counted and mentioned") {
  Bench bench;
  const std::string picture = std::string("\xFF\xD8\xFF\xE0", 4) + std::string(1'500'000, '\x11');
  const std::string body =
      "--MIME_boundary\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x.xml\"\r\n"
      "Content-Type: application/xml; charset=\"UTF-8\"\r\n\r\n<EventNotificationAlert/>\r\n"
      "--MIME_boundary\r\nContent-Disposition: form-data; name=\"p\"\r\nContent-Type: image/jpeg\r\n\r\n" +
      picture + "\r\n--MIME_boundary\r\nContent-Type: application/json\r\n\r\n{}\r\n--MIME_boundary--\r\n";
  const std::vector<std::string> type = {"Content-Type: multipart/form-data; boundary=MIME_boundary"};
  for (const bool chunked : {false, true}) {
    auto request = with(body, type);
    request.chunked = chunked;
    const auto answer = ask(bench.at_path(), request);
    CHECK(answer.status == 200);
    CHECK(answer.body == "Kept 2, dropped 1 that are pictures.\n");
  }
  CHECK(bench.sink.payloads() ==
        Payloads{"<EventNotificationAlert/>", "{}", "<EventNotificationAlert/>", "{}"});
  CHECK(bench.state("path").pictures == 2);
  CHECK(bench.logged().find("pictures beside its counts") != std::string::npos);
  CHECK(ask(bench.at_path(), with("no part at all", type)).status == 400);
  CHECK(ask(bench.at_path(), with("x", {"Content-Type: multipart/mixed"})).status == 400);
}

TEST_CASE("push: what cannot be a count is refused by type, size and method") {
  Bench bench;
  CHECK(ask(bench.at_path(), with("x", {"Content-Encoding: gzip"})).status == 415);
  CHECK(ask(bench.at_path(), with("x", {"Content-Type: image/jpeg"})).status == 415);
  CHECK(ask(bench.at_path(), with("\xFF\xD8\xFF\xE0 any name", {"Content-Type: text/plain"})).status == 415);
  HttpRequest get;
  get.method = "GET";
  const auto refused = ask(bench.at_path(), get);
  CHECK(refused.status == 405);
  CHECK(refused.head.find("Allow: POST, PUT") != std::string::npos);
  HttpRequest put = with("put");
  put.method = "PUT";
  CHECK(ask(bench.at_path(), put).status == 200);
  CHECK(ask(bench.at_path(), with("")).status == 200);
  CHECK(bench.sink.payloads() == Payloads{"put"});
  const std::string large(1 << 20, 'x');
  CHECK(ask(bench.at_path(), with(large)).status == 200);
  CHECK(ask(bench.at_path(), with(large + "x")).status == 413);
  auto chunked = with(large + "x");
  chunked.chunked = true;
  const auto cut = ask(bench.at_path(), chunked);
  CHECK((cut.status == 413 || cut.error == CURLE_SEND_ERROR));
  CHECK(bench.sink.payloads().size() == 2);
  const std::string part = "--b\r\nContent-Type: text/plain\r\n\r\n" + large + "x\r\n--b--";
  CHECK(ask(bench.at_path(), with(part, {"Content-Type: multipart/mixed; boundary=b"})).status == 413);
  for (const auto* one : {"--b\r\n\r\nx\r\n", "--b\r\n\r\n"}) {
    std::string many;
    for (int i = 0; i < 70; ++i) many += one;
    CHECK(ask(bench.at_path(), with(many + "--b--", {"Content-Type: multipart/mixed; boundary=b"})).status ==
          413);
  }
}

TEST_CASE("push: who sends the body one byte at a time is let go, others are served meanwhile") {
  Bench bench({.body_limit = 200ms});
  auto slow = Client(bench.port);
  slow.send("POST /ingest/path/" + std::string(kSecret) +
            " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab");
  CHECK(ask(bench.at_path(), with("quick")).status == 200);
  CHECK(slow.read_all().empty());
  CHECK(bench.sink.payloads() == Payloads{"quick"});
}

TEST_CASE("push: a client that waits to be invited is") {
  Bench bench;
  CHECK(ask(bench.at_path(), with("x", {"Expect: 100-continue"})).status == 200);
  auto client = Client(bench.port);
  client.send("POST /ingest/bearer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(status_of(client.read_until("\r\n\r\n")) == "HTTP/1.1 401 Unauthorized");
}

TEST_CASE("push: who guesses secrets is refused unheard, and nobody else is") {
  Bench bench;
  for (int i = 0; i < 20; ++i) {
    CHECK(ask(bench.url("path/0123456789abcde" + std::to_string(i)), with("x")).status == 404);
  }
  const auto refused = ask(bench.at_path(), with("x"));
  CHECK(refused.status == 429);
  CHECK(refused.head.find("Retry-After: ") != std::string::npos);
  CHECK(bench.sink.kept().empty());
}

TEST_CASE("push: a refused device is a fact of its link, without the secret, until it gets it right") {
  Bench bench;
  CHECK(ask(bench.url("basic"), as(CURLAUTH_BASIC, "cam:hunter2", "x")).status == 401);
  const auto state = bench.state("basic");
  CHECK(state.up);
  CHECK(state.trouble.find("127.0.0.1 sends with wrong credentials") != std::string::npos);
  CHECK(state.trouble.find("hunter2") == std::string::npos);
  CHECK(ask(bench.url("basic"), as(CURLAUTH_BASIC, std::string("cam:") + kSecret, "x")).status == 200);
  CHECK(bench.state("basic").trouble.empty());
  CHECK(ask(bench.url("path/hunter2hunter2hunter2"), with("x")).status == 404);
  const auto log = bench.logged();
  CHECK(log.find("hunter2") == std::string::npos);
  CHECK(log.find(kSecret) == std::string::npos);
}

TEST_CASE("push: a server may go while a message waits for its commit") {
  auto bench = std::make_unique<Bench>();
  bench->commits.hold(true);
  auto client = Client(bench->port);
  client.send(post(std::string("path/") + kSecret, "one"));
  REQUIRE(eventually([&] { return bench->commits.waiting() == 1; }));
  bench.reset();
  CHECK(client.read_all().empty());
}
