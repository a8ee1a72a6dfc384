#pragma once

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/enrol/card_keeper.hpp"
#include "gateway/enrol/secret.hpp"
#include "tests/gateway/enrol/cards.hpp"
#include "tests/support/real_hq.hpp"

namespace lintel::test {

using namespace lintel::enrol;         // NOLINT(google-global-names-in-headers): of these tests alone
using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers)

inline bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

inline const std::atomic<bool> kNever{false};

/// A card in a state directory of its own, with a boot clock that the test moves.
class TestCard {
 public:
  explicit TestCard(const RealHq& hq) : url_(hq.url()) { restart(); }

  /// A new process, on the same disk; `another_boot`: and of another boot.
  void restart(bool another_boot = false) {
    if (another_boot) now_ = at(1min, static_cast<std::uint8_t>(++boot_));
    keeper_ = std::make_unique<CardKeeper>(parts());
  }
  CardKeeper::Parts parts() {
    CardKeeper::Parts parts{IdentityFile(state()), world(), dir_.path() / "enrolment_token", {}, {}, {}};
    parts.timing.backoff_base = Millis{60'000};
    parts.timing.backoff_cap = Millis{60'000};
    parts.random = [] { return 1.0; };
    parts.log = [this](const std::string& line) { log += line + "\n"; };
    return parts;
  }
  World world() {
    auto over = over_http({}, kNever);
    return {url_, "",
            [this, over](const auto& url, const auto& headers, const auto& body) {
              ++questions;
              return over(url, headers, body);
            },
            new_secret, [this] { return now_; }};
  }
  void put_token(const std::string& token) {
    std::ofstream(dir_.path() / "enrolment_token") << token << '\n';
  }
  [[nodiscard]] bool token_is_there() const {
    return std::filesystem::exists(dir_.path() / "enrolment_token");
  }
  void enrol(RealHq& hq) {
    put_token(hq.enrolment_token());
    restart();
    const auto token = keeper_->token();
    REQUIRE_MESSAGE(token, token.error().message);
  }
  void wait(BootTime time) { now_.at += time; }
  CardKeeper& operator*() { return *keeper_; }
  CardKeeper* operator->() { return keeper_.get(); }
  [[nodiscard]] Identity on_disk() const { return *IdentityFile(state()).read(); }
  [[nodiscard]] std::filesystem::path state() const { return dir_.path() / "state"; }

  int questions = 0;
  std::string log;

 private:
  TempDir dir_;
  std::string url_;
  Moment now_ = at(1min);
  int boot_ = 1;
  std::unique_ptr<CardKeeper> keeper_;
};

/// Whether HQ serves the token; it knows it from the claims alone.
inline bool served(const RealHq& hq, const std::string& jwt) {
  sync::Http http({}, kNever);
  const auto answer = http.post(hq.url() + "/rpc/gateway_sync_v1",
                                {"Content-Type: application/json", "Authorization: Bearer " + jwt}, "{}");
  return answer.status == 200;
}

/// The one thing that card and HQ have to agree on.
inline bool agree(RealHq& hq, const TestCard& card) {
  const auto identity = card.on_disk();
  if (!identity.card) return false;
  return hq.sql().value(fmt::format(
             "select count(*) from private.credentials c join data.gateways g on g.id = c.gateway_id where "
             "g.public_id = '{}' and c.card_hash = private.digest_of('{}') and private.digest_of('{}') in "
             "(c.current_hash, c.next_hash) and c.locked_at is null",
             identity.card->gateway, identity.card->enrolled, identity.card->secret)) == "1";
}

inline std::string code_of(const tl::expected<std::string, sync::Verdict>& token) {
  return token ? "a token" : token.error().message;
}

}  // namespace lintel::test
