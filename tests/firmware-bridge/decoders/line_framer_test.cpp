#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "firmware-bridge/core/line_framer.hpp"

using lintel::bridge::LineFramer;

namespace {

struct Lines {
  std::vector<std::string> whole;
  std::vector<std::string> overlong;

  auto sink() {
    return [this](std::string_view line, bool too_long) { (too_long ? overlong : whole).emplace_back(line); };
  }
};

}  // namespace

TEST_CASE("line framer: LF, CR and CR LF all end a line, and empty lines are nothing") {
  LineFramer framer;
  Lines lines;
  framer.feed("one\ntwo\rthree\r\n\n\r\r\nfour\n", lines.sink());
  CHECK(lines.whole == std::vector<std::string>{"one", "two", "three", "four"});
  CHECK(framer.pending().empty());
}

TEST_CASE("line framer: a line comes out once its end has arrived, however it was chunked") {
  const std::string text = "Walk In\r\nWalk Out\r\n\r\n5\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LineFramer framer;
    Lines lines;
    framer.feed(std::string_view(text).substr(0, cut), lines.sink());
    framer.feed(std::string_view(text).substr(cut), lines.sink());
    REQUIRE(lines.whole == std::vector<std::string>{"Walk In", "Walk Out", "5"});
  }
}

TEST_CASE("line framer: an overlong line is one failure, and the next line is whole again") {
  LineFramer framer(8);
  Lines lines;
  for (int i = 0; i < 1000; ++i) framer.feed("0123456789", lines.sink());
  CHECK(lines.whole.empty());
  CHECK(lines.overlong.empty());
  framer.feed("\r\n12345678\n123456789\nok\n", lines.sink());
  CHECK(lines.overlong == std::vector<std::string>{"01234567", "12345678"});
  CHECK(lines.whole == std::vector<std::string>{"12345678", "ok"});
}

TEST_CASE("line framer: what is left without an end can be asked for once") {
  LineFramer framer;
  Lines lines;
  framer.feed("a\n+-", lines.sink());
  CHECK(framer.pending() == "+-");
  framer.finish(lines.sink());
  framer.finish(lines.sink());
  CHECK(framer.pending().empty());
  framer.feed("\nb\n", lines.sink());
  CHECK(lines.whole == std::vector<std::string>{"a", "+-", "b"});
}

TEST_CASE("line framer: a reset forgets the line begun, also an overlong one") {
  LineFramer framer(4);
  Lines lines;
  framer.feed("half a li", lines.sink());
  framer.reset();
  framer.feed("ne\n", lines.sink());
  CHECK(lines.overlong.empty());
  CHECK(lines.whole == std::vector<std::string>{"ne"});
}
