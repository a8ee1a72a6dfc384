#include "gateway/status/access.hpp"

#include <doctest/doctest.h>

using namespace lintel::status;
using namespace std::chrono_literals;
using Why = Access::Denied::Why;

namespace {

struct Door {
  Access::Clock::time_point now{1h};
  int given = 0;
  Access access{{"135790", [this] { return now; }, [this] { return "token" + std::to_string(++given); }}};

  Why refused(const char* pin, const std::string& peer = "10.0.0.7") {
    const auto entered = access.enter(pin, "", peer);
    REQUIRE_FALSE(entered);
    return entered.error().why;
  }
  bool enters(const char* pin, const std::string& peer = "10.0.0.7") {
    return access.enter(pin, "", peer).has_value();
  }
};

}  // namespace

TEST_CASE("access: the PIN gives a session with two different tokens, a cookie finds it") {
  Door door;
  const auto entered = door.access.enter("135790", "Ada", "10.0.0.7");
  REQUIRE(entered);
  CHECK((*entered)->cookie != (*entered)->csrf);
  const auto cookie = (*entered)->cookie;
  REQUIRE(door.access.find(cookie) != nullptr);
  CHECK(door.access.find(cookie)->name == "Ada");
  CHECK(door.access.find(cookie + "x") == nullptr);
  CHECK(door.access.find("") == nullptr);
  door.access.leave(cookie);
  CHECK(door.access.find(cookie) == nullptr);
}

TEST_CASE("access: without a PIN nobody enters, not even with an empty one") {
  Access access({});
  CHECK_FALSE(access.pin_set());
  const auto entered = access.enter("", "", "10.0.0.7");
  REQUIRE_FALSE(entered);
  CHECK(entered.error().why == Why::no_pin_set);
}

TEST_CASE("access: a beginning of the PIN, a longer one and an empty one are wrong") {
  Door door;
  for (const char* pin : {"13579", "1357901", "", "135791"}) CHECK(door.refused(pin) == Why::wrong);
  CHECK(door.enters("135790"));
}

TEST_CASE("access: a name with control characters or of great length is refused, not cut") {
  Door door;
  for (const auto& name : {std::string("a\nb"), std::string(61, 'x')}) {
    const auto entered = door.access.enter("135790", name, "10.0.0.7");
    REQUIRE_FALSE(entered);
    CHECK(entered.error().why == Why::bad_name);
  }
}

TEST_CASE("access: after five wrong PINs a client waits, longer each time, and the right one waits as well") {
  Door door;
  for (int i = 0; i < 5; ++i) CHECK(door.refused("000000") == Why::wrong);
  CHECK(door.refused("135790") == Why::slow_down);
  CHECK(door.enters("135790", "10.0.0.8"));  // somebody else need not wait
  door.now += 29s;
  CHECK(door.refused("135790") == Why::slow_down);
  door.now += 1s;
  CHECK(door.refused("000000") == Why::wrong);
  door.now += 59s;
  const auto entered = door.access.enter("135790", "", "10.0.0.7");
  REQUIRE_FALSE(entered);
  CHECK(entered.error().wait == 1s);
  door.now += 1s;
  CHECK(door.enters("135790"));
  CHECK(door.refused("000000") == Why::wrong);  // it begins anew
}

TEST_CASE("access: waiting never takes longer than an hour, and a day forgives") {
  Door door;
  for (int i = 0; i < 30; ++i) {
    (void)door.access.enter("000000", "", "10.0.0.7");
    door.now += 1h;
  }
  CHECK(door.refused("000000") == Why::wrong);
  door.now += 24h + 1s;
  for (int i = 0; i < 5; ++i) CHECK(door.refused("000000") == Why::wrong);
}

TEST_CASE("access: guessing from many addresses is slowed down to one try a minute") {
  Door door;
  int heard = 0;
  for (int i = 0; i < 600; ++i) {  // ten minutes, a try a second, each from elsewhere
    const auto entered = door.access.enter("000000", "", "10.0." + std::to_string(i) + ".1");
    if (entered.error().why == Why::wrong) ++heard;
    door.now += 1s;
  }
  CHECK(heard == 30 + 9);
}

TEST_CASE("access: a session ends after a quarter of an hour without use and after a working day with it") {
  Door door;
  auto cookie = door.access.enter("135790", "", "10.0.0.7").value()->cookie;
  door.now += 15min + 1s;
  CHECK(door.access.find(cookie) == nullptr);
  cookie = door.access.enter("135790", "", "10.0.0.7").value()->cookie;
  for (int i = 0; i < 48; ++i) {
    door.now += 10min;
    CHECK(door.access.find(cookie) != nullptr);
  }
  door.now += 10min;
  CHECK(door.access.find(cookie) == nullptr);
}

TEST_CASE("access: of more than sixteen sessions the one that was not used for longest ends") {
  Door door;
  const auto first = door.access.enter("135790", "", "10.0.0.7").value()->cookie;
  door.now += 1s;
  const auto second = door.access.enter("135790", "", "10.0.0.7").value()->cookie;
  door.now += 1s;
  CHECK(door.access.find(first) != nullptr);
  for (int i = 0; i < 15; ++i) {
    door.now += 1s;
    CHECK(door.enters("135790"));
  }
  CHECK(door.access.find(second) == nullptr);
  CHECK(door.access.find(first) != nullptr);
}
