// What a profile can say, one thing at a time.
#include <doctest/doctest.h>

#include "tests/firmware-bridge/decoders/profile/profile_of.hpp"

using namespace lintel;
using test::decoded;
using test::profile_of;

namespace {

using Lines = std::vector<std::string>;

/// The only line that comes out, shortened to what lies behind `after`.
std::string only(const Lines& lines) {
  REQUIRE(lines.size() == 1);
  return lines.front();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kTotal = R"("statements": [{"kind": "total", "count_in": "/in", "count_out": "/out"}])";

}  // namespace

TEST_CASE(
    "profile: a count is read however it is written, and refused with its place when it cannot be one") {
  const auto profile = profile_of(kTotal);
  for (const char* five : {"5", "5.0", "\"5\"", "\"5.000\"", "\" 5 \""})
    CHECK(has(only(decoded(*profile, std::string(R"({"in": )") + five + "}")), "in 5 out - people -"));
  for (const char* wrong :
       {"-1", "5.5", "\"five\"", "true", "[5]", "1000000000000", "1e300", "\"5e3\"", "\"\""}) {
    CAPTURE(wrong);
    const auto line = only(decoded(*profile, std::string(R"({"in": )") + wrong + "}"));
    CHECK(has(line, "reject sanity /in: expected a whole number from 0 to 999999999999, found "));
  }
  CHECK(only(decoded(*profile, R"({"in": null})")) == "reject unsupported /: states none of /in, /out");
}

TEST_CASE("profile: of several spellings the first that is there counts") {
  const auto profile = profile_of(
      R"("sensor": ["/serial", "/uid"], "statements": [{"kind": "total", "count_in": ["/in", "/In"]}])");
  CHECK(has(only(decoded(*profile, R"({"uid": 7, "In": 2})")), "7 total"));
  CHECK(has(only(decoded(*profile, R"({"serial": null, "uid": "a", "in": null, "In": 2})")), "in 2"));
  CHECK(only(decoded(*profile, R"({"in": 2})")) ==
        "reject sanity / (/serial or /uid): is missing: without the sensor's identity the counts belong to "
        "nobody");
}

TEST_CASE(
    "profile: identities come from the topic, a part of a text, a text with values in it, or the link") {
  const auto topic = profile_of(R"J("topic": "bus/(?P<id>[^/]+)/.*", "sensor": ["$topic.id", "$link"], )J" +
                                std::string(kTotal));
  CHECK(has(only(decoded(*topic, R"({"in": 1})", "bus/door7/state")), "door7 total"));
  CHECK(has(only(decoded(*topic, R"({"in": 1})", "elsewhere")), " total at"));
  const auto part =
      profile_of(R"J("sensor": {"from": "/name", "match": "devices/([^/]+)"}, )J" + std::string(kTotal));
  CHECK(has(only(decoded(*part, R"({"name": "devices/abc", "in": 1})")), "abc total"));
  CHECK(has(only(decoded(*part, R"({"name": "else/abc", "in": 1})")), "reject sanity /name"));
  const auto text = profile_of(R"("sensor": {"text": "space {/id}"}, )" + std::string(kTotal));
  CHECK(has(only(decoded(*text, R"({"id": 12, "in": 1})")), "space 12 total"));
  CHECK(has(only(decoded(*text, R"({"in": 1})")), "reject sanity"));
}

TEST_CASE(
    "profile: lines are elements of a list, members of an object, numbered keys or lists side by side") {
  const auto list = profile_of(
      R"("statements": [{"for_each": "/lines", "kind": "total", "line": "name", "count_in": "in"}])");
  CHECK(decoded(*list, R"({"lines": [{"name": "a", "in": 1}, {"name": 2, "in": 2}]})").size() == 2);
  CHECK(only(decoded(*list, R"({"lines": [{"in": 1}]})")) ==
        "reject sanity /lines/0/name: expected the name of the line, found nothing");

  const auto members = profile_of(
      R"("statements": [{"for_each": {"members": "/lines"}, "kind": "total", "line": "$key", "count_in": "in"}])");
  const auto named = decoded(*members, R"({"lines": {"left": {"in": 1}, "right": {"in": 2}}})");
  REQUIRE(named.size() == 2);
  CHECK(has(named[1], "line 'right' region '' in 2"));

  const auto keys = profile_of(
      R"J("statements": [{"for_each": {"keys": "line_(?P<n>\\d+)_(?:in|out)"}, "kind": "total", "line": "$each.n",
                          "count_in": "line_{n}_in", "count_out": "line_{n}_out"}])J");
  const auto numbered =
      decoded(*keys, R"({"line_1_in": 1, "line_1_out": 2, "line_2_out": 3, "line_x_in": 4})");
  REQUIRE(numbered.size() == 2);
  CHECK(has(numbered[0], "line '1' region '' in 1 out 2"));
  CHECK(has(numbered[1], "line '2' region '' in - out 3"));

  const auto parallel = profile_of(
      R"("statements": [{"for_each": "/ids", "kind": "level", "region": ".", "occupancy": "/people/#"}])");
  const auto regions = decoded(*parallel, R"({"ids": [4, 5, 6], "people": [1, 2]})");
  REQUIRE(regions.size() == 3);
  CHECK(has(regions[1], "region '5' in - out - people 2"));
  CHECK(has(regions[2], "reject unsupported /ids/2: states none of /people/#"));
}

