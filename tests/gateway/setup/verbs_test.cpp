// `lintel provision image` and `lintel provision take`, as people meet them.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using nlohmann::json;
using test::ask;
using test::text_of;

namespace {

constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

struct Desk {
  test::TempDir dir;
  [[nodiscard]] std::string at(const std::string& name) const { return (dir.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
};

}  // namespace

TEST_CASE("lintel provision image: a file for a card that the gateway takes, and a label for its box") {
  const Desk desk;
  desk.write("token", std::string(kToken) + "\n");
  desk.write("chain.txt",
             "[hq]\nurl = https://hq.example/rest/v1\n[wifi]\nssid = Shop\npassword = air waves 9\n"
             "country = DE\n");
  const auto made =
      ask({"provision", "image", "--from", desk.at("chain.txt"), "--token-file", desk.at("token"), "--set",
           "card.hostname=lintel-main-street", "--set", "store.name=Main street", "--out",
           desk.at("lintel-setup.txt"), "--label", desk.at("label.svg"), "--json"});
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  const auto told = json::parse(made.out);
  CHECK(told["hostname"] == "lintel-main-street");
  CHECK(told["page"] == "http://lintel-main-street.local/");
  CHECK(told["token"] == true);
  struct stat status {};
  REQUIRE(::stat(desk.at("lintel-setup.txt").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(text_of(desk.at("label.svg")).find("Main street") != std::string::npos);

  std::filesystem::create_directories(desk.at("root/etc/lintel"));
  const auto taken =
      ask({"provision", "take", desk.dir.path().string(), "--root", desk.at("root"), "--json"});
  CAPTURE(taken.err);
  CHECK(taken.code == 0);
  CHECK(json::parse(taken.out)["network"] == true);
  CHECK(text_of(desk.at("root/etc/lintel/enrolment_token")) == std::string(kToken) + "\n");
  const auto pin = text_of(desk.at("root/etc/lintel/page_pin"));
  CHECK(text_of(desk.at("label.svg")).find("PIN " + pin.substr(0, 6)) != std::string::npos);
  const auto again = ask({"provision", "take", desk.dir.path().string(), "--root", desk.at("root")});
  CHECK(again.code == 0);
  CHECK(again.out.find("nothing to take") != std::string::npos);
}

TEST_CASE("lintel provision image: without more it explains every key, and says what is missing") {
  const Desk desk;
  const auto made = ask({"provision", "image", "--out", desk.at("lintel-setup.txt")});
  CAPTURE(made.err);
  CHECK(made.code == 0);
  CHECK(made.out.find("It holds no enrolment token") != std::string::npos);
  const auto text = text_of(desk.at("lintel-setup.txt"));
  CHECK(text.find("#ssid =") != std::string::npos);
  CHECK(text.find("\npin = ") != std::string::npos);
  CHECK(ask({"provision", "image", "--out", desk.at("lintel-setup.txt")}).err.find("File exists") !=
        std::string::npos);
}

TEST_CASE(
    "lintel provision image: what the gateway would refuse is refused here, and secrets are not typed") {
  const Desk desk;
  desk.write("bad.txt", "[wifi]\nssid = Shop\npasword = air waves 9\n");
  auto made = ask({"provision", "image", "--from", desk.at("bad.txt"), "--out", desk.at("out.txt")});
  CHECK(made.code == 2);
  CHECK(made.err.find("pasword") != std::string::npos);
  CHECK(made.err.find("did you mean password?") != std::string::npos);
  CHECK(made.err.find("air waves") == std::string::npos);
  made = ask({"provision", "image", "--set", "wifi.password=12345678", "--out", desk.at("out.txt")});
  CHECK(made.code == 2);
  CHECK(made.err.find("seen by every user") != std::string::npos);
  CHECK(ask({"provision", "image", "--out", desk.at("out.txt"), "--form", "x"}).err.find("--from") !=
        std::string::npos);
  CHECK(ask({"provision", "image"}).err.find("say where to") != std::string::npos);
  CHECK(ask({"provision", "take"}).err.find("/boot/firmware") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(desk.at("out.txt")));
}
