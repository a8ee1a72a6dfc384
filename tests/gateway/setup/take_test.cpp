#include "gateway/setup/take.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>

#include "gateway/cli/configuration.hpp"
#include "gateway/setup/compose.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using test::text_of;
namespace fs = std::filesystem;

namespace {

constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

/// A card: the partition that every computer reads, and a system.
class Card {
 public:
  Card() {
    fs::create_directories(boot());
    fs::create_directories(root() / "etc/lintel");
    std::ofstream(root() / "etc/lintel/gateway.conf") << "[status]\nlisten = 0.0.0.0:80\n";
  }
  [[nodiscard]] fs::path boot() const { return dir_.path() / "boot"; }
  [[nodiscard]] fs::path root() const { return dir_.path() / "root"; }
  [[nodiscard]] fs::path etc() const { return root() / "etc/lintel"; }

  void write(const std::string& text, const std::string& name = "lintel-setup.txt") const {
    std::ofstream(boot() / name, std::ios::binary) << text;
  }
  [[nodiscard]] Result<setup::Taken> take() const {
    setup::TakeOptions options;
    options.folder = boot();
    options.root = root();
    options.now = UtcMs{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + std::chrono::hours{10}};
    return setup::take(options, cli::vocabulary());
  }
  [[nodiscard]] std::string report() const { return text_of(boot() / "lintel-setup-report.txt"); }

 private:
  test::TempDir dir_;
};

const std::string kWhole =
    std::string("[card]\ntoken = ") + kToken +
    "\npin = 482913\nhostname = lintel-main-street\n\n"
    "[hq]\nurl = https://hq.example/rest/v1\napi_key = 5ecret-key\n\n"
    "[wifi]\nssid = Shop; \\ 5\npassword =  air waves 9 \ncountry = DE\n\n"
    "[link door]\ntype = mqtt\nurl = mqtt://127.0.0.1\nuser = u\npassword = 5ecret-broker\n"
    "subscribe = milesight-vs125 counters/+\n\n"
    "[sensor main]\nserial = 6789C3\nname = Main entrance\n";

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("setup: a whole file is taken once, to where each part belongs, and its secrets leave the card") {
  const Card card;
  card.write(kWhole);
  const auto taken = card.take();
  REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().message));
  CHECK(taken->there);
  CHECK(taken->network);
  const auto config = config::load({card.etc() / "gateway.conf", {}, {}}, cli::vocabulary());
  REQUIRE(config);
  CHECK(config->hq_url == "https://hq.example/rest/v1");
  CHECK(config->hq_api_key == "5ecret-key");
  CHECK(config->listen == "0.0.0.0:80");
  CHECK(config->page_pin == "482913");
  REQUIRE(config->links.size() == 1);
  CHECK(config->links[0].password == "5ecret-broker");
  CHECK(config->sensors[0].name == "Main entrance");
  CHECK(text_of(card.etc() / "enrolment_token") == std::string(kToken) + "\n");
  CHECK(mode_of(card.etc() / "enrolment_token") == 0600);
  CHECK(mode_of(card.etc() / "links.d/door.conf") == 0640);
  CHECK(text_of(card.root() / "etc/hostname") == "lintel-main-street\n");
  CHECK(mode_of(card.root() / "etc/NetworkManager/system-connections/lintel-wifi.nmconnection") == 0600);

  CHECK_FALSE(fs::exists(card.boot() / "lintel-setup.txt"));
  const auto done = text_of(card.boot() / "lintel-setup-done.txt");
  CHECK(holds(done, "hostname = lintel-main-street\r\n"));
  for (const auto& file : fs::directory_iterator(card.boot())) {
    const auto text = text_of(file.path());
    for (const auto* secret : {kToken, "482913", "5ecret", "air waves"}) CHECK_FALSE(holds(text, secret));
  }
  CHECK(holds(card.report(), "Lintel took lintel-setup.txt (2026-11-22T10:00:00Z)."));

  const auto again = card.take();
  REQUIRE(again);
  CHECK_FALSE(again->there);
}

TEST_CASE("setup: of a file with mistakes nothing is taken, and all of them are told with their lines") {
  const Card card;
  card.write(
      "[card]\r\ntoken = 12\r\nhostname = Main Street\r\n[wfi]\r\nssid = Shop\r\n[wifi]\r\nssid = Shop\r\n"
      "[network]\r\ngateway = 192.168.1.1\r\n[link door]\r\ntype = serail\r\n[hq]\r\nurl = hq\r\n");
  const auto taken = card.take();
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == ErrorKind::misconfigured);
  const auto report = card.report();
  for (const auto* part :
       {"lintel-setup.txt:2: [card] token", "lintel-setup.txt:3: [card] hostname", "small letters",
        "lintel-setup.txt:4: [wfi]: no such section, did you mean wifi?",
        "lintel-setup.txt:7: [wifi] ssid: say country",
        "lintel-setup.txt:9: [network] gateway: goes with [network] address", "lintel-setup.txt:11: type",
        "lintel-setup.txt:13: [hq] url", "Nothing was changed"}) {
    CAPTURE(report);
    CHECK_MESSAGE(holds(report, part), part);
  }
  CHECK(fs::exists(card.boot() / "lintel-setup.txt"));
  CHECK_FALSE(fs::exists(card.etc() / "links.d"));
  CHECK_FALSE(fs::exists(card.etc() / "enrolment_token"));
  CHECK(holds(text_of(setup::problems_file(card.root() / "var/lib/lintel")), "lintel-setup.txt:2"));

  card.write(kWhole);
  CHECK(card.take());
  CHECK_FALSE(fs::exists(setup::problems_file(card.root() / "var/lib/lintel")));
}

