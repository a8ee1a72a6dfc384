#include "gateway/sync/response.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace lintel;
using namespace lintel::sync;

namespace {

const std::string kAnswer =
    R"({"v": 1, "watermark": 420, "applied": [[1, 420]], "missing": [[3, 7], [9, 9]],
 "sensors": {"5e450000-0000-4000-8000-000000000001": 12},
 "rejected": [{"s": 0, "k": 3, "code": "future", "message": "starts too late"}],
 "config": {"version": 7, "store": {"id": "u", "name": "Store 1", "timezone": "Europe/Berlin", "day_start_minute": 240},
            "sensors": [{"id": "u", "serial": "A", "name": "Main door", "lifecycle": "active"}]},
 "history": "h-1", "time": 1785539521000, "pace_ms": 1500})";

std::string with(const std::string& from, const std::string& to) {
  auto out = kAnswer;
  const auto at = out.find(from);
  REQUIRE(at != std::string::npos);
  return out.replace(at, from.size(), to);
}

bool is_refused(const std::string& body) {
  const auto parsed = parse_answer(body);
  return !parsed.answer && !parsed.refused && !parsed.why_not.empty();
}

}  // namespace

TEST_CASE("response: the contract's example is understood in all its parts") {
  const auto parsed = parse_answer(kAnswer);
  REQUIRE(parsed.answer);
  const auto& answer = *parsed.answer;
  CHECK(answer.watermark == 420);
  REQUIRE(answer.missing.size() == 2);
  CHECK(answer.missing[0].first == 3);
  CHECK(answer.missing[0].last == 7);
  CHECK(answer.sensors == std::vector<SensorId>{{"5e450000-0000-4000-8000-000000000001", 12}});
  REQUIRE(answer.rejected.size() == 1);
  CHECK(answer.rejected[0].series == 0);
  CHECK(answer.rejected[0].reading == 3);
  CHECK(answer.rejected[0].code == "future");
  CHECK(answer.history == "h-1");
  CHECK(answer.time == utc_ms(1785539521000));
  CHECK(answer.pace == Millis{1500});
  REQUIRE(answer.configuration);
  CHECK(answer.configuration->version == 7);
  CHECK(answer.configuration->timezone == "Europe/Berlin");
  CHECK(answer.configuration->day_start_minute == 240);
  CHECK(answer.configuration->sensors.at(0).lifecycle == "active");
}

TEST_CASE("response: an answer without news needs only its core") {
  const auto parsed = parse_answer(R"({"v":1,"watermark":0,"history":"h","time":1,"config":null})");
  REQUIRE(parsed.answer);
  CHECK_FALSE(parsed.answer->configuration);
  CHECK(parsed.answer->rejected.empty());
  CHECK(parsed.answer->pace == Millis{0});
}

TEST_CASE("response: a newer HQ may say more") {
  CHECK(parse_answer(with("\"pace_ms\"", "\"news\": {\"a\": [1]}, \"pace_ms\"")).answer);
}

TEST_CASE("response: an answer that ends early confirms nothing, wherever it ends") {
  for (std::size_t length = 0; length < kAnswer.size(); ++length) {
    CAPTURE(length);
    CHECK(is_refused(kAnswer.substr(0, length)));
  }
}

TEST_CASE("response: an answer with one wrong byte is understood whole or not at all") {
  for (std::size_t at = 0; at < kAnswer.size(); ++at) {
    for (const char wrong : {'\0', '"', '{', '9', '-', '\xff'}) {
      auto body = kAnswer;
      body[at] = wrong;
      const auto parsed = parse_answer(body);
      CHECK((parsed.answer || parsed.refused || !parsed.why_not.empty()));
    }
  }
}

TEST_CASE("response: wrong types and values are refused with their place") {
  CHECK(is_refused(with("420,", "\"420\",")));
  CHECK(is_refused(with("420,", "420.5,")));
  CHECK(is_refused(with("420,", "-1,")));
  CHECK(is_refused(with("420,", "1e30,")));
  CHECK(is_refused(with("420,", "18446744073709551615,")));
  CHECK(is_refused(with("420,", "null,")));
  CHECK(is_refused(with("[[1, 420]]", "[[1]]")));
  CHECK(is_refused(with("[[1, 420]]", "[[420, 1]]")));
  CHECK(is_refused(with("[[1, 420]]", "{\"1\": 420}")));
  CHECK(is_refused(with("[[3, 7], [9, 9]]", "[3, 7]")));
  CHECK(is_refused(with(": 12}", ": \"12\"}")));
  CHECK(is_refused(with(": 12}", ": 0}")));
  CHECK(is_refused(with("\"s\": 0", "\"s\": -1")));
  CHECK(is_refused(with("\"k\": 3,", "")));
  CHECK(is_refused(with("\"future\"", "7")));
  CHECK(is_refused(with("\"h-1\"", "\"\"")));
  CHECK(is_refused(with("\"h-1\"", "null")));
  CHECK(is_refused(with("1500", "-1")));
  CHECK(is_refused("[" + kAnswer + "]"));
  CHECK(is_refused("42"));
  CHECK(is_refused("{}"));
  CHECK(is_refused("<html></html>"));
  CHECK(is_refused(kAnswer + "x"));
  CHECK(parse_answer(with("420,", "\"420\",")).why_not.find("watermark") != std::string::npos);
}

