// Walk tests as the verbs bring them, on a real database with real decoders.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/gateway/app/desk.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using lintel::test::Desk;
using lintel::test::kNoon;
using nlohmann::json;

namespace {

/// A door whose sensor tells its counts by the minute.
struct Door {
  Desk desk;
  json test;

  Door() {
    desk.window(1, 0, 0);
    desk.window(2, 0, 0);
  }
  json& start(const json& more = json::object()) {
    json request{{"serial", "S1"}};
    request.update(more);
    return test = desk.ask("walk-start", request, kNoon + 130s);
  }
  json& next(std::chrono::seconds at) {
    return test = desk.ask("walk-next", {{"id", test["id"]}}, kNoon + at);
  }
  json& look(std::chrono::seconds at) {
    return test = desk.ask("walk-look", {{"id", test["id"]}}, kNoon + at);
  }
  json sign(const json& more, std::chrono::seconds at = 400s) {
    json request{{"id", test["id"]}};
    request.update(more);
    return desk.ask("walk-sign", request, kNoon + at);
  }
  /// Five in within the third minute, five out within the fifth.
  void walk_both() {
    start();
    next(150s);
    desk.window(3, 5, 0);
    look(185s);
    next(250s);
    desk.window(4, 0, 0);
    desk.window(5, 0, 5);
    look(305s);
  }
};

}  // namespace

TEST_CASE("walk test: a sensor that tells its counts by the minute is waited for after each way") {
  Door door;
  CHECK(door.start()["step"] == "in");
  CHECK(door.test["name"] == "S1");
  CHECK(door.test["passages"].empty());
  CHECK(door.next(150s)["step"] == "after_in");
  CHECK(door.look(170s)["step"] == "after_in");
  door.desk.window(3, 5, 0);
  CHECK(door.look(185s)["step"] == "out");
  CHECK(door.test["passages"] == json{{{"from", "2026-07-31T12:02:00Z"},
                                       {"to", "2026-07-31T12:03:00Z"},
                                       {"in", 5},
                                       {"out", 0},
                                       {"way", "in"}}});
  CHECK(door.next(250s)["step"] == "after_out");
  door.desk.window(4, 0, 0);
  CHECK(door.look(256s)["step"] == "after_out");
  door.desk.window(5, 0, 5);
  CHECK(door.look(305s)["step"] == "done");
  CHECK(door.test["verdict"] == "passed");
  CHECK(door.test["text"] == "Every passage was counted: 5 in, 5 out.");
}

TEST_CASE("walk test: signed, it is an acceptance that survives a restart and is not signed twice") {
  Door door;
  door.walk_both();
  CHECK(door.sign({{"name", ""}}).contains("error"));
  CHECK(door.sign({{"name", "I\nvo"}}).contains("error"));
  const auto signed_ = door.sign({{"name", "Ivo"}, {"note", "wind"}});
  CHECK(signed_["step"] == "signed");
  CHECK(signed_["signed_at"] == "2026-07-31T12:06:40Z");
  CHECK(door.sign({{"name", "Ada"}})["error"] == "Ivo has signed this walk test already");
  CHECK(door.desk.ask("walk-cancel", {{"id", door.test["id"]}}).contains("error"));
  door.desk.open();
  const auto list = door.desk.ask("walk-list", json::object());
  REQUIRE(list["tests"].size() == 1);
  CHECK(list["tests"][0]["signed_by"] == "Ivo");
  CHECK(list["tests"][0]["verdict"] == "passed");
  CHECK(door.desk.text("select group_concat(action) from audit_log") == "walk-start,walk-sign");
}

TEST_CASE("walk test: people before it and corrections after it are not of it") {
  Door door;
  door.desk.window(2, 3, 3);  // the same minute, told once more: before the test
  door.start();
  CHECK(door.look(140s)["walking_in"] == json{{"in", 0}, {"out", 0}});
  door.desk.window(1, 0, 0);
  CHECK(door.look(141s)["passages"].empty());
}

TEST_CASE("walk test: a door with its direction the wrong way round fails and says how to turn it") {
  Door door;
  door.start();
  door.next(150s);
  door.desk.window(3, 0, 5);
  CHECK(door.look(185s)["step"] == "out");
  door.next(230s);
  door.desk.window(4, 5, 0);
  CHECK(door.look(245s)["verdict"] == "failed");
  CHECK(door.test["text"].get<std::string>().starts_with("In and out are swapped"));
  CHECK(door.sign({{"name", "Ivo"}, {"passed", true}}).contains("error"));  // why?
  CHECK(door.sign({{"name", "Ivo"}, {"passed", true}, {"note", "turned round since"}})["verdict"] ==
        "passed");
}

TEST_CASE("walk test: a silent sensor is not waited for without end") {
  Door door;
  door.start();
  door.next(150s);
  CHECK(door.look(150s + 179s)["step"] == "after_in");
  // It has been heard twice only and has no rhythm yet, but it tells minutes: three of them.
  CHECK(door.look(150s + 180s)["step"] == "out");
  CHECK(door.test["heard"] == false);
  door.next(340s);
  CHECK(door.look(340s + 180s)["text"] == "Nothing was counted.");
}

TEST_CASE("walk test: pressing twice is pressing once, and a new test of the door ends the old one") {
  Door door;
  door.start();
  const auto first = door.test["id"];
  door.next(150s);
  CHECK(door.next(151s)["step"] == "after_in");
  CHECK(door.start()["id"] != first);
  CHECK(door.desk.ask("walk-look", {{"id", first}}).contains("error"));
  CHECK_FALSE(door.desk.ask("walk-cancel", {{"id", door.test["id"]}}).contains("error"));
  CHECK(door.desk.ask("walk-list", json::object())["tests"].empty());
}

TEST_CASE("walk test: what cannot be tested is refused with the words that can") {
  Door door;
  CHECK(door.start({{"serial", "S2"}})["error"].get<std::string>().find("S1") != std::string::npos);
  CHECK(door.start({{"line", "back"}}).contains("error"));
  CHECK(door.start({{"times", 0}}).contains("error"));
  CHECK(door.start({{"times", "five"}}).contains("error"));
  CHECK(door.desk.ask("walk-next", {{"id", "no"}}).contains("error"));
  CHECK(door.desk.ask("walk-sign", {{"id", door.start()["id"]}, {"name", "Ivo"}})["error"]
            .get<std::string>()
            .starts_with("the walk test is not over yet"));
}
