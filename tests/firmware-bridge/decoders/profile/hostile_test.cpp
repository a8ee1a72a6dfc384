// Profiles and payloads that somebody made up to do harm. What counts is that each ends soon.
#include <doctest/doctest.h>

#include <chrono>

#include <fmt/format.h>

#include "tests/firmware-bridge/decoders/profile/profile_of.hpp"

using namespace lintel;
using bridge::decoders::profile::load;
using bridge::decoders::profile::Samples;
using test::decoded;
using test::profile_of;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

/// Generous enough for sanitizers on a busy machine, far too short for anything that grows out of bounds.
class Soon {
 public:
  ~Soon() { CHECK(std::chrono::steady_clock::now() - begin_ < std::chrono::seconds(20)); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::string profile_text(std::string_view members) {
  return R"({"name": "t", "summary": "s", "source": "s", )" + std::string(members) + "}";
}

}  // namespace

TEST_CASE("hostile profile: nesting, size and numbers have bounds") {
  const Soon soon;
  CHECK(load(repeated("[", 100'000), Samples::run).problems.front() == "nested deeper than 32 levels");
  CHECK(load(repeated(R"({"a":)", 40'000), Samples::run).problems.front() == "nested deeper than 32 levels");
  CHECK(load(repeated(" ", 300'000), Samples::run).problems.front() ==
        "300000 bytes are too many for a profile: the limit is 262144");
  const auto huge =
      load(profile_text(R"("statements": [{"kind": "total", "count_in": "/list/99999999999999999999999"}])"),
           Samples::skip);
  CHECK(huge.profile != nullptr);
  const auto number =
      load(profile_text(R"("statements": [{"kind": "total", "count_in": 1e400}])"), Samples::skip);
  CHECK(number.profile == nullptr);
  CHECK(load(profile_text(R"("statements": [)" + repeated(R"({"kind": "total", "count_in": "/in"},)", 300) +
                          R"({}])"),
             Samples::skip)
            .problems.front() == "/statements: 301 entries are more than 256");
}

TEST_CASE("hostile profile: a million samples are refused, not run") {
  const Soon soon;
  const auto loaded =
      load(profile_text(R"("statements": [{"kind": "total", "count_in": "/in"}], "samples": [)" +
                        repeated("{},", 40'000) + "{}]"),
           Samples::run);
  CHECK(loaded.profile == nullptr);
  CHECK(loaded.problems.front() == "/samples: 40001 samples are more than 100");
  const auto many =
      load(profile_text(R"("statements": [{"kind": "total", "count_in": "/in"}], "samples": [)" +
                        repeated("{},", 1'000'000) + "{}]"),
           Samples::run);
  CHECK(many.profile == nullptr);
}

TEST_CASE("hostile profile: expressions that explode elsewhere take time in proportion to the text") {
  const Soon soon;
  const std::string text = repeated("a", 4000) + "!";
  for (const char* expression : {"(a+)+$", "(a|aa)+$", "(.*a){12}", "(a?){1000}a{1000}", "((a*)*)*b"}) {
    CAPTURE(expression);
    const auto loaded =
        load(profile_text(fmt::format(
                 R"J("payload": "text", "text": "{}", "statements": [{{"kind": "event", "count_in": 1}}])J",
                 expression)),
             Samples::skip);
    if (loaded.profile != nullptr) CHECK(decoded(*loaded.profile, text).size() == 1);
  }
  const auto large = load(
      profile_text(R"J("topic": "((a{100}){100}){100}", "statements": [{"kind": "event", "count_in": 1}])J"),
      Samples::skip);
  CHECK(large.profile == nullptr);
  const auto length =
      load(profile_text(fmt::format(R"J("topic": "{}", "statements": [{{"kind": "event", "count_in": 1}}])J",
                                    repeated("a", 2000))),
           Samples::skip);
  CHECK(length.problems.front() ==
        "/topic: a regular expression may have 1000 characters, this one has 2000");
}

TEST_CASE("hostile payload: lists, members and texts have bounds") {
  const Soon soon;
  const auto list = profile_of(R"("statements": [{"for_each": "/l", "kind": "event", "count_in": 1}])");
  const auto many = decoded(*list, R"({"l": [)" + repeated("0,", 50'000) + "0]}");
  CHECK(many.size() == 10'001);
  CHECK(many.back() == "reject sanity /: more than 10000 items in one message");
  const auto wrong =
      decoded(*profile_of(R"("statements": [{"for_each": "/l", "kind": "total", "count_in": "n"}])"),
              R"({"l": [)" + repeated("0,", 50'000) + "0]}");
  CHECK(wrong.size() == 21);
  CHECK(wrong.back() == "reject sanity 9981 more places like these");
  const auto nested =
      profile_of(R"("statements": [{"for_each": ["/l", "/l", "/l", "/l"], "kind": "event", "count_in": 1}])");
  CHECK(decoded(*nested, R"({"l": [)" + repeated("0,", 200) + "0]}").size() <= 10'001);

  std::string keys = "{";
  for (int i = 0; i < 20'000; ++i) keys += fmt::format(R"("line_{}_in": 1,)", i);
  const auto numbered = profile_of(
      R"J("statements": [{"for_each": {"keys": "line_(?P<n>\\d+)_in"}, "kind": "total", "line": "$each.n", "count_in": "line_{n}_in"}])J");
  CHECK(decoded(*numbered, keys + R"("x": 1})").size() == 64);

  const auto text =
      profile_of(R"J("payload": "text", "text": ".*", "statements": [{"kind": "event", "count_in": 1}])J");
  CHECK(decoded(*text, repeated("a", 5000)) ==
        std::vector<std::string>{"reject length 5000 bytes are too long for a text: the limit is 4096"});
}

TEST_CASE("hostile payload: names that no database could hold are none") {
  const auto profile = profile_of(
      R"("sensor": "/id", "statements": [{"kind": "total", "line": "/l", "count_in": "/in", "flags": ["f={/f}"]}])");
  CHECK(decoded(*profile, R"({"id": "a\u0000b", "l": 1, "in": 1})").front().starts_with("reject sanity /id"));
  CHECK(decoded(*profile, "{\"id\": \"" + repeated("x", 129) + "\", \"l\": 1, \"in\": 1}")
            .front()
            .starts_with("reject sanity /id"));
  CHECK(decoded(*profile, R"({"id": "a", "l": {"x": 1}, "in": 1})").front() ==
        "reject sanity /l: expected the name of the line, found an object");
  CHECK(decoded(*profile, R"({"id": "a", "l": 1, "in": 1, "f": "\u0007"})").front().find("[") ==
        std::string::npos);
}
