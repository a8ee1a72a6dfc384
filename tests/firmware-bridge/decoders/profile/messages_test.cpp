// What a person reads who has written a profile that is not in order.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/firmware-bridge/decoders/profile/profile_of.hpp"

using namespace lintel;
using bridge::decoders::profile::load;
using bridge::decoders::profile::Samples;

namespace {

struct Case {
  const char* members;
  const char* problem;
};

const Case kCases[] = {
    {R"("statments": [])", "/statments: nothing is called \"statments\" here, did you mean statements?"},
    {R"("statements": 5)", "/statements: expected a list, found 5"},
    {R"("statements": [])", "/: statements is missing: a profile says what is counted"},
    {R"("statements": [{"count_in": "/in"}])",
     "/statements/0: kind is missing: expected total, interval, event, level or presence"},
    {R"("statements": [{"kind": "totl", "count_in": "/in"}])",
     "/statements/0/kind: expected total, interval, event, level or presence, found \"totl\""},
    {R"("statements": [{"kind": "total"}])", "/statements/0: expected count_in, count_out or count"},
    {R"("statements": [{"kind": "level", "count_in": "/in"}])",
     "/statements/0: a level needs \"occupancy\": the people present"},
    {R"("statements": [{"kind": "presence"}])",
     "/statements/0: kind presence needs \"presence\": what says occupied or vacant"},
    {R"("statements": [{"kind": "interval", "count_in": "/in"}])",
     "/statements/0: an interval needs \"window\", here or for the whole profile"},
    {R"("window": {"from": "/a"}, "statements": [{"kind": "interval", "count_in": "/in"}])",
     "/window: expected two of from, to and length"},
    {R"("statements": [{"kind": "event", "count": 1}])",
     "/statements/0: \"count\" needs \"direction\" (what says in or out), or \"channel\""},
    {R"("statements": [{"kind": "event", "count": 1, "direction": "/d"}])",
     "/statements/0/direction: expected an object with from, in and out"},
    {R"("statements": [{"kind": "event", "count": 1, "direction": {"from": "/d", "in": 1}}])",
     "/statements/0/direction: out is missing: expected the values that mean it"},
    {R"("statements": [{"kind": "total", "count_in": "/in", "count": 1, "direction": {"from": "/d", "in": 1, "out": 2}}])",
     "/statements/0: \"count\" goes with \"direction\" or \"channel\", not with count_in and count_out"},
    {R"("statements": [{"kind": "total", "count_in": true}])",
     "/statements/0/count_in: expected where a value stands, for example \"/data/in\", found true"},
    {R"("statements": [{"kind": "total", "count_in": ""}])",
     "/statements/0/count_in: expected where a value stands, for example \"/data/in\", found an empty text"},
    {R"("statements": [{"kind": "total", "count_in": []}])",
     "/statements/0/count_in: expected at least one place to look at"},
    {R"("statements": [{"kind": "total", "count_in": {"form": "/in"}}])",
     "/statements/0/count_in/form: nothing is called \"form\" here, did you mean from?"},
    {R"("statements": [{"kind": "total", "count_in": {"list": "/a", "is": "fw", "from": "v"}}])",
     "/statements/0/count_in/list: needs \"by\": which member tells the elements of the list apart"},
    {R"("statements": [{"kind": "total", "count_in": {"list": "/a", "by": "n", "from": "v"}}])",
     "/statements/0/count_in: needs \"is\": the name of the element or column that is meant"},
    {R"("statements": [{"kind": "total", "count_in": {"from": "/a", "is": "x"}}])",
     "/statements/0/count_in/is: belongs to \"list\" or \"columns\""},
    {R"("statements": [{"kind": "total", "count_in": "../in"}])",
     "/statements/0/count_in: \"../in\" leads out of 1 items, but for_each goes 0 deep here"},
    {R"("statements": [{"kind": "total", "count_in": "/in/#"}])",
     "/statements/0/count_in: # is the number of an item, and there is no for_each here"},
    {R"("statements": [{"kind": "total", "count_in": "$tpic.n"}])",
     "/statements/0/count_in: $tpic.n is nothing that is known beside the document, did you mean topic?"},
    {R"J("topic": "(?P<name>.*)", "sensor": "$topic.nmae", "statements": [{"kind": "total", "count_in": "/in"}])J",
     "/sensor: no group of the profile's \"topic\" is called \"nmae\", did you mean name?"},
    {R"("statements": [{"kind": "total", "count_in": "$each.n"}])",
     "/statements/0/count_in: \"n\" needs a for_each with \"keys\""},
    {R"J("topic": "(", "statements": [{"kind": "total", "count_in": "/in"}])J",
     "/topic: not a regular expression: missing ): ("},
    {R"J("topic": "(?=x)", "statements": [{"kind": "total", "count_in": "/in"}])J",
     "/topic: not a regular expression: invalid perl operator: (?="},
    {R"("statements": [{"kind": "total", "count_in": "/in", "time": {"from": "/t", "format": "YYYY"}}])",
     "/statements/0/time/format: expected iso, unix, unix_s, unix_ms or a pattern like YYYY/MM/DD hh:mm:ss, "
     "found \"YYYY\""},
    {R"("statements": [{"kind": "total", "count_in": "/in", "time": {"from": "/t", "zone": "CET"}}])",
     "/statements/0/time/zone: expected \"utc\", \"device\" (nobody says, the sensor's configuration "
     "decides) or {\"offset\": where it stands}, found \"CET\""},
    {R"("statements": [{"kind": "total", "count_in": "/in", "where": "/x"}])",
     "/statements/0/where: expected an object like {\"/type\": \"counters\"}, found \"/x\""},
    {R"("statements": [{"kind": "total", "count_in": "/in", "where": {"/x": {"equals": 1}}}])",
     "/statements/0/where/~1x/equals: nothing is called \"equals\" here, known are comment, present, is, "
     "is_not, matches, below, at_least"},
    {R"("statements": [{"kind": "total", "count_in": "/in", "where": {"/x": [1.5]}}])",
     "/statements/0/where/~1x/0: expected a text, a whole number, true or false, found 1.5"},
    {R"("statements": [{"kind": "total", "count_in": "/in", "flags": "a{/b"}])",
     "/statements/0/flags: \"a{/b\" has a brace that is not closed, or more than 16 values"},
    {R"("statements": [{"for_each": {"list": "/a", "members": "/b"}, "kind": "total", "count_in": "in"}])",
     "/statements/0/for_each: expected one of list, members, keys"},
    {R"("statements": [{"for_each": ["/a", "b", "c", "d", "e"], "kind": "total", "count_in": "in"}])",
     "/statements/0/for_each: more than 4 levels"},
    {R"("payload": "xml", "statements": [{"kind": "total", "count_in": "/in"}])",
     "/payload: expected one of json, text, either, found \"xml\""},
    {R"("text": "x", "statements": [{"kind": "total", "count_in": "/in"}])",
     "/text: is for payloads that are text: add \"payload\": \"text\" or \"either\""},
    {R"("batch": 1, "statements": [{"kind": "total", "count_in": "/in"}])",
     "/batch: expected true or false, found 1"},
    {R"("reports": [{"battery_mv": {"from": "/v", "unit": "kV"}}], "statements": [{"kind": "total", "count_in": "/in"}])",
     "/reports/0/battery_mv/unit: expected one of mV, V, found \"kV\""},
    {R"("ignore": [{}], "statements": [{"kind": "total", "count_in": "/in"}])",
     "/ignore/0: where is missing: expected which messages or items count nobody; {} for all"},
};

std::string first_problem(std::string_view text) {
  const auto loaded = load(text, Samples::run);
  CHECK(loaded.profile == nullptr);
  return loaded.problems.empty() ? "none" : loaded.problems.front();
}

/// A profile whose only sample has these members.
std::string with_sample(std::string_view members) {
  return fmt::format(R"({{"name": "t", "summary": "s", "source": "s",
    "statements": [{{"kind": "total", "time": "/t", "count_in": "/in", "flags": ["checked"]}}], "samples": [{{{}}}]}})",
                     members);
}

}  // namespace

