#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/decode.hpp"

using nlohmann::json;

namespace {

struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

Answer run(const std::vector<std::string>& args) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = lintel::cli::decode(args, lintel::bridge::decoders::Registry::built_in(), out, err);
  return {code, out.str(), err.str()};
}

class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char name[] = "/tmp/lintel-decode-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    std::fclose(::fdopen(fd, "w"));
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { std::filesystem::remove(path_); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string sample(const char* name) {
  return std::string(LINTEL_CORPUS_DIR "/") + name;
}

}  // namespace

TEST_CASE("decode: a person gets a table with the numbers of the payload") {
  const Answer answer = run({"milesight-vs125", sample("milesight-vs125/periodic-and-total.capture.json")});
  CHECK(answer.code == 0);
  CHECK(answer.err.empty());
  for (const char* text : {"6537F28545220003", "interval", "total", "8442", "15583", "2026-07-31T23:12:00Z",
                           "line 1", "device_net=-7141", "up for 330 s", "observations: 2, rejected: 0"})
    CHECK_MESSAGE(answer.out.find(text) != std::string::npos, text);
}

TEST_CASE("decode: a script gets one JSON line for each thing stated") {
  const TempFile file(R"({"Time":"2021-12-31T09:44:59","COUNTER":{"C1":5,"C2":4}})");
  const Answer answer = run({"tasmota-counter", file.path(), "--topic", "tele/door1/SENSOR", "--map",
                             "door:in=C1,out=C2", "--json"});
  CHECK(answer.code == 0);
  const json line = json::parse(answer.out);
  CHECK(line["type"] == "observation");
  CHECK(line["sensor"] == "door1");
  CHECK(line["line"] == "door");
  CHECK(line["count_in"] == 5);
  CHECK(line["count_out"] == 4);
  CHECK(line["time"] == "2021-12-31T09:44:59(local)");
}

TEST_CASE("decode: a rejected payload is shown with its reason and exit code 1") {
  const TempFile file("{\"device_info\":");
  const Answer answer = run({"milesight-vs125", file.path()});
  CHECK(answer.code == 1);
  CHECK(answer.out.find("rejected (length): the JSON text is cut off after 15 bytes") != std::string::npos);
  const Answer lines = run({"milesight-vs125", file.path(), "--json"});
  CHECK(json::parse(lines.out)["kind"] == "length");
}

TEST_CASE("decode: a line without an end at the end of the file counts too") {
  const TempFile file("Walk In, People Count=1\r\nWalk Out, People Count=0");
  CHECK(run({"st-vl53l1x-arduino-lines", file.path()}).out.find("frames: 2, observations: 2") !=
        std::string::npos);
}

TEST_CASE("decode: an uplink may be given in hex, with the port that it came on") {
  const TempFile file("000000C8 000001c8\n00\n");
  const Answer answer = run({"terabee-l-xl-m-lorawan", file.path(), "--hex", "--port", "82", "--json"});
  CHECK(answer.code == 0);
  CHECK(json::parse(answer.out)["count_out"] == 456);
  CHECK(run({"terabee-l-xl-m-lorawan", file.path(), "--hex"}).out.find("without the port") !=
        std::string::npos);
}

TEST_CASE("decode: wrong use is explained with exit code 2") {
  const auto complains = [](const std::vector<std::string>& args, const char* about) {
    const Answer answer = run(args);
    CHECK(answer.code == 2);
    CHECK_MESSAGE(answer.err.find(about) != std::string::npos, answer.err);
  };
  complains({"milesight-vs25", "x"}, "did you mean milesight-vs125?");
  complains({"milesight-vs25", "x"}, "tasmota-counter ");
  complains({"milesight-vs125", "/nonexistent/file"}, "cannot read /nonexistent/file");
  complains({"milesight-vs125", "/tmp"}, "cannot read /tmp");
  complains({"milesight-vs125"}, "usage:");
  complains({}, "usage:");
  complains({"--frobnicate"}, "--frobnicate");
  complains({"tasmota-counter", "x", "--map", "door"}, "expected LINE:in=CHANNEL,out=CHANNEL");
  complains({"tasmota-counter", "x", "--map", "door:up=C1"}, "expected LINE:in=CHANNEL,out=CHANNEL");
  complains({"--cases", "/nonexistent/file"}, "cannot read");
  const TempFile text("0g");
  complains({"hkt-people-counter", text.path(), "--hex"}, "expected an even number of hex digits");
  complains({"hkt-people-counter", text.path(), "--port", "256"}, "--port: expected 1 to 255");
  const TempFile broken("{\"id\":\"a\"}\n");
  complains({"--cases", broken.path()}, ":1: not a case");
}

TEST_CASE("decode: every case of a corpus is answered, also those of decoders that are not there") {
  const TempFile cases(
      "{\"id\":\"a\",\"decoder\":\"unheard-of\",\"frames\":[{\"hex\":\"00\"}],\"expect\":[]}\n"
      "\n"
      "{\"id\":\"b\",\"decoder\":\"st-vl53l1x-arduino-lines\",\"frames\":[{\"hex\":\"2b0a\"},{\"hex\":\"2d\"}"
      "],\"stream\":true}\n"
      "{\"id\":\"c\",\"decoder\":\"tasmota-counter\",\"frames\":[{\"hex\":\"zz\"}]}\n");
  const Answer answer = run({"--cases", cases.path()});
  CHECK(answer.code == 0);
  std::istringstream lines(answer.out);
  std::string a, b, c;
  std::getline(lines, a);
  std::getline(lines, b);
  std::getline(lines, c);
  CHECK(json::parse(a)["observations"].empty());
  CHECK(json::parse(a)["rejects"][0]["kind"] == "unsupported");
  CHECK(json::parse(b)["observations"].size() == 2);
  CHECK(json::parse(c)["rejects"][0]["kind"] == "integrity");
}
