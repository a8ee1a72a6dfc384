#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/gateway/config/configured.hpp"

namespace {

namespace fs = std::filesystem;
using lintel::test::Configured;

const std::string kLink = "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\n";

/// What `configured` says to a user who is not root; root may read everything.
std::string problem_for_nobody(const Configured& configured) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  if (child == 0) {
    constexpr ::uid_t kNobody = 65534;
    if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(1);
    const auto text = configured.problems().front();
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  const auto got = ::read(ends[0], text.data(), text.size());
  text.resize(static_cast<std::size_t>(got < 0 ? 0 : got));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

}  // namespace

TEST_CASE("configuration: only *.conf of links.d is read, without backups and what packages leave") {
  Configured configured;
  for (const auto* name : {"a.conf~", "a.conf.dpkg-old", "a.conf.dpkg-new", "a.conf.bak", "#a.conf#",
                           ".#a.conf", "a.conf.example", "README"}) {
    configured.write("links.d/" + std::string(name), "nonsense");
  }
  configured.write("links.d/.hidden.conf", "nonsense").write("links.d/z.conf", kLink);
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->links.size() == 1);
  CHECK(config->warnings ==
        std::vector<std::string>{"links.d/.hidden.conf: ignored, its name begins with a dot"});
}

TEST_CASE("configuration: a missing file, a folder, a device and a huge file are named for what they are") {
  Configured configured;
  fs::remove(configured.path("gateway.conf"));
  CHECK(configured.problems() == std::vector<std::string>{"gateway.conf: there is no such file"});
  fs::create_directory(configured.path("gateway.conf"));
  CHECK(configured.problems() ==
        std::vector<std::string>{"gateway.conf: this is a folder, name a file in it"});
  fs::remove(configured.path("gateway.conf"));
  REQUIRE(::mkfifo(configured.path("gateway.conf").c_str(), 0600) == 0);
  CHECK(configured.problems() == std::vector<std::string>{"gateway.conf: this is not a regular file"});
  fs::remove(configured.path("gateway.conf"));
  configured.write("gateway.conf", std::string((1 << 20) + 1, '\n'));
  CHECK(configured.problems() ==
        std::vector<std::string>{"gateway.conf: larger than 1 MB, is this the right file?"});
}

TEST_CASE("configuration: a file that this user may not read is named") {
  Configured configured;
  fs::permissions(configured.path("gateway.conf"), fs::perms::none);
  fs::permissions(configured.path("."), fs::perms(0755));
  CHECK(problem_for_nobody(configured) ==
        "gateway.conf: this user may not read it (permission denied), try another user or change its mode");
}

TEST_CASE("configuration: a folder of links that cannot be listed is a problem, not an empty one") {
  Configured configured;
  configured.write("links.d/a.conf", kLink);
  fs::permissions(configured.path("."), fs::perms(0755));
  fs::permissions(configured.path("gateway.conf"), fs::perms(0644));
  fs::permissions(configured.path("links.d"), fs::perms::none);
  CHECK(problem_for_nobody(configured) ==
        configured.path("links.d").string() + ": cannot be listed: Permission denied");
  fs::permissions(configured.path("links.d"), fs::perms::owner_all);
}

TEST_CASE("configuration: a password that everybody can read is warned about") {
  Configured configured;
  configured.write("links.d/a.conf", kLink + "user = u\npassword = hunter2\n", 0644)
      .write("links.d/pw", "hunter2\n", 0644)
      .write("links.d/b.conf", kLink + "user = u\npassword_file = pw\n", 0644)
      .write("token", "hunter2", 0604)
      .write("gateway.conf", "[hq]\nurl = https://hq\napi_key = hunter2\ncredential_file = token\n", 0644);
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->warnings ==
        std::vector<std::string>{
            "gateway.conf:3: [hq] api_key: everybody on this machine can read it, chmod o-r " +
                configured.path("gateway.conf").string(),
            "gateway.conf:4: [hq] credential_file = \"token\": everybody on this machine can read it, chmod "
            "o-r " +
                configured.path("token").string(),
            "links.d/a.conf:5: password: everybody on this machine can read it, chmod o-r " +
                configured.path("links.d/a.conf").string(),
            "links.d/b.conf:5: password_file = \"pw\": everybody on this machine can read it, chmod o-r " +
                configured.path("links.d/pw").string()});
}