TEST_CASE("profile: whatever is wrong is told with its place and what was expected") {
  for (const Case& one : kCases) {
    CAPTURE(one.members);
    const auto problems = test::problems_of(one.members);
    REQUIRE_FALSE(problems.empty());
    CHECK(problems.front() == one.problem);
  }
}

TEST_CASE("profile: all that is wrong is told at once, and once each") {
  const auto problems = test::problems_of(
      R"("sensor": "$topic.x", "statements": [{"kind": "total", "count_in": "/in", "lien": "/l"}, {"kind": "total", "count_in": 5.5}])");
  CHECK(problems.size() == 3);
}

TEST_CASE("profile: syntax errors have a line and a column") {
  CHECK(first_problem("{\n  \"name\": \"x\",\n  \"summary\" \"y\"\n}") ==
        "3:15: this is no JSON: a comma, quote or bracket is missing or too many");
  CHECK(first_problem("\n\n {\"name\": }") ==
        "3:11: this is no JSON: a comma, quote or bracket is missing or too many");
  CHECK(first_problem("{\"name\": \"x\"") == "1:13: the JSON text ends too early");
  CHECK(first_problem("") == "1:1: the JSON text ends too early");
  CHECK(first_problem(R"({"name": "a", "name": "b"})") == "the key \"name\" is stated twice in one object");
  CHECK(first_problem("[]") == "/: expected an object, found a list");
}