TEST_CASE("response: a request that HQ did not understand is told apart from an answer") {
  const auto parsed = parse_answer(R"({"v": 1, "error": {"code": "malformed", "message": "v must be 1"}})");
  CHECK_FALSE(parsed.answer);
  REQUIRE(parsed.refused);
  CHECK(parsed.refused->code == "malformed");
  CHECK(parsed.refused->message == "v must be 1");
}

TEST_CASE("response: a configuration that cannot be used does not hold up the counts") {
  for (const auto& edit : {std::pair{"Europe/Berlin", "Mars/Base"},
                           {"Europe/Berlin", "../../etc/passwd"},
                           {"Europe/Berlin", "/etc/passwd"},
                           {"Europe/Berlin", "posix/Europe/Berlin"},
                           {"Europe/Berlin", "posixrules"},
                           {"240", "1440"},
                           {"\"Store 1\"", "17"},
                           {"\"version\": 7,", ""}}) {
    const char* const to = edit.second;
    CAPTURE(to);
    const auto parsed = parse_answer(with(edit.first, to));
    REQUIRE(parsed.answer);
    CHECK(parsed.answer->watermark == 420);
    CHECK_FALSE(parsed.answer->configuration);
    CHECK_FALSE(parsed.answer->configuration_error.empty());
  }
}

TEST_CASE("response: a long name is cut between two characters") {
  std::string name;
  for (int i = 0; i < 200; ++i) name += "\u5e97";  // three bytes each
  const auto parsed = parse_answer(with("Store 1", name));
  REQUIRE(parsed.answer);
  REQUIRE(parsed.answer->configuration);
  CHECK(parsed.answer->configuration->store_name == name.substr(0, 498));
}

TEST_CASE("response: calendar and opening hours are taken whole, or the configuration is not") {
  const auto store = [](const std::string& more) {
    return parse_answer(with("\"day_start_minute\": 240", "\"day_start_minute\": 240, " + more));
  };
  const auto whole = store(
      R"("calendar": [{"from": null, "timezone": "UTC", "day_start_minute": 0}, {"from": "2026-11-01", "timezone": "Europe/Berlin", "day_start_minute": 240}],
         "opening_hours": {"monday": [["09:00", "20:00"]]})");
  REQUIRE(whole.answer);
  REQUIRE(whole.answer->configuration);
  CHECK(whole.answer->configuration->calendar.value_or("").find("2026-11-01") != std::string::npos);
  CHECK(whole.answer->configuration->opening_hours == R"({"monday":[["09:00","20:00"]]})");
  const auto silent = store(R"("opening_hours": null)");
  REQUIRE(silent.answer->configuration);
  CHECK(silent.answer->configuration->opening_hours == "null");
  CHECK_FALSE(silent.answer->configuration->calendar);
  for (const std::string wrong :
       {R"("calendar": [])",
        R"("calendar": [{"from": null, "timezone": "Mars/Base", "day_start_minute": 0}])",
        R"("calendar": [{"from": null, "timezone": "../../etc/passwd", "day_start_minute": 0}])",
        R"("calendar": [{"from": null, "timezone": "UTC"}])", R"("opening_hours": {"mondays": []})"}) {
    CAPTURE(wrong);
    const auto parsed = store(wrong);
    REQUIRE(parsed.answer);  // the counts are confirmed all the same
    CHECK_FALSE(parsed.answer->configuration);
    CHECK_FALSE(parsed.answer->configuration_error.empty());
  }
}

