// Devices that are asked by HTTP: real ones of a test's making, real libcurl.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <fstream>

#include "firmware-bridge/links/device_key.hpp"
#include "firmware-bridge/links/digest_auth.hpp"
#include "firmware-bridge/links/poll_words.hpp"
#include "firmware-bridge/links/poller.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_device.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::links::DigestAuth;
using bridge::links::LinkState;
using bridge::links::PollAuth;
using bridge::links::Poller;
using bridge::links::PollOptions;

namespace {

using Payloads = std::vector<std::string>;
using Answer = HttpDevice::Answer;

PollOptions asking(const std::string& url) {
  PollOptions options;
  options.name = "camera";
  options.urls = {url};
  options.interval = 20ms;
  options.timeout = 2s;
  options.first_pause = 20ms;
  options.boot_clock = [] { return BootTime{7}; };
  options.log = [](const std::string&) {};
  return options;
}

/// A poller on one link, until the end of the test.
struct Asked {
  explicit Asked(PollOptions options) : Asked(std::vector<PollOptions>{std::move(options)}) {}
  explicit Asked(std::vector<PollOptions> devices) : poller(std::move(devices), sink) { poller.start(); }

  [[nodiscard]] LinkState state() const { return poller.states().front(); }
  [[nodiscard]] bool says(const std::string& words) const {
    return eventually([&] { return state().trouble.find(words) != std::string::npos; });
  }
  [[nodiscard]] bool has(std::size_t frames) const {
    return eventually([&] { return sink.kept().size() >= frames; });
  }