TEST_CASE("profile: items lie inside items, and what is missing inside is told") {
  const auto profile = profile_of(
      R"("statements": [{"for_each": ["/groups", "lines"], "kind": "total", "line": {"text": "{../name} {name}"}, "count_in": "in"}])");
  CHECK(has(only(decoded(*profile, R"({"groups": [{"name": "A", "lines": [{"name": "x", "in": 1}]}]})")),
            "line 'A x'"));
  CHECK(only(decoded(*profile, R"({"groups": [{"name": "A"}]})")) ==
        "reject unsupported /groups/0/lines: is missing");
  CHECK(only(decoded(*profile, R"({"groups": {"name": "A"}})")) ==
        "reject unsupported /groups: expected a list");
  CHECK(only(decoded(*profile, R"({"other": 1})")) ==
        "reject unsupported /: no statement of test fits this message");
  CHECK(decoded(*profile, R"({"groups": []})").empty());
}

TEST_CASE("profile: a count is the element of a list with a name, which the installation may say") {
  const auto profile = profile_of(
      R"("statements": [{"kind": "total", "line": "/name",
           "count_in": {"list": "/counts", "by": "name", "is": ["fw", "Forward"], "channel": "in", "from": "value"},
           "count_out": {"list": "/counts", "by": "name", "is": ["bw", "Reverse"], "channel": "out", "from": "value"}}])");
  constexpr const char* kMessage =
      R"({"name": "door", "counts": [{"name": "fw", "value": 1}, {"name": "Reverse", "value": 2}, {"name": "A", "value": 3}]})";
  CHECK(has(only(decoded(*profile, kMessage)), "in 1 out 2"));
  bridge::DecodeSettings settings;
  settings.lines["door"] = {"A", "fw"};
  CHECK(has(only(decoded(*profile, kMessage, {}, settings)), "in 3 out 1"));
  CHECK(has(only(decoded(
                *profile,
                R"({"name": "d", "counts": [{"name": "fw", "value": 1}, {"name": "Forward", "value": 2}]})")),
            "reject unsupported"));
}

TEST_CASE("profile: a row is read by the names of its columns, in the order in which they are written") {
  const auto profile = profile_of(
      R"("statements": [{"for_each": "/rows", "kind": "total", "count_in": {"columns": "/head", "is": "in"}}])");
  CHECK(has(only(decoded(*profile, R"({"head": ["out", "in"], "rows": [[5, 6]]})")), "in 6"));
  CHECK(has(only(decoded(*profile, R"({"head": {"z": 0, "in": 0, "a": 0}, "rows": [[5, 6, 7]]})")), "in 6"));
  CHECK(has(only(decoded(*profile, R"({"head": ["out", "in"], "rows": [[5]]})")),
            "reject unsupported /rows/0"));
}

TEST_CASE("profile: a direction is told by a value, and of an event the other side is nobody") {
  const auto event = profile_of(
      R"("statements": [{"kind": "event", "count": 1, "direction": {"from": "/d", "in": [1, "fw"], "out": {"matches": "b.*"}}}])");
  CHECK(has(only(decoded(*event, R"({"d": "1"})")), "in 1 out 0"));
  CHECK(has(only(decoded(*event, R"({"d": "bw"})")), "in 0 out 1"));
  CHECK(only(decoded(*event, R"({"d": "up"})")) ==
        "reject unsupported /d: expected a direction, found \"up\"");
  const auto total = profile_of(
      R"("statements": [{"kind": "total", "count": "/n", "direction": {"from": "/d", "in": "fw", "out": "bw"}}])");
  CHECK(has(only(decoded(*total, R"({"d": "bw", "n": 9})")), "in - out 9"));
}

