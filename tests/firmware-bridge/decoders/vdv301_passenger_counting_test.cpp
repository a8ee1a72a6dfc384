#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using Lines = std::vector<std::string>;

namespace {

Lines decode(const std::string& payload) {
  Frame frame;
  frame.payload = payload;
  DecodeSession session;
  Decoded out;
  decoders::Registry::built_in().find("vdv301-itxpt-passenger-counting")->decode(frame, {}, session, out);
  return test::describe(out);
}

std::string counted(const std::string& type, const std::string& in, const std::string& out,
                    const std::string& quality = "Regular") {
  return "<Count><ObjectClass>" + type + "</ObjectClass><In>" + in + "</In><Out>" + out +
         "</Out><CountQuality>" + quality + "</CountQuality></Count>";
}

std::string value(int number) {
  return "<Value>" + std::to_string(number) + "</Value>";
}

std::string door(const std::string& id, const std::string& counts) {
  return "<CountingData><DoorID><Value>" + id + "</Value></DoorID>" + counts + "</CountingData>";
}

std::string answer(const std::string& doors, const std::string& time = "2022-03-07T15:00:54") {
  return "<PassengerCountingService.GetAllDataResponse><AllData><TimeStamp><Value>" + time +
         "</Value></TimeStamp>" + doors + "</AllData></PassengerCountingService.GetAllDataResponse>";
}

const std::string kAt = " total at 2022-03-07T15:00:54Z local from - to - line '1' region '' ";
const std::string kLocal = " [local_time_without_zone]";
const std::string kPlace = " /PassengerCountingService.GetAllDataResponse/AllData/CountingData[1]";

}  // namespace

TEST_CASE("vdv301: a door is the sum of the classes that are people") {
  const std::string counts = counted("Adult", value(12), value(9)) + counted("Child", value(2), value(1)) +
                             counted("WheelChair", value(1), value(0)) + counted("Bike", value(5), value(5)) +
                             counted("Pram", value(3), value(3)) + counted("Other", value(7), value(7));
  CHECK(decode(answer(door("1", counts))) ==
        Lines{kAt + "in 15 out 10 people - [adult=12/9] [child=2/1] [wheelchair=1/0]" + kLocal});
}

TEST_CASE("vdv301: a counter that knows no classes counts unidentified people") {
  CHECK(decode(answer(door("1", counted("Unidentified", value(4), value(3))))) ==
        Lines{kAt + "in 4 out 3 people - [unidentified=4/3]" + kLocal});
}

TEST_CASE("vdv301: a door that only counts things says nothing about people") {
  CHECK(decode(answer(door("1", counted("Bike", value(4), value(3))))).empty());
}

TEST_CASE("vdv301: a defect or sabotaged class marks the whole door") {
  for (const char* quality : {"Defect", "Sabotage"})
    CHECK(decode(answer(door(
              "1", counted("Adult", value(4), value(3), quality) + counted("Child", value(1), value(1))))) ==
          Lines{kAt + "in 5 out 4 people - [adult=4/3] [child=1/1] [counter_defect]" + kLocal});
}

TEST_CASE("vdv301: the defect of one door is not that of the next") {
  const Lines lines = decode(answer(door("1", counted("Adult", value(4), value(3), "Defect")) +
                                    door("2", counted("Adult", value(4), value(3)))));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("counter_defect") != std::string::npos);
  CHECK(lines[1].find("counter_defect") == std::string::npos);
}

TEST_CASE("vdv301: an error code beside a number marks it, one instead of a number refuses the door") {
  const std::string doubtful = value(4) + "<ErrorCode>DataEstimated</ErrorCode>";
  CHECK(decode(answer(door("1", counted("Adult", doubtful, value(3))))) ==
        Lines{kAt + "in 4 out 3 people - [adult=4/3] [counter_defect]" + kLocal});
  CHECK(decode(answer(door("1", counted("Adult", "<ErrorCode>FaultData</ErrorCode>", value(3))))) ==
        Lines{"reject sanity" + kPlace + "/Count[1]/In: no number but the error \"FaultData\""});
}

TEST_CASE("vdv301: a class that cannot be read spoils its door and no other") {
  const Lines lines =
      decode(answer(door("1", counted("Adult", value(4), value(3)) + counted("Child", "many", value(1))) +
                    door("2", counted("Adult", value(1), value(0)))));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("line '2'") != std::string::npos);
  CHECK(lines[1] == "reject sanity" + kPlace +
                        "/Count[2]/In: expected a whole number from 0 to 999999999, found \"many\"");
}