TEST_CASE("profile: a sample that gives something else is told, fact by fact") {
  CHECK(first_problem(with_sample(R"("payload": {"in": 5}, "expect": [{"kind": "total", "count_in": 6}])")) ==
        "/samples/0/expect/0/count_in: expected 6, the sample gives 5");
  CHECK(first_problem(with_sample(R"("payload": {"in": 5}, "expect": [])")) ==
        "/samples/0/expect: the sample gives 1 readings, expected 0");
  CHECK(first_problem(with_sample(R"("payload": {"in": -5}, "expect": [])")) ==
        "/samples/0: the sample gives 1 rejects, expected 0: /in: expected a whole number from 0 to "
        "999999999999, found -5");
  CHECK(first_problem(with_sample(
            R"("payload": {"in": 5, "t": 1700000000}, "expect": [{"kind": "total", "count_in": 5}])")) ==
        "/samples/0/expect/0/time: expected nothing, the sample gives 2023-11-14T22:13:20Z");
  CHECK(first_problem(with_sample(
            R"("payload": {"in": 5}, "expect": [{"kind": "total", "count_in": 5, "flags": ["chekced"]}])")) ==
        "/samples/0/expect/0/flags/0: the sample does not give the flag \"chekced\", did you mean checked?");
  CHECK(first_problem(with_sample(R"("payload": {"in": 5}, "exepct": [])")) ==
        "/samples/0: expect is missing: expected the readings that it must give; [] for none");
  CHECK(
      first_problem(
          R"({"name": "t", "summary": "s", "source": "s", "statements": [{"kind": "total", "count_in": "/in"}]})") ==
      "/: samples is missing: expected a list of payloads with the readings they must give");
}

TEST_CASE("profile: the name is one that a file, a link and a command line can hold") {
  for (const char* name : {"", "-a", "Upper", "with space", "a/b", "ä"}) {
    CAPTURE(name);
    const auto problem = first_problem(fmt::format(
        R"({{"name": "{}", "summary": "s", "source": "s", "statements": [{{"kind": "total", "count_in": "/in"}}]}})",
        name));
    CHECK(problem.starts_with("/name: expected lower-case letters, digits and hyphens, found "));
  }
}