  MemorySink sink;
  Poller poller;
};

std::string field(const HttpDevice::Request& request, const char* name) {
  const auto found = request.find(name);
  return found == request.end() ? std::string() : std::string(found->value());
}

std::string part(const std::string& body, const std::string& type = "application/xml") {
  return fmt::format("--cam\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}\r\n", type, body.size(),
                     body);
}

const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=cam\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("poll: answers become frames, addressed by what was asked, one question at a time") {
  HttpDevice device([](const auto&) { return Answer{answer(200, "{\"in\":1}")}; });
  Asked asked(asking(device.url("/local/tvpc/.api?live-sum.json")));
  REQUIRE(asked.has(3));
  CHECK(eventually([&] { return asked.state().up; }));
  const auto kept = asked.sink.kept();
  CHECK(kept[0].topic == "/local/tvpc/.api?live-sum.json");
  CHECK(kept[0].payload == "{\"in\":1}");
  CHECK(kept[0].arrived == BootTime{7});
  CHECK(device.at_once() == 1);
}

TEST_CASE("poll: the urls of a device are asked one after the other") {
  HttpDevice device([](const auto& request) { return Answer{answer(200, std::string(request.target()))}; });
  auto options = asking(device.url("/a"));
  options.urls.push_back(device.url("/b"));
  Asked asked(options);
  REQUIRE(asked.has(4));
  const auto said = asked.sink.payloads();
  CHECK(Payloads(said.begin(), said.begin() + 4) == Payloads{"/a", "/b", "/a", "/b"});
  CHECK(device.at_once() == 1);
}

TEST_CASE("poll: digest, basic and bearer are answered, each only when it is configured") {
  DigestAuth digest("root", "pass", [] { return std::chrono::steady_clock::now(); });
  std::atomic<int> refused{0};
  HttpDevice device([&](const HttpDevice::Request& request) {
    const auto stated = field(request, "Authorization");
    const std::string target(request.target());
    const auto challenge = digest.challenges(false)[target == "/md5" ? 1 : 0];
    const bool right = target == "/basic" ? stated == "Basic cm9vdDpwYXNz"
                       : target == "/bearer"
                           ? stated == "Bearer pass"
                           : stated.starts_with("Digest ") &&
                                 digest.check(stated.substr(7), "GET", target) == DigestAuth::Outcome::pass;
    if (right) return Answer{answer(200, target)};
    ++refused;
    return Answer{
        answer(401, "no", "text/plain", fmt::format("{}: {}\r\n", challenge.first, challenge.second))};
  });
  for (const auto& [path, auth] : std::vector<std::pair<std::string, PollAuth>>{{"/basic", PollAuth::basic},
                                                                                {"/bearer", PollAuth::bearer},
                                                                                {"/sha", PollAuth::digest},
                                                                                {"/md5", PollAuth::digest}}) {
    CAPTURE(path);
    auto options = asking(device.url(path));
    options.auth = auth;
    options.user = auth == PollAuth::bearer ? "" : "root";
    options.secret = "pass";
    const int before = refused;
    Asked asked(options);
    CHECK(asked.has(3));
    // A nonce serves many questions.
    CHECK(refused - before <= (auth == PollAuth::digest ? 1 : 0));
  }
}

TEST_CASE("poll: wrong credentials are named, and not tried again at once: devices lock users out") {
  HttpDevice device([](const auto&) {
    return Answer{answer(401, "no", "text/plain", "WWW-Authenticate: Basic realm=\"x\"\r\n")};
  });
  auto options = asking(device.url());
  options.auth = PollAuth::basic;
  options.user = "root";
  options.secret = "hunter2";
  Asked asked(options);
  CHECK(asked.says("refuses user \"root\""));
  CHECK(asked.state().trouble.find("hunter2") == std::string::npos);
  CHECK_FALSE(asked.state().up);
  const int requests = device.requests();
  CHECK_FALSE(eventually([&] { return device.requests() > requests; }, 300ms));
}

TEST_CASE("poll: a device that does not answer is named, asked less often, and holds up nobody") {
  HttpDevice silent([](const auto&) { return Answer{"", Answer::Then::hold}; });
  HttpDevice well([](const auto&) { return Answer{answer(200, "1")}; });
  auto first = asking(silent.url());
  first.timeout = 150ms;
  first.first_pause = 200ms;
  Asked asked(std::vector<PollOptions>{first, asking(well.url())});
  CHECK(asked.says("did not answer in time"));
  CHECK(asked.has(10));
  CHECK(silent.requests() <= 4);
}

TEST_CASE("poll: a redirect is named and not followed") {
  std::atomic<int> followed{0};
  HttpDevice other([&](const auto&) {
    ++followed;
    return Answer{answer(200, "1")};
  });
  HttpDevice device([&](const auto&) {
    return Answer{answer(302, "", "text/plain", "Location: " + other.url("/login?token=abc") + "\r\n")};
  });
  Asked asked(asking(device.url()));
  CHECK(asked.says("redirect to " + other.url("/login") + ", which is not followed"));
  CHECK(asked.state().trouble.find("abc") == std::string::npos);
  CHECK(followed == 0);
  CHECK(asked.sink.kept().empty());
}

TEST_CASE("poll: statuses, pictures, long and cut answers are failures in plain words") {
  struct Case {
    std::string bytes;
    const char* words;
  };
  const std::string large(2'000'000, 'x');
  const Case cases[] = {
      {answer(404, ""), "does not exist on the device"},
      {answer(403, ""), "forbidden"},
      {answer(500, ""), "status 500"},
      {answer(200, std::string("\xFF\xD8\xFF\xE0"), "image/jpeg"), "a picture"},
      {answer(200, large), "longer than"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "ended in the middle"},
      {"SSH-2.0-dropbear\r\n", "does not speak HTTP"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.words);
    HttpDevice device([&](const auto&) { return Answer{one.bytes, Answer::Then::close}; });
    Asked asked(asking(device.url()));
    CHECK_MESSAGE(asked.says(one.words), asked.state().trouble);
    CHECK(asked.sink.kept().empty());
  }
  auto nowhere = asking("http://127.0.0.1:1/");
  Asked asked(nowhere);
  CHECK_MESSAGE(asked.says("cannot be reached"), asked.state().trouble);
}

TEST_CASE("poll: an unchanged answer says again what it said, without being sent again") {
  std::atomic<int> unchanged{0};
  HttpDevice device([&](const HttpDevice::Request& request) {
    if (field(request, "If-None-Match") == "\"7\"") {
      ++unchanged;
      return Answer{"HTTP/1.1 304 Not Modified\r\nETag: \"7\"\r\n\r\n"};
    }
    return Answer{answer(200, "{}", "application/json", "ETag: \"7\"\r\n")};
  });
  Asked asked(asking(device.url()));
  REQUIRE(asked.has(4));
  CHECK(unchanged >= 2);
  for (const auto& payload : asked.sink.payloads()) CHECK(payload == "{}");
  CHECK(asked.state().trouble.empty());
}

TEST_CASE("poll: what cannot be kept is asked for again") {
  HttpDevice device([](const auto&) { return Answer{answer(200, "1")}; });
  auto options = asking(device.url());
  options.interval = 50ms;
  MemorySink sink;
  sink.refuse(true);
  Poller poller({options}, sink);
  poller.start();
  CHECK(eventually([&] { return poller.states()[0].trouble.find("cannot be kept") != std::string::npos; }));
  sink.refuse(false);
  CHECK(eventually([&] { return !sink.kept().empty() && poller.states()[0].up; }));
}

TEST_CASE("poll: a device that nobody vouches for is told nothing, and its key is shown to be pinned") {
  const auto identity = DeviceIdentity::make("IP:127.0.0.1");
  HttpDevice device([](const auto&) { return Answer{answer(200, "1")}; }, identity);
  auto options = asking(device.url());
  options.auth = PollAuth::basic;
  options.user = "root";
  options.secret = "pass";
  const auto key = bridge::links::look_at_key(device.url(), 5s);
  REQUIRE(key);
  CHECK(key->pin.starts_with("sha256//"));
  CHECK(key->subject == "CN=counter");
  CHECK(key->fingerprint.size() == 95);
  {
    Asked asked(options);
    CHECK(asked.says("pin = " + key->pin));
    CHECK(asked.says(key->fingerprint));
    CHECK(device.requests() == 0);
  }
  options.pin = key->pin;
  {
    Asked asked(options);
    CHECK(asked.has(2));
  }
  const int heard = device.requests();
  options.pin = "sha256//" + std::string(43, 'A') + "=";
  Asked asked(options);
  CHECK_MESSAGE(asked.says("shows another key than the one pinned in links.d/camera.conf"),
                asked.state().trouble);
  CHECK(device.requests() == heard);
}

TEST_CASE("poll: a key that changes while the device is polled ends the conversation") {
  std::optional<HttpDevice> device;
  const auto script = [](const auto&) { return Answer{answer(200, "1"), Answer::Then::close}; };
  device.emplace(script, DeviceIdentity::make("IP:127.0.0.1"));
  const auto port = device->port();
  auto options = asking(device->url());
  options.pin = bridge::links::look_at_key(device->url(), 5s)->pin;
  Asked asked(options);
  REQUIRE(asked.has(1));
  device.reset();
  device.emplace(script, DeviceIdentity::make("IP:127.0.0.1"), port);
  CHECK_MESSAGE(asked.says("shows another key"), asked.state().trouble);
  CHECK(device->requests() == 0);
}

TEST_CASE("poll: a certificate authority vouches for the right name only") {
  const TempDir dir;
  const auto polled = [&](const std::string& name) {
    const auto identity = DeviceIdentity::make(name);
    std::ofstream(dir.path() / "ca.pem") << identity.certificate;
    HttpDevice device([](const auto&) { return Answer{answer(200, "1")}; }, identity);
    auto options = asking(device.url());
    options.ca_file = dir.path() / "ca.pem";
    Asked asked(options);
    return eventually([&] { return asked.state().up || !asked.state().trouble.empty(); })
               ? asked.state().trouble
               : "nothing happened";
  };
  CHECK(polled("IP:127.0.0.1").empty());
  CHECK(polled("DNS:elsewhere").find("not vouched for") != std::string::npos);
  CHECK(bridge::links::look_at_key("https://127.0.0.1:1", 1s).error().message.find("offers HTTPS") !=
        std::string::npos);
}

TEST_CASE("stream: each part is a frame as soon as it is there, pictures are dropped") {
  HttpDevice device([](const auto&) {
    return Answer{kStreamHead + part("<a/>") + part("\xFF\xD8\xFF jpeg", "image/jpeg") + part("<b/>"),
                  Answer::Then::hold};
  });
  auto options = asking(device.url("/ISAPI/Event/notification/alertStream"));
  options.stream = true;
  options.interval = 5s;
  Asked asked(options);
  REQUIRE(eventually([&] { return asked.sink.kept().size() >= 2; }));
  CHECK(asked.sink.payloads() == Payloads{"<a/>", "<b/>"});
  CHECK(asked.state().up);
  CHECK(device.requests() == 1);
}

TEST_CASE(
    "stream: one that is cut in the middle of a part is connected again, and half a part counts nothing") {
  std::atomic<int> connection{0};
  HttpDevice device([&](const auto&) {
    if (++connection > 1) return Answer{kStreamHead + part("<b/>"), Answer::Then::hold};
    const auto cut = part("<a></a>");
    return Answer{kStreamHead + part("<a/>") + cut.substr(0, cut.size() - 6), Answer::Then::close};
  });
  std::mutex mutex;
  std::string log;
  auto options = asking(device.url());
  options.stream = true;
  options.interval = 5s;
  options.log = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    log += text + "\n";
  };
  Asked asked(options);
  REQUIRE(asked.has(2));
  CHECK(asked.sink.payloads() == Payloads{"<a/>", "<b/>"});
  CHECK(eventually([&] { return asked.state().up; }));
  const std::lock_guard lock(mutex);
  CHECK(log.find("ended in the middle of a message") != std::string::npos);
}