TEST_CASE("profile: channels are given a line and a direction by the installation") {
  const auto profile =
      profile_of(R"("statements": [{"kind": "total", "line": "/s", "channel": "/s", "count": "/n"}])");
  bridge::DecodeSettings settings;
  settings.lines["door"] = {"S1", "S2"};
  CHECK(has(only(decoded(*profile, R"({"s": "S2", "n": 4})", {}, settings)),
            "line 'door' region '' in - out 4"));
  CHECK(has(only(decoded(*profile, R"({"s": "S3", "n": 4})", {}, settings)),
            "line 'S3' region '' in 4 out - people - [no_direction]"));
}

TEST_CASE("profile: windows are two ends, or one end and a length in any unit") {
  const auto ends = profile_of(
      R"("window": {"from": "/a", "to": "/b"}, "statements": [{"kind": "interval", "count_in": "/in"}])");
  CHECK(has(only(decoded(*ends, R"({"a": 1700000000, "b": "2023-11-14T22:14:20Z", "in": 1})")),
            "at 2023-11-14T22:14:20Z from 2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z"));
  CHECK(only(decoded(*ends, R"({"a": 1700000000, "in": 1})")) ==
        "reject sanity /b: is missing: counts inside a window need both its ends");
  CHECK(only(decoded(*ends, R"({"a": 1700000000, "b": 1600000000, "in": 1})")) ==
        "reject sanity /b: the window ends before it starts");
  CHECK(only(decoded(*ends, R"({"a": "soon", "b": 1600000000, "in": 1})")) ==
        "reject sanity /a: expected a part of the window that is counted in, found \"soon\"");
  const auto length = profile_of(
      R"("statements": [{"kind": "interval", "window": {"to": "/b", "length": {"from": "/l", "unit": "min"}}, "count_in": "/in"}])");
  CHECK(has(only(decoded(*length, R"({"b": "2023-11-14T22:15:00Z", "l": 15, "in": 1})")),
            "from 2023-11-14T22:00:00Z"));
  CHECK(has(only(decoded(*length, R"({"b": "2023-11-14T22:15:00Z", "l": 0, "in": 1})")), "reject sanity /l"));
  const auto fixed = profile_of(
      R"("statements": [{"kind": "interval", "window": {"from": "/a", "length": 60}, "count_in": "/in"}])");
  CHECK(has(only(decoded(*fixed, R"({"a": 1700000000, "in": 1})")), "to 2023-11-14T22:14:20Z"));
}

TEST_CASE("profile: a level may have a window, and keeps its number when the window cannot be read") {
  const auto profile = profile_of(
      R"("statements": [{"kind": "level", "window": {"from": "/a", "to": "/b"}, "occupancy": "/n"}])");
  CHECK(has(only(decoded(*profile, R"({"a": "x", "b": 1700000000, "n": 3})")),
            "at 2023-11-14T22:13:20Z from - to - "));
  CHECK(has(only(decoded(*profile, R"({"n": 3})")), "at - from - to - "));
}

TEST_CASE("profile: times have a zone of their own, one beside them, a known one or none") {
  const auto time = [](std::string_view more, std::string_view message) {
    const auto profile = profile_of(R"("statements": [{"kind": "total", "time": {"from": "/t", )" +
                                    std::string(more) + R"(}, "count_in": "/n"}])");
    return only(decoded(*profile, message));
  };
  CHECK(has(time(R"("format": "iso")", R"({"t": "2024-06-01T12:00:00+02:00", "n": 1})"),
            "at 2024-06-01T10:00:00Z "));
  CHECK(has(time(R"("format": "iso")", R"({"t": "2024-06-01T12:00:00", "n": 1})"),
            "at 2024-06-01T12:00:00Z local "));
  CHECK(has(time(R"("format": "iso", "zone": "utc")", R"({"t": "2024-06-01 12:00:00", "n": 1})"),
            "at 2024-06-01T12:00:00Z from"));
  constexpr const char* kOffset =
      R"("format": "DD.MM.YYYY hh:mm", "zone": {"offset": "/z", "summer_time": "/s"})";
  CHECK(has(time(kOffset, R"({"t": "01.06.2024 12:00", "z": "UTC+1:00", "s": true, "n": 1})"),
            "at 2024-06-01T10:00:00Z from"));
  CHECK(has(time(kOffset, R"({"t": "01.06.2024 12:00", "z": "-0330", "s": false, "n": 1})"),
            "at 2024-06-01T15:30:00Z from"));
  CHECK(has(time(kOffset, R"({"t": "01.06.2024 12:00", "n": 1})"), "local"));
  CHECK(has(time(R"("format": "unix_ms")", R"({"t": "1700000000123", "n": 1})"),
            "at 2023-11-14T22:13:20.123Z"));
  CHECK(has(time(R"("format": "unix")", R"({"t": 1700000000.5, "n": 1})"), "at 2023-11-14T22:13:20.500Z"));
  CHECK(has(time(R"("format": ["YYYYMMDDhhmmss", "iso"])", R"({"t": 20240601120000, "n": 1})"),
            "at 2024-06-01T12:00:00Z local"));
}

