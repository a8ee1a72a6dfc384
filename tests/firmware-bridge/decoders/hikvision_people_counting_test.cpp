#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using nlohmann::json;
using Lines = std::vector<std::string>;

namespace {

Decoded decoded(const std::string& payload) {
  Frame frame;
  frame.payload = payload;
  DecodeSession session;
  Decoded out;
  decoders::Registry::built_in().find("hikvision-peoplecounting")->decode(frame, {}, session, out);
  return out;
}

Lines decode(const std::string& payload) {
  return test::describe(decoded(payload));
}

/// A notification around what a people counter says.
std::string notification(const std::string& counting, const std::string& head = "") {
  return "<EventNotificationAlert xmlns=\"urn:psialliance-org\"><macAddress>M1</macAddress>" + head +
         "<dateTime>2020-07-12T12:07:07+08:00</dateTime><eventType>PeopleCounting</eventType>"
         "<peopleCounting>" +
         counting + "</peopleCounting></EventNotificationAlert>";
}

std::string event(const std::string& type, const std::string& state) {
  return "<EventNotificationAlert><macAddress>M1</macAddress><eventType>" + type +
         "</eventType><eventState>" + state + "</eventState></EventNotificationAlert>";
}

const std::string kRealTime =
    "<statisticalMethods>realTime</statisticalMethods><RealTime><time>2020-07-09T12:07:07+08:00</time>"
    "</RealTime>";
const std::string kRange =
    "<statisticalMethods>timeRange</statisticalMethods><TimeRange><startTime>2020-07-09T12:00:00+08:00"
    "</startTime><endTime>2020-07-09T12:15:00+08:00</endTime></TimeRange>";
const std::string kCounts = "<enter>70</enter><exit>75</exit>";
const std::string kTotal =
    "M1 total at 2020-07-09T04:07:07Z from - to - line '1' region '' in 70 out 75 people -";
const std::string kInterval =
    "M1 interval at 2020-07-09T04:15:00Z from 2020-07-09T04:00:00Z to 2020-07-09T04:15:00Z line '1' region "
    "'' in 70 out 75 people -";

}  // namespace

TEST_CASE("hikvision: realTime is a total at the time of the count, which is not that of the message") {
  CHECK(decode(notification(kRealTime + kCounts)) == Lines{kTotal});
  CHECK(decode(notification("<statisticalMethods>realTime</statisticalMethods>" + kCounts)) ==
        Lines{"M1 total at 2020-07-12T04:07:07Z from - to - line '1' region '' in 70 out 75 people -"});
}

TEST_CASE("hikvision: timeRange is an interval") {
  CHECK(decode(notification(kRange + kCounts)) == Lines{kInterval});
}

TEST_CASE("hikvision: an interval without a window that can be is refused by its place") {
  const std::string at = " /EventNotificationAlert/peopleCounting/TimeRange/";
  CHECK(decode(notification("<statisticalMethods>timeRange</statisticalMethods>" + kCounts)) ==
        Lines{"reject sanity" + at + "startTime: missing, but the counts are of a window"});
  std::string backwards = kRange;
  backwards.replace(backwards.find("12:15"), 5, "11:15");
  CHECK(decode(notification(backwards + kCounts)) ==
        Lines{"reject sanity" + at + "endTime: the window ends before it starts"});
}

TEST_CASE("hikvision: an unreadable time leaves a total to its arrival and says so") {
  std::string broken = kRealTime;
  broken.replace(broken.find("07-09"), 5, "13-09");
  CHECK(decode(notification(broken + kCounts)) ==
        Lines{"M1 total at - from - to - line '1' region '' in 70 out 75 people - [invalid_timestamp]",
              "reject sanity /EventNotificationAlert/peopleCounting/RealTime/time: expected a time like "
              "2024-07-08T12:27:24+08:00, found \"2020-13-09T12:07:07+08:00\""});
}

TEST_CASE("hikvision: the region is the line, and the channel of a recorder keeps its cameras apart") {
  const auto line = [](const std::string& region, const std::string& head) {
    return decoded(notification(kRealTime + kCounts + region, head)).observations.at(0).line;
  };
  CHECK(line("<regionsID>2</regionsID>", "") == "2");
  CHECK(line("<regionID>3</regionID>", "<channelID>1</channelID>") == "3");
  CHECK(line("", "<channelID>4</channelID>") == "4/1");
  CHECK(line("<regionsID>2</regionsID>", "<channelID>4</channelID>") == "4/2");
  CHECK(decode(notification(kRealTime + kCounts + "<regionsID/>")) ==
        Lines{"reject sanity /EventNotificationAlert/peopleCounting/regionsID: expected the number of the "
              "line"});
}