TEST_CASE("setup: what would not go together with the configuration that is there is refused") {
  const Card card;
  fs::create_directories(card.etc() / "sensors.d");
  std::ofstream(card.etc() / "sensors.d/old.conf") << "serial = 6789C3\n";
  card.write("[sensor main]\nserial = 6789C3\nname = Main entrance\n");
  const auto taken = card.take();
  REQUIRE_FALSE(taken);
  CHECK(holds(taken.error().message, "6789C3 is described already in sensors.d/"));
}

TEST_CASE("setup: a file that a key names comes along, and one that is not there is told") {
  const Card card;
  card.write("[hq]\nurl = https://hq.example\nca_file = shop-ca.pem\n");
  CHECK_FALSE(card.take());
  CHECK(holds(card.report(), "shop-ca.pem"));
  card.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "shop-ca.pem");
  REQUIRE(card.take());
  CHECK(holds(text_of(card.etc() / "gateway.d/shop-ca.pem"), "BEGIN CERTIFICATE"));
  CHECK_FALSE(fs::exists(card.boot() / "shop-ca.pem"));
  card.write("[hq]\nca_file = ../../etc/shadow\n");
  CHECK_FALSE(card.take());
  CHECK(holds(card.report(), "has to lie beside"));
}

TEST_CASE("setup: a try that was cut short is taken again to the same end") {
  const Card whole, cut;
  whole.write(kWhole);
  REQUIRE(whole.take());
  // Cut after all was written and before the setup file was wiped: it is there again.
  cut.write(kWhole);
  REQUIRE(cut.take());
  cut.write(kWhole);
  REQUIRE(cut.take());
  for (const auto& file : fs::recursive_directory_iterator(whole.root())) {
    if (!file.is_regular_file()) continue;
    const auto other = cut.root() / fs::relative(file.path(), whole.root());
    CHECK_MESSAGE(text_of(file.path()) == text_of(other), other.string());
  }
}

TEST_CASE("setup: a later file changes what it says, and nothing else") {
  const Card card;
  card.write(kWhole + "\n[network]\naddress = 192.168.1.20/24\n");
  REQUIRE(card.take());
  const auto cable = card.root() / "etc/NetworkManager/system-connections/lintel-cable.nmconnection";
  CHECK(holds(text_of(cable), "192.168.1.20/24"));

  card.write(std::string("[card]\ntoken = ") + kToken + "\n[hq]\ninterval_seconds = 30\n");
  REQUIRE(card.take());
  const auto overlay = text_of(card.etc() / "gateway.d/setup.conf");
  CHECK(holds(overlay, "interval_seconds = 30"));
  CHECK(holds(overlay, "url = https://hq.example/rest/v1"));
  CHECK(holds(overlay, "api_key = 5ecret-key"));
  CHECK(holds(text_of(cable), "192.168.1.20/24"));
  CHECK(fs::exists(card.root() / "etc/NetworkManager/system-connections/lintel-wifi.nmconnection"));
  CHECK(text_of(card.root() / "etc/hostname") == "lintel-main-street\n");

  card.write("[hq]\nurl = https://other.example/rest/v1\n[network]\naddress =\n");
  REQUIRE(card.take());
  const auto now = text_of(card.etc() / "gateway.d/setup.conf");
  CHECK(holds(now, "url = https://other.example/rest/v1"));
  CHECK_FALSE(holds(now, "hq.example"));
  CHECK(holds(now, "interval_seconds = 30"));
  CHECK(holds(text_of(cable), "method=auto"));
}

TEST_CASE("setup: what an earlier file said is told as such where it is wrong, or no longer known") {
  const Card card;
  for (const auto* name : {"c.pem", "k.pem"})
    card.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", name);
  card.write("[hq]\nurl = https://hq.example\nclient_cert = c.pem\nclient_key = k.pem\n");
  REQUIRE_MESSAGE(card.take(), card.report());
  card.write("[hq]\nclient_cert =\n");
  CHECK_FALSE(card.take());
  CHECK(holds(card.report(), "lintel-setup.txt, as an earlier one said: [hq] client_key: client_cert and"));

  const auto overlay = card.etc() / "gateway.d/setup.conf";
  std::ofstream(overlay) << "[hq]\nurl = https://hq.example\nkey_of_old = 1\n";
  card.write("[hq]\ninterval_seconds = 30\n");
  REQUIRE_MESSAGE(card.take(), card.report());
  CHECK(holds(card.report(), "as an earlier one said: [hq] key_of_old: no key of this version, left out"));
  CHECK(holds(text_of(overlay), "url = https://hq.example"));
  CHECK_FALSE(holds(text_of(overlay), "key_of_old"));
}

TEST_CASE("setup: the file that comes with the card states nothing, and is taken as such") {
  const Card card;
  card.write(std::string(setup::blank()));
  const auto taken = card.take();
  REQUIRE_MESSAGE(taken, (taken ? "" : taken.error().message));
  CHECK_FALSE(fs::exists(card.etc() / "gateway.d"));
  CHECK_FALSE(fs::exists(card.etc() / "enrolment_token"));
}

TEST_CASE("setup: what is no text, too long, or a line without a key is refused, and never repeated") {
  const Card card;
  card.write(std::string("\x00\x01\xff", 3));
  CHECK_FALSE(card.take());
  card.write("[card]\n5ecret-token-without-a-key\n");
  CHECK_FALSE(card.take());
  CHECK_FALSE(holds(card.report(), "5ecret"));
  card.write(std::string(2 << 20, '#'));
  CHECK_FALSE(card.take());
  card.write("[link ../../x]\ntype = mqtt\n");
  CHECK_FALSE(card.take());
  CHECK(holds(card.report(), "letters, digits"));
}
