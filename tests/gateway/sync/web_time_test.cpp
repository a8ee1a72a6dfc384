// Asking HQ for the time before anything else is known, with real certificates and a real handshake.
#include <doctest/doctest.h>

#include <csignal>

#include "gateway/sync/http.hpp"
#include "gateway/sync/web_time.hpp"
#include "tests/gateway/sync/tls_server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::sync;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

UtcMs day(int year, unsigned month, unsigned number) {
  return std::chrono::sys_days{std::chrono::year{year} / month / number};
}

// A certificate of a time to come: by this machine's clock it is not valid yet.
const UtcMs kFrom = day(2036, 3, 1), kTo = day(2036, 6, 1), kBuilt = day(2035, 1, 1);
constexpr const char* kApril = "Date: Tue, 15 Apr 2036 09:30:00 GMT\r\n";
const UtcMs kAprilAt = day(2036, 4, 15) + 9h + 30min;

struct Store {
  TempDir dir;
  Authority authority;
  HttpOptions options;
  std::atomic<bool> stop{false};

  Store() {
    std::signal(SIGPIPE, SIG_IGN);
    options.ca_file = dir.path() / "ca.pem";
    options.total_timeout = 10s;
    authority.write(options.ca_file);
  }
  Result<WebTime> ask(const std::string& url, UtcMs built = kBuilt) {
    return ask_time(
        url, options, built, [] { return BootTime{1000s}; }, stop);
  }
};

bool says(const Result<WebTime>& answer, ErrorKind kind, const char* words) {
  REQUIRE_FALSE(answer);
  INFO(answer.error().message);
  CHECK(answer.error().kind == kind);
  CHECK(answer.error().message.find(words) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("web time: HQ's Date is taken although no date was known, without any credential") {
  Store store;
  const TlsServer hq(store.authority, "localhost", kFrom, kTo, kApril);
  auto url = hq.url();
  url.insert(8, "user:secret@");
  const auto told = store.ask(url + "?apikey=secret");
  REQUIRE_MESSAGE(told, told.error().message);
  // The Date was cut to the second.
  CHECK(told->time == kAprilAt + 500ms);
  CHECK(told->uncertainty >= 500ms);
  CHECK(told->uncertainty < 5s);
  CHECK(told->at <= BootTime{1000s});
  CHECK(hq.asked().starts_with("HEAD /rest/v1 "));
  CHECK(hq.asked().find("secret") == std::string::npos);
  CHECK(hq.asked().find("uthorization") == std::string::npos);
}

TEST_CASE("web time: another name, or an authority nobody trusts, tells nothing") {
  Store store;
  const TlsServer other_name(store.authority, "hq.example", kFrom, kTo, kApril);
  CHECK(says(store.ask(other_name.url()), ErrorKind::transient, "did not tell the time"));
  const Authority stranger;
  const TlsServer foreign(stranger, "localhost", kFrom, kTo, kApril);
  CHECK(says(store.ask(foreign.url()), ErrorKind::transient, "did not tell the time"));
  CHECK(foreign.requests() == 0);
}

TEST_CASE("web time: a certificate that is expired, or not valid yet, at the time it tells is refused") {
  Store store;
  for (const char* date :
       {"Date: Tue, 03 Jun 2036 00:00:00 GMT\r\n", "Date: Thu, 28 Feb 2036 12:00:00 GMT\r\n"}) {
    const TlsServer hq(store.authority, "localhost", kFrom, kTo, date);
    CHECK(says(store.ask(hq.url()), ErrorKind::rejected, "certificate"));
  }
}

TEST_CASE("web time: nothing before the build date is believed, whatever the certificate says") {
  Store store;
  const TlsServer hq(store.authority, "localhost", day(2020, 1, 1), kTo,
                     "Date: Wed, 15 Apr 2020 09:30:00 GMT\r\n");
  CHECK(says(store.ask(hq.url()), ErrorKind::rejected, "before this software was made"));
  CHECK(store.ask(hq.url(), day(2020, 1, 1)));
}

TEST_CASE("web time: an answer without a Date, no https and nobody there are told apart") {
  Store store;
  const TlsServer dumb(store.authority, "localhost", kFrom, kTo, "Update: Tue, 15 Apr 2036 09:30:00 GMT\r\n");
  CHECK(says(store.ask(dumb.url()), ErrorKind::rejected, "without a Date"));
  CHECK(says(store.ask("http://localhost:1/"), ErrorKind::misconfigured, "https://"));
  CHECK(says(store.ask("https://localhost:1/"), ErrorKind::transient, "did not tell the time"));
}

TEST_CASE("http: handshakes are judged at the gateway's own time, and by the machine's without one") {
  Store store;
  const TlsServer hq(store.authority, "localhost", kFrom, kTo, kApril);
  const auto ask = [&](std::optional<UtcMs> now) {
    auto options = store.options;
    options.verify_at = [now] { return now; };
    return Http(options, store.stop).post(hq.url(), {}, "{}");
  };
  CHECK(ask(kAprilAt).status == 401);
  CHECK(ask(kTo + 24h).failure == Exchange::Failure::tls);
  CHECK(ask(std::nullopt).failure == Exchange::Failure::tls);
  CHECK(hq.requests() == 1);
}

TEST_CASE("web clock: it asks while the time is wanted, and no longer") {
  Store store;
  const TlsServer hq(store.authority, "localhost", kFrom, kTo, kApril);
  std::atomic<WebClock::Wanted> wanted{WebClock::Wanted::no};
  std::atomic<int> told{0};
  WebClock clock(hq.url(), store.options, kBuilt,
                 {[&] { return wanted.load(); },
                  [&](const WebTime&) {
                    wanted = WebClock::Wanted::refresh;
                    ++told;
                  },
                  [] { return BootTime{1000s}; }, [](const std::string&) {}});
  clock.start();
  wanted = WebClock::Wanted::yes;
  CHECK(eventually([&] { return told == 1; }));
  clock.stop();
  CHECK(told == 1);
}