TEST_CASE("profile: a wrong clock is flagged and takes no count with it") {
  const auto profile = profile_of(R"("time": "/t", )" + std::string(kTotal));
  CHECK(has(only(decoded(*profile, R"({"t": "2024-02-31T00:00:00Z", "in": 1})")),
            "at - from - to - line '' region '' in 1 out - people - [invalid_timestamp]"));
  CHECK(has(only(decoded(*profile, R"({"t": 300, "in": 1})")), "[device_clock_unset]"));
  CHECK(has(only(decoded(*profile, R"({"t": 946685671, "in": 1})")), "[device_clock_unset]"));
  CHECK(has(only(decoded(*profile, R"({"t": 165776767, "in": 1})")), "[device_clock_implausible]"));
  CHECK(has(only(decoded(*profile, R"({"t": {}, "in": 1})")), "[invalid_timestamp]"));
  CHECK_FALSE(has(only(decoded(*profile, R"({"in": 1})")), "["));
}

TEST_CASE("profile: flags may have values and conditions, and repeats are told apart by a key") {
  const auto profile = profile_of(
      R"J("flags": ["always", "package={/id}", {"flag": "incomplete_window({/n}/{/m})", "where": {
  "/n" : {
    "below" : "/m"
  }}}],
         "repeat_key": "/id", )J" +
      std::string(kTotal));
  CHECK(has(only(decoded(*profile, R"({"id": 7, "n": 4, "m": 5, "in": 1})")),
            "[always] [package=7] [incomplete_window(4/5)]"));
  CHECK(has(only(decoded(*profile, R"({"n": 5, "m": 5, "in": 1})")), "[always]"));
  bridge::Frame frame;
  frame.payload = R"({"id": 7, "in": 1})";
  bridge::DecodeSession session;
  bridge::Decoded out;
  profile->decode(frame, {}, session, out);
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations.front().repeat_key == "7");
}

TEST_CASE("profile: what is known to count nobody is accepted in silence, all else is refused") {
  const auto profile = profile_of(
      R"("statements": [{"where": {"/type": "count"}, "kind": "total", "count_in": "/in"},
                        {"for_each": "/items", "where": {"t": "a"}, "kind": "event", "count_in": "n"}],
         "ignore": [{"where": {"/type": ["hello", "bye"]}}, {"for_each": "/items", "where": {"t": {"is_not": ["a", "c"]}}}])");
  CHECK(decoded(*profile, R"({"type": "hello"})").empty());
  CHECK(only(decoded(*profile, R"({"type": "helo"})")) ==
        "reject unsupported /: no statement of test fits this message");
  CHECK(has(only(decoded(*profile, R"({"items": [{"t": "a", "n": 1}, {"t": "b"}]})")), "event"));
  CHECK(only(decoded(*profile, R"({"items": [{"t": "c"}]})")) ==
        "reject unsupported /items/0: nothing that the profile knows");
}

TEST_CASE("profile: several documents come in one message, wrapped or not") {
  const auto profile = profile_of(R"("unwrap": ["/data", "/values"], "batch": true, )" + std::string(kTotal));
  CHECK(decoded(*profile, R"([{"in": 1}, {"out": 2}])").size() == 2);
  CHECK(decoded(*profile, R"({"values": [{"in": 1}]})").size() == 1);
  CHECK(decoded(*profile, "[]").empty());
  CHECK(only(decoded(*profile, R"({"data": [{"in": -1}]})")) ==
        "reject sanity /data/0/in: expected a whole number from 0 to 999999999999, found -1");
  CHECK(only(decoded(*profile, "[5]")) == "reject unsupported /0: expected a JSON object");
}

