// Where a count comes from: readings, rules, messages, corrections.
#include "gateway/app/explain.hpp"

#include <doctest/doctest.h>

#include <future>
#include <sstream>

#include "gateway/app/explain_text.hpp"
#include "gateway/evidence/log.hpp"
#include "tests/gateway/app/desk.hpp"

using namespace lintel;
using namespace lintel::app;
using namespace std::chrono_literals;
using lintel::test::Desk;
using lintel::test::kNoon;
using nlohmann::json;

namespace {

class Witnessed : public Desk {
 public:
  Witnessed() : evidence_(options(config)) {
    pipeline->set_witness([this](evidence::Record record) { evidence_.append(std::move(record)); });
  }

  json ask_about(const char* sensor, UtcMs from = kNoon - 1h, UtcMs to = kNoon + 1h) {
    std::promise<void> done;
    evidence_.flush([&] { done.set_value(); });
    done.get_future().wait();
    Question question;
    question.sensor = sensor;
    question.from = from;
    question.to = to;
    const auto answer = explain(store->db(), evidence::directory(config.state_dir), question);
    return answer ? *answer : json{{"error", answer.error().message}};
  }

  void total(int minutes, std::int64_t value) {
    const auto at = kNoon + std::chrono::minutes{minutes};
    const auto time = format_utc(at);
    frame("tele/door1/SENSOR",
          R"({"Time":")" + time.substr(0, 19) + R"(","COUNTER":{"C1":)" + std::to_string(value) + "}}", at);
  }

 private:
  static evidence::Log::Options options(const config::Config& config) {
    evidence::Log::Options made;
    made.files.dir = evidence::directory(config.state_dir);
    made.files.spare_bytes = 0;
    made.salt = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    return made;
  }
  evidence::Log evidence_;
};

std::string printed(const json& answer, bool payloads = false) {
  std::ostringstream out;
  print_explanation(answer, *clock::Zone::find("UTC"), payloads, out);
  return out.str();
}

}  // namespace

TEST_CASE("explain: each reading names its rule, its message and whether HQ has it") {
  Witnessed desk;
  desk.total(0, 100);
  desk.total(1, 103);
  desk.total(2, 2);
  const auto answer = desk.ask_about("door1");
  REQUIRE(answer["readings"].size() == 2);
  CHECK(answer["readings"][0]["rule"] == "increment");
  CHECK(answer["readings"][0]["message"]["said_in"] == 103);
  CHECK(answer["readings"][0]["message"]["text"].get<std::string>().find("\"C1\":103") != std::string::npos);
  CHECK(answer["readings"][0]["hq"] == "waiting");
  CHECK(answer["readings"][1]["rule"] == "reset");
  CHECK(answer["readings"][1]["flags"] == json{"after_reset"});
  CHECK(answer["sums"][0]["in"] == 5);
  REQUIRE(answer["nobody"].size() == 1);
  CHECK(answer["nobody"][0]["rule"] == "baseline");
  const auto text = printed(answer, true);
  CHECK(text.find("the counter began again at zero") != std::string::npos);
  CHECK(text.find("says where counting begins") != std::string::npos);
}

TEST_CASE("explain: a window that is restated with another count says which message it came of") {
  Witnessed desk;
  desk.window(1, 5, 2);
  desk.window(1, 6, 2);
  const auto answer = desk.ask_about("S1");
  REQUIRE(answer["readings"].size() == 1);
  CHECK(answer["readings"][0]["in"] == 6);
  CHECK(answer["readings"][0]["revision"] == 2);
  CHECK(answer["readings"][0]["message"]["said_in"].get<int>() == 6);
}

TEST_CASE("explain: a correction is named with who, why and how many, and so is the direction") {
  Witnessed desk;
  desk.window(1, 5, 2);
  desk.window(2, 5, 2);
  const auto done = desk.ask("correct",
                             {{"serial", "S1"},
                              {"action", "swap"},
                              {"reason", "mounted inverted"},
                              {"actor", "ivo"},
                              {"from", count_ms(kNoon)},
                              {"to", count_ms(kNoon + 1h)}},
                             kNoon + 30min);
  CHECK(done["readings"] == 2);
  desk.batch([&] {
    while (desk.store->corrections().advance()) continue;
    return 0;
  });
  REQUIRE(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"invert=yes"}}}, kNoon + 31min)
              .contains("change"));
  const auto answer = desk.ask_about("S1");
  CHECK(answer["sums"][0]["in"] == 4);
  CHECK(answer["sums"][0]["out"] == 10);
  REQUIRE(answer["corrections"].size() == 1);
  CHECK(answer["corrections"][0]["changed"] == 2);
  CHECK(answer["directions"].size() == 2);
  const auto text = printed(answer);
  CHECK(text.find("ivo said: swap") != std::string::npos);
  CHECK(text.find("now: mounted inverted") != std::string::npos);
}

TEST_CASE(
    "explain: discarded readings are listed and not in the sum; messages that are gone are said to be") {
  Witnessed desk;
  desk.window(1, 5, 2);
  std::filesystem::remove_all(evidence::directory(desk.config.state_dir));
  REQUIRE(desk.ask("correct",
                   {{"serial", "S1"},
                    {"action", "discard"},
                    {"reason", "test"},
                    {"from", count_ms(kNoon)},
                    {"to", count_ms(kNoon + 1h)}},
                   kNoon + 1h)
              .contains("readings"));
  desk.batch([&] { return desk.store->corrections().advance(); });
  std::filesystem::remove_all(evidence::directory(desk.config.state_dir));
  const auto answer = desk.ask_about("S1");
  CHECK(answer["sums"][0]["in"] == 0);
  CHECK(answer["sums"][0]["discarded_in"] == 5);
}

TEST_CASE("explain: names work as well as serials, and an unknown one is answered with the known") {
  Witnessed desk;
  desk.window(1, 5, 2);
  REQUIRE(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"name=Main door"}}}).contains("change"));
  CHECK(desk.ask_about("Main door")["sensor"]["serial"] == "S1");
  CHECK(desk.ask_about("Main dor")["error"] == "no sensor is called Main dor, did you mean Main door?");
}

TEST_CASE("correct: what cannot be done is refused and says what to do") {
  Witnessed desk;
  desk.window(1, 5, 2);
  const json good{{"serial", "S1"},
                  {"action", "swap"},
                  {"reason", "x"},
                  {"from", count_ms(kNoon)},
                  {"to", count_ms(kNoon + 1h)}};
  const auto refusal = [&](const char* key, const json& value) {
    auto request = good;
    request[key] = value;
    return desk.ask("correct", request, kNoon + 1h).value("error", std::string());
  };
  CHECK(refusal("action", "swp").find("no correction is called swp") != std::string::npos);
  CHECK(refusal("reason", "").find("say why") != std::string::npos);
  CHECK(refusal("to", count_ms(kNoon - 1h)).find("ends before it begins") != std::string::npos);
  CHECK(refusal("line", "9").find("has no line 9") != std::string::npos);
  CHECK(refusal("serial", "S9").find("no sensor is called S9") != std::string::npos);
  CHECK(desk.scalar("select count(*) from corrections") == 0);
}