TEST_CASE("hikvision: passers-by, filtered re-entries and children explain a count and add nothing to it") {
  std::string payload =
      notification(kRealTime + kCounts + "<pass>9</pass><duplicatePeople>4</duplicatePeople>" +
                   "<vehicleEnter>50</vehicleEnter>");
  payload.replace(payload.find("</EventNot"), 0,
                  "<childCounting><enter>3</enter><exit>2</exit></childCounting>");
  CHECK(decode(payload) == Lines{kTotal + " [passing=9] [duplicates=4] [child_in=3] [child_out=2]"});
}

TEST_CASE("hikvision: what the camera kept while offline is marked as history") {
  CHECK(decode(notification(kRange + kCounts, "<isDataRetransmission>true</isDataRetransmission>")) ==
        Lines{kInterval + " [historical]"});
  CHECK(decode(notification(kRange + kCounts, "<isDataRetransmission>false</isDataRetransmission>")) ==
        Lines{kInterval});
}

TEST_CASE("hikvision: an absent count stays absent, a broken one refuses the line") {
  CHECK(decode(notification(kRealTime + "<enter>0</enter>")) ==
        Lines{"M1 total at 2020-07-09T04:07:07Z from - to - line '1' region '' in 0 out - people -"});
  CHECK(decode(notification(kRealTime)) ==
        Lines{"reject unsupported /EventNotificationAlert/peopleCounting: states neither enter nor exit"});
  CHECK(decode(notification(kRealTime + "<enter>many</enter><exit>1</exit>")) ==
        Lines{"reject sanity /EventNotificationAlert/peopleCounting/enter: expected a whole number from 0 to "
              "999999999999, found \"many\""});
  CHECK(decode(notification(kRealTime + kCounts + "<enter>1</enter>")) ==
        Lines{"reject integrity /EventNotificationAlert/peopleCounting/enter: stated twice"});
}

TEST_CASE("hikvision: a method of counting that nobody knows is refused") {
  CHECK(
      decode(notification("<statisticalMethods>daily</statisticalMethods>" + kCounts)) ==
      Lines{"reject unsupported /EventNotificationAlert/peopleCounting/statisticalMethods: expected realTime "
            "or timeRange, found \"daily\""});
}

TEST_CASE("hikvision: other events of the stream count nobody") {
  for (const char* type : {"videoloss", "VMD", "IO", "linedetection"})
    CHECK(decode(event(type, "inactive")).empty());
  CHECK(
      decode(event("PeopleCounting", "active")) ==
      Lines{
          "reject sanity /EventNotificationAlert/peopleCounting: missing, but the event is PeopleCounting"});
}

TEST_CASE("hikvision: a covered camera and a lost picture are reported") {
  CHECK(decoded(event("shelteralarm", "active")).reports.at(0).tampered == true);
  CHECK(decoded(event("shelteralarm", "inactive")).reports.at(0).tampered == false);
  CHECK(decoded(event("videoloss", "active")).reports.at(0).faults == Lines{"no video"});
}

TEST_CASE("hikvision: XML inside JSON is found, and the envelope's message id marks repeats") {
  json push = {
      {"header", {{"deviceId", "D1"}, {"messageId", "m-1"}, {"type", "ys.open.isapi"}}},
      {"body", {{"payload", "<?xml version=\"1.0\"?>\r\n" + notification(kRange + kCounts) + "\r\n"}}}};
  const Decoded once = decoded(push.dump());
  CHECK(test::describe(once) == Lines{kInterval + " key m-1"});
  CHECK(once.observations.at(0).repeat_key == "m-1");

  push["body"]["copy"] = push["body"]["payload"];
  CHECK(decode(push.dump()) == Lines{kInterval + " key m-1"});

  std::string nameless = notification(kRange + kCounts);
  nameless.replace(nameless.find("M1"), 2, "");
  push["body"] = {{"payload", nameless}};
  CHECK(decoded(push.dump()).observations.at(0).sensor == "D1");
}

TEST_CASE("hikvision: JSON without a notification, and broken XML in it, are refused by their place") {
  CHECK(decode("{\"body\":{\"payload\":\"nothing\"}}") ==
        Lines{"reject unsupported /: expected a notification in XML, or JSON that holds one"});
  CHECK(decode("{\"body\":{\"payload\":\"<a><b></a>\"}}") ==
        Lines{"reject integrity /body/payload: not XML at byte 9 of 10 (mismatched tag)"});
  CHECK(
      decode("{\"body\":{\"payload\":\"<a/>\"}}") ==
      Lines{"reject unsupported /body/payload/a: expected the element EventNotificationAlert, found \"a\""});
}

TEST_CASE("hikvision: what is no notification is refused") {
  CHECK(decode("<html/>") ==
        Lines{"reject unsupported /html: expected the element EventNotificationAlert, found \"html\""});
  CHECK(decode("<EventNotificationAlert/>") ==
        Lines{"reject unsupported /EventNotificationAlert/eventType: missing: what happened?"});
}
