#include "gateway/walk/verdict.hpp"

#include <doctest/doctest.h>

#include <ostream>

using namespace lintel::walk;

TEST_CASE("walk test: every pattern of counts has its verdict, and what to do") {
  struct Case {
    const char* what;
    Counts in, out;
    bool passed;
    const char* text;
    const char* advice;  ///< a part of it
  };
  const Case cases[] = {
      {"as it should be", {5, 0}, {0, 5}, true, "Every passage was counted: 5 in, 5 out.", ""},
      {"nothing", {0, 0}, {0, 0}, false, "Nothing was counted.", "online"},
      {"inverted",
       {0, 5},
       {5, 0},
       false,
       "In and out are swapped: walking in counted 5 out, walking out 5 in.",
       "invert=yes"},
      {"inverted with a miss",
       {0, 4},
       {5, 0},
       false,
       "In and out are swapped: walking in counted 4 out, walking out 5 in.",
       "invert=yes"},
      {"misses one in", {4, 0}, {0, 5}, false, "1 of 10 passages were missed.", "height"},
      {"misses most", {1, 0}, {0, 1}, false, "8 of 10 passages were missed.", "height"},
      {"counts twice",
       {10, 0},
       {0, 10},
       false,
       "10 passages too many were counted: 10 in, 10 out.",
       "door leaf"},
      {"counts one twice",
       {6, 0},
       {0, 5},
       false,
       "1 passages too many were counted: 6 in, 5 out.",
       "door leaf"},
      {"both ways each time",
       {5, 5},
       {5, 5},
       false,
       "Passages were counted both ways: 10 of them in the wrong direction.",
       "turned round"},
      {"one stranger the other way",
       {5, 1},
       {0, 5},
       false,
       "1 of 11 were counted in the wrong direction.",
       "Keep others out"},
      {"an entrance only",
       {5, 0},
       {0, 0},
       false,
       "Walking in was counted, walking out was not (0 of 5).",
       "one-way entrance"},
      {"an exit only",
       {0, 0},
       {0, 5},
       false,
       "Walking out was counted, walking in was not (0 of 5).",
       "one-way exit"},
      {"too few in, too many out",
       {4, 0},
       {0, 6},
       false,
       "1 too few one way, 1 too many the other.",
       "Somebody else"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    const auto verdict = judge(each.in, each.out, 5);
    CHECK(verdict.passed == each.passed);
    CHECK(verdict.text == each.text);
    CHECK(verdict.advice.find(each.advice) != std::string::npos);
    CHECK(verdict.advice.empty() == each.passed);
  }
}

TEST_CASE("walk test: no counts but the right ones pass, whatever they are") {
  for (std::int64_t a = 0; a <= 4; ++a) {
    for (std::int64_t b = 0; b <= 4; ++b) {
      for (std::int64_t c = 0; c <= 4; ++c) {
        for (std::int64_t d = 0; d <= 4; ++d) {
          const auto verdict = judge({a, b}, {c, d}, 2);
          CHECK(verdict.passed == (a == 2 && b == 0 && c == 0 && d == 2));
          CHECK_FALSE(verdict.text.empty());
          CHECK(verdict.advice.empty() == verdict.passed);
        }
      }
    }
  }
}