TEST_CASE("profile: a running count of a line is stated once in a message") {
  const auto profile =
      profile_of(R"("statements": [{"for_each": "/l", "kind": "total", "line": "n", "count_in": "i"}])");
  const auto lines = decoded(*profile, R"({"l": [{"n": 1, "i": 1}, {"n": 1, "i": 1}, {"n": 2, "i": 1}]})");
  REQUIRE(lines.size() == 3);
  CHECK(has(lines[2], "reject sanity /l/1: the same line or region is stated twice"));
}

TEST_CASE("profile: devices report on themselves") {
  const auto profile = profile_of(
      R"("sensor": "/id", "reports": [{"battery_percent": {"from": "/b", "unit": "1"}, "battery_mv": {"from": "/v", "unit": "V"},
           "signal_dbm": "/rssi", "uptime_seconds": {"from": "/up", "unit": "min"}, "firmware": "/fw", "tampered": "/moved",
           "faults": [{"flag": "lens {/lens}", "where": {"/lens": "dirty"}}]},
          {"where": {"/will": {"present": true}}, "connected": "/will"}], )" +
      std::string(kTotal));
  bridge::Frame frame;
  frame.payload =
      R"({"id": "x", "in": 1, "b": 0.87, "v": "2.9", "rssi": -71, "up": 3, "fw": "1.2", "moved": true, "lens": "dirty"})";
  bridge::DecodeSession session;
  bridge::Decoded out;
  profile->decode(frame, {}, session, out);
  REQUIRE(out.reports.size() == 1);
  const auto& report = out.reports.front();
  CHECK(report.sensor == "x");
  CHECK(report.battery_percent == 87);
  CHECK(report.battery_mv == 2900);
  CHECK(report.signal_dbm == -71);
  CHECK(report.uptime_seconds == 180);
  CHECK(report.firmware == "1.2");
  CHECK(report.tampered == true);
  CHECK(report.faults == std::vector<std::string>{"lens dirty"});
  CHECK(decoded(*profile, R"({"id": "x", "in": 1, "b": 7, "rssi": 5000})").size() == 1);
  CHECK(only(decoded(profile_of(R"("reports": [{"where": {"/will": {"present": true}}, "connected": "/will"}],
      "statements": [{"where": {"/in": {"present": true}}, "kind": "total", "count_in": "/in"}])")
                         .
                         operator*(),
                     R"({"will": "offline"})")) == "report  connected no uptime -");
}

TEST_CASE("profile: text is taken apart by expressions with named groups") {
  const auto profile = profile_of(
      R"J("payload": "text", "framing": "lines", "text": ["C(?P<line>\\d+): *(?P<in>\\d+)/(?P<out>\\d+)", "boot.*"],
          "statements": [{"where": {"$text.in": {"present": true}}, "kind": "total", "line": "$text.line", "count_in": "$text.in", "count_out": "$text.out"}],
          "ignore": [{"where": {"$payload": {"matches": "boot.*"}}}])J");
  CHECK(profile->framing() == bridge::Framing::lines);
  CHECK(has(only(decoded(*profile, "C2: 17/4\r")), "line '2' region '' in 17 out 4"));
  CHECK(decoded(*profile, "boot 1.2").empty());
  CHECK(only(decoded(*profile, "C2: x/4")) ==
        "reject unsupported the text \"C2: x/4\" is none that the profile knows");
}

TEST_CASE("profile: a passage that a broker kept is not one now") {
  const auto profile = profile_of(R"("statements": [{"kind": "event", "count_in": "/in"}])");
  bridge::Frame frame;
  frame.payload = R"({"in": 1})";
  frame.retained = true;
  bridge::DecodeSession session;
  bridge::Decoded out;
  profile->decode(frame, {}, session, out);
  CHECK((out.observations.empty() && out.rejects.empty()));
}

TEST_CASE("profile: recognises its own payloads, if it can tell them from others'") {
  bridge::Frame frame;
  frame.payload = R"({"in": 1, "vendor": "acme"})";
  CHECK(profile_of(kTotal)->recognises(frame));
  CHECK_FALSE(profile_of(R"("recognise": false, )" + std::string(kTotal))->recognises(frame));
  CHECK(profile_of(R"("recognise": {"/vendor": "acme"}, )" + std::string(kTotal))->recognises(frame));
  CHECK_FALSE(profile_of(R"("recognise": {"/vendor": "other"}, )" + std::string(kTotal))->recognises(frame));
}
