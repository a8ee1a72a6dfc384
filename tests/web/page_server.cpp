// Serves the status page over a store of its own, for the page's tests. Commands on standard input, one a
// line: "walk" three people come in through the main door, "fault" the back door falls silent, "repair" it
// is back. The end of input ends the server.

#include <unistd.h>

#include <iostream>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>

#include "gateway/status/facts.hpp"
#include "gateway/status/http_server.hpp"
#include "gateway/status/page.hpp"
#include "tests/gateway/status/bench.hpp"

namespace {

using namespace lintel;
using namespace std::chrono_literals;
using health::Status;

/// Noon when the program starts: a test at midnight must not see two days.
UtcMs now() {
  static const auto begin = std::chrono::steady_clock::now();
  return test::StoreBench::day_begin() + 12h +
         std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
}

class Shop {
 public:
  Shop() : minute_(now() - 12min) {
    main_ = store_.count("6537F28545220003", "Main door", "entrance", minute_, 41, 38);
    store_.count("6537F28545220003", "Main door", "arcade", minute_, 12, 9);
    back_ = store_.count("24E124716B501234", "Back door", "", minute_, 7, 9);
    // What a sensor calls itself is never part of the page.
    quiet_ = store_.count("DVES_0A1B2C", "Lift <img src=x onerror=alert(1)>", "", minute_ - 3h, 2, 2);
    remember_the_morning();
    count_the_regions();
    store_.store().db().execute(
        fmt::format("update sync_state set watermark = 3, last_success_at = {}", count_ms(now() - 20s)));
    facts_.uptime = 26h;
    facts_.clock_source = "ntp";
    facts_.links = {{"broker", "mqtt", true, "", 4711}};
    facts_.hq.configured = true;
    facts_.hq.state = "current";
    facts_.sensors[main_] = {{Status::online, "", "", {}}, 0, now() - 8s};
    facts_.sensors[quiet_] = {{Status::unknown,
                               "quiet for 3 h",
                               "It reports only when somebody passes: walk through its door to be sure.",
                               {}},
                              0,
                              now() - 3h};
    repair();
  }

  void walk() {
    minute_ += 1min;
    store_.count("6537F28545220003", "Main door", "entrance", minute_, 3, 0);
    facts_.sensors[main_].last_data = now();
  }
  void fault() {
    facts_.sensors[back_] = {{Status::offline,
                              "silent for 42 min, it usually reports every 60 s",
                              "Check that the sensor has power and that its cable or radio link is in place.",
                              {}},
                             0,
                             now() - 42min};
  }
  void repair() { facts_.sensors[back_] = {{Status::online, "", "", {}}, 0, now() - 30s}; }

  [[nodiscard]] status::Page page() {
    status::Runtime runtime;
    runtime.state_dir = store_.dir();
    runtime.closed = [](UtcMs, UtcMs to) { return to <= test::StoreBench::day_begin() + 7h; };
    runtime.facts = [this] {
      facts_.time = now();
      return status::to_json(facts_);
    };
    return {store_.reader(), std::move(runtime)};
  }

 private:
  /// The shop opens at 7:00. The main door counted all the time, nobody came at 9:00; the back door was
  /// silent from 8:30 to 10:00, and has been since 11:10.
  void remember_the_morning() {
    const auto at = [](int hour, int minute = 0) {
      return test::StoreBench::day_begin() + std::chrono::hours{hour} + std::chrono::minutes{minute};
    };
    store_.store().db().execute("update sensor_metadata set created_at = 0");
    for (const char* line : {"entrance", "arcade"}) store_.cover(main_, line, at(0), now());
    for (const int hour : {7, 8, 10}) {
      store_.count("6537F28545220003", "Main door", "entrance", at(hour), 6 * hour - 40, 5 * hour - 34);
    }
    store_.cover(back_, "", at(0), at(8, 30));
    store_.cover(back_, "", at(8, 30), at(9, 15), store::CoverageState::down);
    store_.cover(back_, "", at(10), at(11, 10));
    for (const int hour : {7, 8, 10}) store_.count("24E124716B501234", "Back door", "", at(hour, 5), hour, 1);
  }

  /// 36 people on a floor for 30, counted at the doors since the morning; a lounge of which nobody says
  /// anything.
  void count_the_regions() {
    auto& store = store_.store();
    auto region = store.db().prepare(
        "insert into region_configurations (organization_id, store_id, sensor_id, public_id, region, name, "
        "capacity, "
        "settings, created_at, updated_at) values (1, 1, ?1, ?2, ?2, ?3, ?4, ?5, 0, 0)");
    region
        .bind(main_, "floor", "Sales floor", std::int64_t{30},
              R"({"counted_from": [{"sensor": "A", "line": "1"}]})")
        .run();
    region.bind(main_, "lounge", "Lounge", std::optional<std::int64_t>{}, "{}").run();
    const auto opened = test::StoreBench::day_begin() + 7h;
    store.db()
        .prepare(
            "insert into occupancy_periods (sensor_id, region, from_at, to_at, day, below_zero, uncertain) "
            "values (?, 'floor', ?, ?, ?, 2, 1)")
        .bind(main_, count_ms(opened), count_ms(opened + 24h),
              std::int64_t{std::chrono::floor<std::chrono::days>(opened).time_since_epoch().count()})
        .run();
    store.begin();
    store.readings().put(main_, "floor", store::Presence{minute_, 36}, minute_);
    store.commit({1, 1}, "", minute_);
  }

  test::StoreBench store_;
  UtcMs minute_;
  status::Facts facts_;
  std::int64_t main_ = 0, back_ = 0, quiet_ = 0;
};

class Commands {
 public:
  Commands(boost::asio::io_context& loop, Shop& shop) : loop_(loop), input_(loop, ::dup(0)), shop_(shop) {}

  void read() {
    boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(text_), '\n',
                                  [this](boost::system::error_code error, std::size_t length) {
                                    if (error) return loop_.stop();
                                    obey(text_.substr(0, length - 1));
                                    text_.erase(0, length);
                                    read();
                                  });
  }

 private:
  void obey(const std::string& command) {
    if (command == "walk") shop_.walk();
    if (command == "fault") shop_.fault();
    if (command == "repair") shop_.repair();
  }

  boost::asio::io_context& loop_;
  boost::asio::posix::stream_descriptor input_;
  Shop& shop_;
  std::string text_;
};

}  // namespace

int main(int argc, char** argv) {
  boost::asio::io_context loop;
  Shop shop;
  auto page = shop.page();
  status::HttpServer::Options options;
  options.listen = argc > 1 ? argv[1] : "127.0.0.1:0";
  auto server = status::HttpServer::open(loop, options, page.routes());
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 2;
  }
  std::cout << fmt::format("listening on http://127.0.0.1:{}\n", (*server)->port()) << std::flush;
  Commands commands(loop, shop);
  commands.read();
  loop.run();
  return 0;
}