TEST_CASE("configuration: HQ without a token, with a missing one or unencrypted is accepted with a warning") {
  Configured configured;
  configured.write("links.d/a.conf", kLink).write("gateway.conf", "[hq]\nurl = http://10.0.0.7:3000\n");
  CHECK(configured.load()->warnings ==
        std::vector<std::string>{
            "gateway.conf:2: [hq] url: counts and token travel unencrypted, use https:// if HQ offers it"});
  configured.write("gateway.conf", "[hq]\nurl = http://127.0.0.1:3000\ncredential_file = token\n");
  CHECK(configured.load()->warnings ==
        std::vector<std::string>{"gateway.conf:3: [hq] credential_file = \"token\": there is no such file"});
}

TEST_CASE("configuration: a client's certificate and key belong together, and the key is its owner's alone") {
  Configured configured;
  configured.write("cert.pem", "-").write("key.pem", "-", 0600).write("links.d/a.conf", kLink);
  const std::string url = "[hq]\nurl = https://hq\n";
  configured.write("gateway.conf", url + "client_cert = cert.pem\nclient_key = key.pem\n");
  const auto good = configured.load();
  REQUIRE(good);
  CHECK(good->warnings.empty());
  CHECK(good->hq_client_cert == configured.path("cert.pem"));
  CHECK(good->hq_client_key == configured.path("key.pem"));

  configured.write("key.pem", "-", 0640);
  CHECK(configured.load()->warnings ==
        std::vector<std::string>{
            "gateway.conf:4: [hq] client_key: others may read it, so it is not used: chmod 600 " +
            configured.path("key.pem").string()});
  configured.write("gateway.conf", url + "client_key = key.pem\n");
  CHECK(configured.load().error().message.find(
            "gateway.conf:3: [hq] client_key: client_cert and client_key belong together") !=
        std::string::npos);
  configured.write("gateway.conf", url + "client_cert = gone.pem\nclient_key = key.pem\n");
  CHECK(configured.load().error().message.find("client_cert = \"gone.pem\": there is no such file") !=
        std::string::npos);
}

TEST_CASE("configuration: a tty name that may change is warned about") {
  Configured configured;
  configured.write("links.d/a.conf", "type = serial\ndevice = /dev/ttyUSB0\ndecoder = tasmota-counter\n");
  CHECK(configured.load()->warnings ==
        std::vector<std::string>{
            "links.d/a.conf:2: device = \"/dev/ttyUSB0\": this name may change when adapters are "
            "replugged, choose one from /dev/serial/by-id or /dev/serial/by-path"});
}

TEST_CASE("configuration: no prefix and no damaged byte of a good file makes loading crash") {
  const std::string good =
      "[hq]\nurl = https://hq.example:8443/rest\n[store]\ntimezone = Europe/Berlin\nday_start = 04:00\n";
  Configured configured;
  for (std::size_t i = 0; i < good.size(); ++i) {
    (void)configured.write("gateway.conf", good.substr(0, i)).load();
    auto damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto config = configured.write("gateway.conf", damaged).load();
    if (!config) CHECK_FALSE(configured.problems().empty());
  }
}

TEST_CASE("PIN of the page: beside gateway.conf or where pin_file says, and only if it is a secret") {
  Configured configured;
  CHECK(configured.load()->page_pin.empty());
  configured.write("page_pin", "135790\r\nnot of it\n");
  CHECK(configured.load()->page_pin == "135790");
  configured.write("gateway.conf", "[status]\npin_file = other\n").write("other", "longer words are fine");
  CHECK(configured.load()->page_pin == "longer words are fine");
  configured.write("other", "135790", 0640);
  const auto open = configured.load();
  REQUIRE(open);
  CHECK(open->page_pin.empty());
  REQUIRE_FALSE(open->warnings.empty());
  CHECK(open->warnings[0] ==
        "gateway.conf:2: [status] pin_file = \"other\": others may read it, so nobody can change anything on "
        "the page: chmod 600 " +
            configured.path("other").string());
  configured.write("other", "1357\n");
  CHECK(configured.problems() ==
        std::vector<std::string>{"gateway.conf:2: [status] pin_file = \"other\": a PIN "
                                 "has 6 to 64 characters, this one 4"});
  configured.write("gateway.conf", "[status]\npin_file = nowhere\n");
  REQUIRE(configured.problems().size() == 1);
  CHECK(configured.problems()[0].starts_with("gateway.conf:2: [status] pin_file = \"nowhere\": "));
}
