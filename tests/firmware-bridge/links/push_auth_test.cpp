#include "firmware-bridge/links/push_auth.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "firmware-bridge/links/digests.hpp"
#include "firmware-bridge/links/http_fields.hpp"

using namespace lintel::bridge;
using namespace lintel::bridge::links;
using namespace std::chrono_literals;
using Outcome = DigestAuth::Outcome;

namespace {

struct FakeClock {
  std::chrono::steady_clock::time_point now{1'000'000s};
  [[nodiscard]] SteadyClock steady() {
    return [this] { return now; };
  }
};

std::string nonce_of(const DigestAuth& auth) {
  const auto field = auth.challenges(false).front().second;
  return parameters(field.substr(7), ',')->at("nonce");
}

struct Client {
  std::string user = "camera";
  std::string password = "s3cret";
  Hash hash = Hash::sha256;
  std::string realm = "lintel";
  std::string qop = "auth";

  [[nodiscard]] std::string answer(const std::string& nonce, unsigned count,
                                   const std::string& target = "/ingest/a",
                                   const std::string& method = "POST") const {
    const auto nc = fmt::format("{:08x}", count);
    const auto a1 = hash_hex(hash, fmt::format("{}:{}:{}", user, realm, password));
    const auto a2 = hash_hex(hash, method + ":" + target);
    const auto response = hash_hex(hash, fmt::format("{}:{}:{}:cn:{}:{}", a1, nonce, nc, qop, a2));
    return fmt::format(R"(username="{}", realm="{}", nonce="{}", uri="{}", qop={}, nc={}, cnonce="cn",)"
                       R"( algorithm={}, response="{}")",
                       user, realm, nonce, target, qop, nc, hash == Hash::md5 ? "MD5" : "SHA-256", response);
  }
};

}  // namespace

TEST_CASE("digests: the hashes are the ones that others compute") {
  CHECK(hash_hex(Hash::md5, "abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(hash_hex(Hash::sha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hmac_hex("key", "The quick brown fox jumps over the lazy dog") ==
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  CHECK(base64("ab") == "YWI=");
  CHECK(from_base64("YWI=") == "ab");
  CHECK_FALSE(from_base64("YWI"));
  CHECK_FALSE(from_base64("Y*I="));
  CHECK(same_secret("a", "a"));
  CHECK_FALSE(same_secret("a", "ab"));
  CHECK_FALSE(same_secret("", "a"));
}

TEST_CASE("digest: both hashes are taken, and a nonce serves several requests in order") {
  FakeClock clock;
  DigestAuth auth("camera", "s3cret", clock.steady());
  for (const auto hash : {Hash::md5, Hash::sha256}) {
    Client client;
    client.hash = hash;
    const auto nonce = nonce_of(auth);
    CHECK(auth.check(client.answer(nonce, 1), "POST", "/ingest/a") == Outcome::pass);
    CHECK(auth.check(client.answer(nonce, 2), "POST", "/ingest/a") == Outcome::pass);
    CHECK(auth.check(client.answer(nonce, 9), "POST", "/ingest/a") == Outcome::pass);
  }
}

TEST_CASE("digest: a request that is played back is stale, as is one with an old or a foreign nonce") {
  FakeClock clock;
  DigestAuth auth("camera", "s3cret", clock.steady());
  const Client client;
  const auto nonce = nonce_of(auth);
  const auto heard = client.answer(nonce, 5);
  CHECK(auth.check(heard, "POST", "/ingest/a") == Outcome::pass);
  CHECK(auth.check(heard, "POST", "/ingest/a") == Outcome::stale);
  CHECK(auth.check(client.answer(nonce, 4), "POST", "/ingest/a") == Outcome::stale);
  CHECK(auth.check(client.answer("0123", 1), "POST", "/ingest/a") == Outcome::stale);
  DigestAuth restarted("camera", "s3cret", clock.steady());
  CHECK(restarted.check(client.answer(nonce, 6), "POST", "/ingest/a") == Outcome::stale);
  clock.now += 6min;
  CHECK(auth.check(client.answer(nonce, 6), "POST", "/ingest/a") == Outcome::stale);
  CHECK(auth.remembered() == 0);
}

TEST_CASE("digest: a wrong password, user, method, address or quality is wrong, not stale") {
  FakeClock clock;
  DigestAuth auth("camera", "s3cret", clock.steady());
  const auto nonce = nonce_of(auth);
  Client wrong_password, wrong_user, wrong_realm, wrong_qop;
  wrong_password.password = "guess";
  wrong_user.user = "admin";
  wrong_realm.realm = "other";
  wrong_qop.qop = "auth-int";
  for (const auto& client : {wrong_password, wrong_user, wrong_realm, wrong_qop}) {
    CHECK(auth.check(client.answer(nonce, 1), "POST", "/ingest/a") == Outcome::wrong);
  }
  const Client right;
  CHECK(auth.check(right.answer(nonce, 1), "PUT", "/ingest/a") == Outcome::wrong);
  CHECK(auth.check(right.answer(nonce, 1), "POST", "/ingest/b") == Outcome::wrong);
  CHECK(auth.check("", "POST", "/ingest/a") == Outcome::wrong);
  CHECK(auth.check("nonsense", "POST", "/ingest/a") == Outcome::wrong);
  CHECK(auth.remembered() == 0);
}

TEST_CASE("digest: nonces are bounded, and one that was forgotten cannot be played back") {
  FakeClock clock;
  DigestAuth auth("camera", "s3cret", clock.steady());
  const Client client;
  const auto first = client.answer(nonce_of(auth), 1);
  CHECK(auth.check(first, "POST", "/ingest/a") == Outcome::pass);
  for (int i = 0; i < 400; ++i) {
    clock.now += 1ms;
    CHECK(auth.check(client.answer(nonce_of(auth), 1), "POST", "/ingest/a") == Outcome::pass);
  }
  CHECK(auth.remembered() <= 256);
  CHECK(auth.check(first, "POST", "/ingest/a") == Outcome::stale);
}

TEST_CASE("failures: who guesses is refused for the rest of the minute, others are not") {
  FakeClock clock;
  FailureLimit limit(clock.steady());
  for (int i = 0; i < FailureLimit::kMostFailures; ++i) {
    CHECK_FALSE(limit.refused("192.0.2.1"));
    limit.failed("192.0.2.1");
  }
  clock.now += 20s;
  CHECK(limit.refused("192.0.2.1") == 40s);
  CHECK_FALSE(limit.refused("192.0.2.2"));
  clock.now += 40s;
  CHECK_FALSE(limit.refused("192.0.2.1"));
}

TEST_CASE("failures: addresses of one IPv6 network count together, and the table is bounded") {
  FakeClock clock;
  FailureLimit limit(clock.steady());
  for (int i = 0; i < FailureLimit::kMostFailures; ++i)
    limit.failed(fmt::format("2001:db8:0:1::{:x}", i + 1));
  CHECK(limit.refused("2001:db8:0:1:ffff::1"));
  CHECK_FALSE(limit.refused("2001:db8:0:2::1"));
  for (int i = 0; i < 2000; ++i) {
    clock.now += 1ms;
    limit.failed(fmt::format("10.0.{}.{}", i / 256, i % 256));
  }
  CHECK_FALSE(limit.refused("2001:db8:0:1:ffff::1"));
}
