// Serves the status page over a store of its own, for the page's tests: a month of a shop with three sensors.
// Commands on standard input, one a line: "walk" three people come in through the main door, "fault" the back
// door falls silent, "repair" it is back, "alert" one more alert opens. The end of input ends the server.

#include <unistd.h>

#include <iostream>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>

#include "gateway/health/alerts.hpp"
#include "gateway/status/actions.hpp"
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
    remember_the_month();
    count_the_regions();
    alert("critical", "open",
          "Readings cannot be stored: database or disk is full. Messages wait in memory and are not lost "
          "yet. Free space on "
          "the disk, or replace a card that has become read-only.",
          40);
    alert("warning", "acknowledged",
          "Back door: its battery is at 12 %. Replace the battery in the next days.", 300, back_);
    alert("warning", "resolved", "Main door: silent for 35 min. Check that it has power.", 3000, main_);
    store_.store().db().execute(
        fmt::format("update sensor_metadata set metadata = "
                    "'{{\"in_force\": {{\"line_names\": {{\"arcade\": \"Door to the arcade\"}}, \"lines\": "
                    "{{\"arcade\": {{}}, \"entrance\": {{}}}}}}}}' where id = {}",
                    main_));
    store_.store().db().execute(
        fmt::format("update sync_state set watermark = 3, last_success_at = {}", count_ms(now() - 20s)));
    store_.store().db().execute(fmt::format(
        "insert into device_states (sensor_id, battery_percent, battery_low, firmware, updated_at) values "
        "({0}, 12, 1, 'V1.0.3', {1});"
        "insert into sensor_states (sensor_id, at, status, kind, cause) values ({0}, {2}, 'offline', "
        "'sensor_offline', 'silent for 35 min'), ({0}, {1}, 'online', '', '')",
        back_, count_ms(now() - 30h), count_ms(now() - 32h)));
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

  void alert(const char* severity, const char* state, const char* message, int minutes_ago,
             std::optional<std::int64_t> sensor = {}) {
    store_.store()
        .db()
        .prepare(
            "insert into alerts (organization_id, store_id, sensor_id, public_id, kind, dedup_key, severity, "
            "state, message, details, opened_at, acknowledged_at, resolved_at, created_at, updated_at) "
            "values "
            "(1, 1, ?1, ?2, 'test', ?2, ?3, ?4, ?5, iif(?4 = 'acknowledged', '{\"acknowledged_by\": "
            "\"Ines\"}', "
            "'{}'), ?6, iif(?4 = 'acknowledged', ?7, null), iif(?4 = 'resolved', ?7, null), ?6, ?7)")
        .bind(sensor, fmt::format("alert {}", ++alerts_), severity, state, message,
              count_ms(now() - std::chrono::minutes{minutes_ago}),
              count_ms(now() - std::chrono::minutes{minutes_ago / 2}))
        .run();
  }
  /// What the writer does for somebody who takes care of an alert.
  nlohmann::json acknowledge(const nlohmann::json& request) {
    const auto id = request.value("id", std::int64_t{0});
    if (health::acknowledge(store_.store().db(), id, request.value("actor", ""), now())) return {{"id", id}};
    return {{"refused", "no alert of that number is open and waits for that"}};
  }

  [[nodiscard]] status::Page page() {
    status::Runtime runtime;
    runtime.state_dir = store_.dir();
    // Open from 7:00 to 20:00, not on Sundays.
    runtime.closed = [](UtcMs from, UtcMs to) {
      const auto day = std::chrono::floor<std::chrono::days>(from);
      return to - day <= 7h || from - day >= 20h || std::chrono::weekday{day} == std::chrono::Sunday;
    };
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
    store_.store().db().execute(
        fmt::format("update sensor_metadata set created_at = {}", count_ms(at(0) - kMonth)));
    for (const char* line : {"entrance", "arcade"}) store_.cover(main_, line, at(0) - kMonth, now());
    for (const int hour : {7, 8, 10}) {
      store_.count("6537F28545220003", "Main door", "entrance", at(hour), 6 * hour - 40, 5 * hour - 34);
    }
    store_.cover(back_, "", at(-4 * 24), at(8, 30));  // before that it was away for a day and a half
    store_.cover(back_, "", at(0) - kMonth, at(-6 * 24 + 12));
    store_.cover(quiet_, "", at(0) - kMonth, now());
    store_.cover(back_, "", at(8, 30), at(9, 15), store::CoverageState::down);
    store_.cover(back_, "", at(10), at(11, 10));
    for (const int hour : {7, 8, 10}) store_.count("24E124716B501234", "Back door", "", at(hour, 5), hour, 1);
  }

  /// Roll-ups of the days before: more people towards the evening and on Saturdays, nobody on Sundays.
  void remember_the_month() {
    auto& db = store_.store().db();
    auto hour = db.prepare(
        "insert into hourly_analytics (organization_id, store_id, sensor_id, line, region, hour_at, "
        "count_in, "
        "count_out, readings, updated_at) values (1, 1, ?, ?, '', ?, ?, ?, 60, 0)");
    const auto today = test::StoreBench::day_begin();
    db.execute("begin");
    for (UtcMs day = today - kMonth; day < today; day += 24h) {
      const std::chrono::weekday weekday{std::chrono::floor<std::chrono::days>(day)};
      if (weekday == std::chrono::Sunday) continue;
      const bool away = day >= today - 6 * 24h && day < today - 4 * 24h;
      for (int i = 7; i < 20; ++i) {
        const int people = (i - 5) * (20 - i) * (weekday == std::chrono::Saturday ? 3 : 2) / 2 + (i * 7) % 5;
        const auto at = count_ms(day + std::chrono::hours{i});
        hour.bind(main_, "entrance", at, people, people - i % 4).run();
        hour.bind(main_, "arcade", at, people / 3, people / 3).run();
        if (!away || (day < today - 5 * 24h && i < 12))
          hour.bind(back_, "", at, people / 5, people / 4).run();
      }
    }
    db.execute(
        "insert into daily_analytics (organization_id, store_id, sensor_id, line, region, day, count_in, "
        "count_out, readings, updated_at) select 1, 1, sensor_id, line, '', hour_at / 86400000, "
        "sum(count_in), "
        "sum(count_out), sum(readings), 0 from hourly_analytics where updated_at = 0 group by sensor_id, "
        "line, "
        "hour_at / 86400000");
    db.execute(
        fmt::format("update daily_analytics set unallocated_in = 12, unallocated_out = 9 where day = {} "
                    "and line = 'entrance'",
                    count_ms(today) / 86'400'000 - 2));
    db.execute("commit");
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

  static constexpr std::chrono::days kMonth{40};

  test::StoreBench store_;
  int alerts_ = 0;
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
    if (command == "alert") shop_.alert("critical", "open", "The link broker is down. Check the broker.", 0);
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
  auto routes = page.routes();
  status::Actions::Parts parts;
  parts.verbs["acknowledge"] = [&shop](const nlohmann::json& request, const auto& reply) {
    reply(shop.acknowledge(request));
  };
  parts.actions = {{"acknowledge", {"acknowledge", {"id"}}}};
  parts.post = [&loop](std::function<void()> task) { boost::asio::post(loop, std::move(task)); };
  routes.actions = std::make_shared<status::Actions>(status::Access::Options{"135790"}, std::move(parts));
  auto server = status::HttpServer::open(loop, options, std::move(routes));
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