TEST_CASE("response: which version to run is taken as HQ checks it, or the configuration is not") {
  const auto store = [](const std::string& said) {
    return parse_answer(with("\"day_start_minute\": 240", "\"day_start_minute\": 240, \"updates\": " + said));
  };
  const auto whole =
      store(R"({"version": "2.1", "bundle": "https://updates.example/{board}-2.1.raucb", "share": 25})");
  REQUIRE(whole.answer);
  REQUIRE(whole.answer->configuration);
  CHECK(whole.answer->configuration->updates ==
        R"({"bundle":"https://updates.example/{board}-2.1.raucb","share":25,"version":"2.1"})");
  CHECK(store("null").answer->configuration->updates == "null");
  CHECK_FALSE(parse_answer(with("240", "240")).answer->configuration->updates);
  for (const std::string wrong :
       {R"({"version": "2.1", "share": 25})", R"({"version": "2.1", "bundle": "https://u/x", "share": 101})",
        R"({"version": "2\nbundle = x", "bundle": "https://u/x", "share": 1})",
        R"({"version": "2.1", "bundle": "https://u/x\nshare = 100", "share": 1})",
        R"({"version": "2.1", "bundle": "file:///etc/passwd", "share": 1})",
        R"({"version": "", "bundle": "https://u/x", "share": 1})", R"([])"}) {
    CAPTURE(wrong);
    const auto parsed = store(wrong);
    REQUIRE(parsed.answer);  // the counts are confirmed all the same
    CHECK_FALSE(parsed.answer->configuration);
    CHECK_FALSE(parsed.answer->configuration_error.empty());
  }
}

TEST_CASE("response: hostile sizes are refused before they take memory") {
  CHECK(is_refused(with("[[1, 420]]", std::string(100'000, '[') + std::string(100'000, ']'))));
  std::string many = "[[1,1]";
  for (int i = 0; i < 200'000; ++i) many += ",[1,1]";
  CHECK(is_refused(with("[[1, 420]]", many + "]")));
  const auto parsed = parse_answer(with("starts too late", std::string(100'000, 'x')));
  REQUIRE(parsed.answer);
  CHECK(parsed.answer->rejected[0].message.size() <= 500);
}

TEST_CASE("response: error bodies give code and message, other bodies nothing") {
  const auto body = parse_error_body(R"({"code":"57014","message":"canceling","details":null,"hint":null})");
  CHECK(body.json);
  CHECK(body.code == "57014");
  CHECK(body.message == "canceling");
  CHECK_FALSE(parse_error_body("<h1>502</h1>").json);
  CHECK(parse_error_body(R"({"code":57014})").code.empty());
  CHECK_FALSE(parse_error_body("[1]").json);
  CHECK_FALSE(parse_error_body("").json);
}

TEST_CASE("response: what HQ says of coverage is understood, and nothing else in its place") {
  const auto coverage = [](const std::string& text) {
    return with(R"("pace_ms": 1500)", R"("pace_ms": 0, "coverage": )" + text);
  };
  const auto parsed =
      parse_answer(coverage(R"({"taken": 3, "ignored": 1, "first": "coverage[0]: is not an object"})"));
  REQUIRE(parsed.answer);
  REQUIRE(parsed.answer->coverage);
  CHECK(parsed.answer->coverage->taken == 3);
  CHECK(parsed.answer->coverage->ignored == 1);
  CHECK(parsed.answer->coverage->first == "coverage[0]: is not an object");
  CHECK_FALSE(parse_answer(kAnswer).answer->coverage);
  CHECK(is_refused(coverage("7")));
  CHECK(is_refused(coverage(R"({"taken": "all", "ignored": 0})")));
  CHECK(is_refused(coverage(R"({"taken": 1})")));
}

TEST_CASE("response: in version 2 what goes without saying is understood") {
  const auto parsed = parse_answer(R"({"v":2,"watermark":7,"history":"h","time":1})");
  REQUIRE(parsed.answer);
  CHECK(parsed.answer->version == 2);
  REQUIRE(parsed.answer->applied.size() == 1);
  CHECK(parsed.answer->applied[0].first == 1);
  CHECK(parsed.answer->applied[0].last == 7);
  CHECK(parse_answer(R"({"v":2,"watermark":0,"history":"h","time":1})").answer->applied.empty());
  CHECK(parse_answer(R"({"v":1,"watermark":7,"history":"h","time":1})").answer->applied.empty());
}

TEST_CASE("response: versions that are not ours are refused by the code that says who is older") {
  const auto code = [](const std::string& body, Versions ours) {
    const auto parsed = parse_answer(body, ours);
    CHECK_FALSE(parsed.answer);
    REQUIRE(parsed.refused);
    return parsed.refused->code;
  };
  CHECK(code(R"({"v":3,"watermark":7,"history":"h","time":1})", {1, 2}) == "gateway_too_old");
  CHECK(code(R"({"v":1,"watermark":7,"history":"h","time":1})", {2, 3}) == "hq_too_old");
  CHECK(code(R"({"v":9,"versions":[8,9],"error":{"code":"gateway_too_old"}})", {1, 2}) == "gateway_too_old");
  CHECK(parse_answer(R"({"v":9,"versions":[8,9],"error":{"code":"gateway_too_old"}})").refused->versions ==
        Versions{8, 9});
}

TEST_CASE("response: what HQ understands, and by which rules it judges, is taken where it says so") {
  const auto parsed =
      parse_answer(R"({"v":2,"watermark":0,"history":"h","time":1,"versions":[1,3],"schema":"4.1"})");
  REQUIRE(parsed.answer);
  CHECK(parsed.answer->versions == Versions{1, 3});
  CHECK(parsed.answer->schema == "4.1");
  for (const char* versions : {"7", "[1]", "[3,1]", "[0,1]", "[1,2,3]", R"(["1","2"])"}) {
    CAPTURE(versions);
    CHECK(is_refused(std::string(R"({"v":2,"watermark":0,"history":"h","time":1,"versions":)") + versions +
                     "}"));
  }
}
