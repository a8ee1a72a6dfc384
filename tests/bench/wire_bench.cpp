// What sync costs on the wire: bytes a reading in bodies of 300 readings and more, and bytes a day of a
// steady store of 20 sensors with a reading a minute each, everything included.
//   bench_wire [HOURS]     24
// The real counting, database, sync and credential go through the whole day, second by second, on a clock of
// their own; every request is a real one over TLS, through a front that counts at its sockets, to the
// stand-in for PostgREST and the real schema. HTTP/1.1, which costs more than HTTP/2; the front's certificate
// is small, and a whole handshake is paid at the start, for each renewed credential and for each connection
// that is new.
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "gateway/app/open_store.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/enrol/card_keeper.hpp"
#include "gateway/enrol/secret.hpp"
#include "gateway/store/identity.hpp"
#include "gateway/sync/schedule.hpp"
#include "gateway/sync/session.hpp"
#include "tests/bench/table.hpp"
#include "tests/bench/tls_front.hpp"
#include "tests/gateway/counting/truth/text_decoder.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/fill_store.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace lintel;
using namespace lintel::bench;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kSensors = 20;
constexpr std::int64_t kMinute = 60'000;

UtcMs machine_now() {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

/// Time as the test says it is, on all clocks.
struct Clock {
  UtcMs utc{};
  [[nodiscard]] Steady::time_point steady() const { return Steady::time_point{utc.time_since_epoch()}; }
};

/// A store with its gateway, which enrols, counts and tells.
class Store {
 public:
  Store(const std::string& url, const std::filesystem::path& ca, const std::string& enrolment, Clock& clock)
      : clock_(clock) {
    config::Link link;
    link.name = "road";
    link.type = config::Link::Type::serial;
    link.decoder = "truth";
    config_.links = {link};
    config_.state_dir = dir_.path() / "state";
    store_ = std::move(app::open_store(config_).value());
    store_->db().execute("pragma synchronous = off");  // the disk is not measured here
    series_ = std::make_unique<counting::SeriesStates>(store_->db());
    pipeline_ =
        std::make_unique<app::Pipeline>(config_, *store_, *series_, *clock::Zone::find("UTC"),
                                        [](std::string_view) { return &test::truth::text_decoder(); });
    options_.url = url;
    options_.http.ca_file = ca;
    options_.database = store::database_path(config_.state_dir);
    std::ofstream(dir_.path() / "token") << enrolment << '\n';
    enrol::Moment boot;
    boot.boot.fill(1);
    keeper_.emplace(
        enrol::CardKeeper::Parts{enrol::IdentityFile(config_.state_dir),
                                 {url, "", enrol::over_http(options_.http, stop_), enrol::new_secret,
                                  [this, boot]() mutable {
                                    boot.at = clock_.utc.time_since_epoch();
                                    return boot;
                                  }},
                                 dir_.path() / "token",
                                 options_.timing,
                                 [] { return 0.5; },
                                 {}});
    surroundings_.utc = [this] { return clock_.utc; };
    surroundings_.steady = [this] { return clock_.steady(); };
    surroundings_.random = [] { return 0.5; };
    surroundings_.credentials = &*keeper_;
    surroundings_.post = [this](sync::Confirmation said) { said_.push_back(std::move(said)); };
    session_.emplace(options_, surroundings_, stop_);
    schedule_.emplace(options_.timing);
  }

  /// The sensors that report in this second do, and sync has its turn if it is due.
  void second() {
    const auto second = count_ms(clock_.utc) / 1000 % 60;
    bool news = false;
    for (int sensor = 1; sensor <= kSensors; ++sensor) {
      if (second != sensor * 60 / kSensors % 60) continue;
      hear(sensor);
      news = true;
    }
    if (news) schedule_->heard(clock_.steady());
    news_ = news_ || news;
    if (clock_.steady() < schedule_->due(news_)) return;
    news_ = false;
    const auto turn = session_->turn(schedule_->silent_too_long(clock_.steady()));
    if (turn.kind == sync::Turn::Kind::failed) throw std::runtime_error(turn.verdict.message);
    for (const auto& each : std::exchange(said_, {})) apply(each);
    const auto interval = options_.timing.interval;
    schedule_->slot_at(clock_.steady() + sync::slot_of(session_->epoch(), interval) -
                       clock_.utc.time_since_epoch() % interval);
    schedule_->after(turn, clock_.steady(), 0.5);
  }

  [[nodiscard]] std::int64_t owed() {
    return store_->db().scalar("select w.next_change_no - 1 - s.watermark from sync_state s, writer_state w");
  }
  [[nodiscard]] std::int64_t readings() {
    return store_->db().scalar("select count(*) from people_counting_raw");
  }

 private:
  /// A counter's running totals: a few people a minute while the store is open.
  void hear(int sensor) {
    const auto hour = count_ms(clock_.utc) / 3'600'000 % 24;
    auto& [in, out] = totals_[static_cast<std::size_t>(sensor)];
    if (hour >= 9 && hour < 20) {
      in += static_cast<std::int64_t>((random_ = random_ * 1103515245 + 12345) >> 16) % 5;
      out += static_cast<std::int64_t>((random_ = random_ * 1103515245 + 12345) >> 16) % 5;
    }
    bridge::Frame frame;
    frame.link = "road";
    frame.payload =
        fmt::format("total serial=D{:02} in={} out={} at={}", sensor, in, out, count_ms(clock_.utc));
    frame.arrived = clock_.utc.time_since_epoch();
    store_->begin();
    pipeline_->process(frame, clock_.utc);
    commit();
    // As gateway/health judges sensors that report.
    store_->db()
        .prepare("update sensor_metadata set status = 'online', last_data_received = ? where serial = ?")
        .bind(count_ms(clock_.utc), fmt::format("D{:02}", sensor))
        .run();
  }

  void apply(const sync::Confirmation& confirmation) {
    store_->begin();
    (void)sync::apply(store_->db(), confirmation, clock_.utc);
    if (confirmation.configuration) {
      (void)store_->follow_calendar(clock_.utc);
      store_->sensors().reread();
      pipeline_->reload();
      pipeline_->settle_all(clock_.utc);
    }
    if (confirmation.carried) pipeline_->carry(clock_.utc);
    commit();
  }

  void commit() {
    series_->flush();
    pipeline_->flush();
    store_->commit(store_->position(), "", clock_.utc);
  }

  Clock& clock_;
  test::TempDir dir_;
  config::Config config_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<counting::SeriesStates> series_;
  std::unique_ptr<app::Pipeline> pipeline_;
  std::atomic<bool> stop_{false};
  sync::Options options_;
  std::optional<enrol::CardKeeper> keeper_;
  sync::Surroundings surroundings_;
  std::optional<sync::Session> session_;
  std::optional<sync::Schedule> schedule_;
  std::vector<sync::Confirmation> said_;
  std::array<std::pair<std::int64_t, std::int64_t>, kSensors + 1> totals_{};
  std::uint32_t random_ = 7;
  bool news_ = false;
};

/// What the front has counted once so many requests are in it: the client may know of an answer before.
Traffic settled(const TlsFront& front, std::uint64_t requests) {
  while (front.traffic().requests < requests) std::this_thread::sleep_for(1ms);
  return front.traffic();
}

/// Bytes at the socket a reading, in one request of so many.
double bytes_a_reading(test::RealHq& hq, const TlsFront& front, const std::filesystem::path& ca,
                       std::int64_t readings, double& body) {
  test::FilledStore rows;
  for (int i = 1; i <= kSensors; ++i) rows.sensor(fmt::format("S{:02}", i), fmt::format("Door {}", i));
  rows.db().prepare("update writer_state set epoch = ?").bind(store::random_uuid()).run();
  std::ofstream(rows.dir() / "credential") << hq.token() << '\n';
  sync::Options options;
  options.url = front.url();
  options.http.ca_file = ca;
  options.credential_file = rows.dir() / "credential";
  options.database = rows.path();
  sync::Surroundings surroundings;
  const auto now = machine_now();
  surroundings.utc = [&] { return now; };
  surroundings.steady = [] { return Steady::time_point{1h}; };
  surroundings.post = [&](const sync::Confirmation& said) { (void)sync::apply(rows.db(), said, now); };
  const std::atomic<bool> never{false};
  sync::Session session(options, surroundings, never);
  const auto before = front.traffic().requests;
  // The sensors become known, and requests grow.
  rows.minutes(40'000, kSensors, count_ms(now) / kMinute * kMinute - 5'000 * kMinute);
  while (session.watermark() < rows.last_change() || session.last_change() == 0 ||
         rows.db().scalar("select count(*) from day_checks where state = 'owed'") > 0) {
    if (const auto turn = session.turn(true); turn.kind == sync::Turn::Kind::failed) {
      throw std::runtime_error(turn.verdict.message);
    }
  }
  const auto first = session.last_change();
  const auto begin = settled(front, session.requests() + before);
  rows.minutes(static_cast<std::size_t>(readings), kSensors,
               count_ms(now) / kMinute * kMinute - 2'000 * kMinute);
  std::int64_t requests = 0;
  while (session.watermark() < first + readings) {
    (void)session.turn(false);
    ++requests;
  }
  const auto end = settled(front, session.requests() + before);
  body = static_cast<double>(end.bodies_up - begin.bodies_up) / static_cast<double>(readings);
  if (const auto most = (readings + 499) / 500; requests > most)
    throw std::runtime_error("more requests than meant");
  return static_cast<double>(end.up + end.down - begin.up - begin.down) / static_cast<double>(readings);
}

void print_shares(const Traffic& day) {
  const auto share = [&](const std::string& what, std::uint64_t bytes) {
    fmt::print("  {:<34} {:>9.1f} KB {:>5.1f} %\n", what, static_cast<double>(bytes) / 1000,
               static_cast<double>(bytes) * 100 / static_cast<double>(day.everything()));
  };
  fmt::print("where the day goes:\n");
  share("heads of IP and TCP", 52 * day.segments);
  const auto inside = day.heads_up + day.heads_down + day.bodies_up + day.bodies_down;
  share("TLS: records and handshakes", day.up + day.down - inside);
  share("HTTP heads up", day.heads_up);
  share("HTTP heads down", day.heads_down);
  share("bodies up", day.bodies_up);
  share("bodies down", day.bodies_down);
  for (const auto& [key, bytes] : day.keys) {
    if (bytes * 200 > day.everything()) share("  " + key, bytes);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (!test::RealHq::available()) {
    std::cerr << "PostgreSQL 15 and sqitch are needed\n";
    return 77;
  }
  const int hours = argc > 1 ? std::stoi(argv[1]) : 24;
  test::RealHq hq;
  test::TempDir dir;
  const test::Authority authority;
  const auto ca = dir.path() / "ca.pem", certificate = dir.path() / "cert.pem", key = dir.path() / "key.pem";
  authority.write(ca);
  authority.issue("localhost", certificate, key);
  TlsFront front(certificate, key, std::stoi(hq.url().substr(hq.url().rfind(':') + 1)), true);

  Clock clock{std::chrono::floor<std::chrono::minutes>(machine_now() - std::chrono::hours{hours} - 2min)};
  Store store(front.url(), ca, hq.enrolment_token(), clock);
  const auto until = clock.utc + std::chrono::hours{hours};
  for (; clock.utc < until; clock.utc += 1s) store.second();
  const auto day = front.traffic();
  const auto per_day = 24.0 / hours;
  if (store.owed() > 2 * kSensors) throw std::runtime_error("the store has not told HQ what it counted");

  double body300 = 0, body500 = 0;
  const auto wire300 = bytes_a_reading(hq, front, ca, 300, body300);
  const auto wire500 = bytes_a_reading(hq, front, ca, 500, body500);
  fmt::print("{} hours of {} sensors, {} readings, {} requests, {} connections\n", hours, kSensors,
             store.readings(), day.requests, day.connections);
  print_shares(day);
  const auto figure = [](std::string what, double value, std::string unit) {
    return Figure{.what = std::move(what), .value = value, .unit = std::move(unit), .accept = {}, .aim = {}};
  };
  const std::vector<Figure> figures{
      {.what = "a reading in a body of 300, the body alone",
       .value = body300,
       .unit = "B",
       .accept = 6,
       .aim = 4,
       .decides = true},
      figure("the same, everything inside TCP, the answer too", wire300, "B"),
      figure("a reading in a body of 500, the body alone", body500, "B"),
      figure("the same, everything inside TCP, the answer too", wire500, "B"),
      figure("a steady store a day, inside TCP", static_cast<double>(day.up + day.down) * per_day / 1e6,
             "MB"),
      {.what = "a steady store a day, everything, heads of IP and TCP too",
       .value = static_cast<double>(day.everything()) * per_day / 1e6,
       .unit = "MB",
       .accept = 3,
       .aim = 1,
       .decides = true},
  };
  print(figures);
  return acceptable(figures) ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