TEST_CASE("vdv301: a missing side is not taken for zero") {
  CHECK(
      decode(answer(door("1", "<Count><ObjectClass>Adult</ObjectClass><In><Value>1</Value></In></Count>"))) ==
      Lines{"reject sanity" + kPlace + "/Count[1]/Out: missing: the sum of the door would be wrong"});
}

TEST_CASE("vdv301: a door or a class stated twice counts once or not at all") {
  const std::string once = door("1", counted("Adult", value(4), value(3)));
  CHECK(decode(answer(once + once)) ==
        Lines{kAt + "in 4 out 3 people - [adult=4/3]" + kLocal,
              "reject sanity /PassengerCountingService.GetAllDataResponse/AllData/CountingData[2]: door 1 is "
              "stated twice"});
  const std::string twice = counted("Adult", value(4), value(3)) + counted("Adult", value(1), value(1));
  CHECK(decode(answer(door("1", twice))) ==
        Lines{"reject sanity" + kPlace + "/Count[2]: the class \"Adult\" is stated twice"});
}

TEST_CASE("vdv301: the answer for one door is read like that for all") {
  CHECK(
      decode("<PassengerCountingService.RetrieveSpecificDoorDataResponse><SpecificDoorData><TimeStamp><Value>"
             "2022-03-07T15:00:54+01:00</Value></TimeStamp>" +
             door("1", counted("Adult", value(4), value(3))) +
             "</SpecificDoorData></PassengerCountingService.RetrieveSpecificDoorDataResponse>") ==
      Lines{" total at 2022-03-07T14:00:54Z from - to - line '1' region '' in 4 out 3 people - [adult=4/3]"});
}

TEST_CASE("vdv301: an unreadable time leaves the counts to their arrival") {
  const Lines lines = decode(answer(door("1", counted("Adult", value(4), value(3))), "noon"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] ==
        " total at - from - to - line '1' region '' in 4 out 3 people - [adult=4/3] [invalid_timestamp]");
  CHECK(lines[1] ==
        "reject sanity /PassengerCountingService.GetAllDataResponse/AllData/TimeStamp: expected a "
        "time like 2022-03-07T15:00:54, found \"noon\"");
}

TEST_CASE("vdv301: other answers of the service count nobody, errors are shown") {
  CHECK(decode("<PassengerCountingService.SubscribeAllDataResponse><Active><Value>true</Value></Active>"
               "</PassengerCountingService.SubscribeAllDataResponse>")
            .empty());
  CHECK(decode("<PassengerCountingService.GetAllDataResponse><OperationErrorMessage><Value>no doors</Value>"
               "</OperationErrorMessage></PassengerCountingService.GetAllDataResponse>") ==
        Lines{"reject unsupported /PassengerCountingService.GetAllDataResponse/OperationErrorMessage: the "
              "counter answers \"no doors\""});
}

TEST_CASE("itxpt: the quality and time of a door are its own") {
  const auto itxpt = [](const std::string& quality, const std::string& classes) {
    return "<PassengerDoorCountDelivery><PassengerDoorCount><RecordedAtTime>2022-03-07T15:00:54</"
           "RecordedAtTime>"
           "<DoorId>1</DoorId><DoorCountQuality>" +
           quality + "</DoorCountQuality>" + classes + "</PassengerDoorCount></PassengerDoorCountDelivery>";
  };
  const std::string adults =
      "<PassengerCounting><ObjectClass>Adult</ObjectClass><DoorPassengerIn>12</DoorPassengerIn>"
      "<DoorPassengerOut>9</DoorPassengerOut></PassengerCounting>";
  CHECK(decode(itxpt("Regular", adults)) == Lines{kAt + "in 12 out 9 people - [adult=12/9]" + kLocal});
  CHECK(decode(itxpt("Defect", adults)) ==
        Lines{kAt + "in 12 out 9 people - [adult=12/9] [counter_defect]" + kLocal});
  CHECK(
      decode(itxpt("Regular", "")) ==
      Lines{
          "reject unsupported /PassengerDoorCountDelivery/PassengerDoorCount[1]/PassengerCounting: missing: "
          "no counts"});
}

TEST_CASE("vdv301: what is neither dialect is refused") {
  CHECK(decode("<html/>") ==
        Lines{"reject unsupported /: expected an answer of the PassengerCountingService or "
              "PassengerDoorCountDelivery, found \"html\""});
}