TEST_CASE("stream: one that falls silent is connected again; what is no stream is named") {
  HttpDevice device([](const auto&) { return Answer{kStreamHead + part("<a/>"), Answer::Then::hold}; });
  auto options = asking(device.url());
  options.stream = true;
  options.interval = 1s;
  {
    Asked asked(options);
    CHECK(asked.has(2));
    CHECK(device.requests() >= 2);
  }
  HttpDevice page([](const auto&) { return Answer{answer(200, "<html>", "text/html")}; });
  options.urls = {page.url()};
  Asked asked(options);
  CHECK_MESSAGE(asked.says("not with a stream of messages (it is \"text/html\")"), asked.state().trouble);
}

TEST_CASE("poll: stopping does not wait for a device") {
  HttpDevice device([](const auto&) { return Answer{"", Answer::Then::hold}; });
  auto options = asking(device.url());
  options.timeout = 60s;
  const auto begin = std::chrono::steady_clock::now();
  {
    Asked asked(options);
    REQUIRE(eventually([&] { return device.requests() == 1; }));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("poll: a url is shown without query, and its parts are found") {
  using namespace bridge::links;
  CHECK(device_of("https://10.0.0.7:8443/a?b=https://x/") == "https://10.0.0.7:8443");
  CHECK(target_of("http://h?x") == "/?x");
  CHECK(target_of("http://h/a/b?x=1") == "/a/b?x=1");
  const PollAttempt attempt{"http://h", "/a", "camera", "", 1s, ""};
  CHECK(explain_status(attempt, 302, "http://user:pw@h/x?y\n").find("redirect to http://h/x,") !=
        std::string::npos);
}
