// The real gateway under a wall clock that lies: in 1970, stepped, off by a week, or not known for three
// boots. What happens is an hour of minutes, each with a window of one device and a total of another whose
// own clocks are unset, so that all rests on the gateway's. Every count has to be there once, where it
// belongs.
#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "gateway/store/store.hpp"
#include "tests/gateway/sync/tls_server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_publisher.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Seconds = std::chrono::seconds;

constexpr auto kDay = std::chrono::days{1};
constexpr int kMinutes = 6;
constexpr auto kSloppy = 5s;  // what the test itself takes

/// One line of the tables.
struct Row {
  UtcMs started, ended;
  std::int64_t in, flags;
};

/// A store whose true time runs as the test likes, with a gateway that sees it through two broken clocks.
class Shop {
 public:
  explicit Shop(const std::string& more = {}) : broker_(Mosquitto::start(broker_dir_.path())) {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(config()) << fmt::format(
        "[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten =\n{1}",
        dir_.path().string(), more);
    std::ofstream(dir_.path() / "links.d" / "broker.conf")
        << "type = mqtt\nurl = " << broker_.url()
        << "\nsubscribe = milesight-vs125 bus/+/telemetry\nsubscribe = tasmota-counter tele/+/SENSOR\n";
    new_boot();
  }

  // The world
  // ------------------------------------------------------------------------------------------------
  [[nodiscard]] UtcMs truth() const { return real() + later_; }
  void pass(Seconds time) {
    later_ += time;
    boot_ahead_ += time;
    tell();
  }
  /// What the machine's wall clock shows beyond the truth from now on.
  void lie(Seconds by) {
    lie_ = by;
    tell();
  }
  void ntp(bool synchronised) {
    synchronised_ = synchronised;
    tell();
  }
  void new_boot() {
    ++boot_;
    boot_ahead_ = 5s - std::chrono::duration_cast<Seconds>(clock::boot_now());
    tell();
  }

  // The gateway
  // ------------------------------------------------------------------------------------------------
  void start(const std::vector<std::string>& environment = {}) {
    auto all = environment;
    all.push_back("LD_PRELOAD=" LINTEL_FAKETIME);
    all.push_back("FAKETIME_DONT_FAKE_MONOTONIC=1");
    all.push_back("FAKETIME_NO_CACHE=1");
    all.push_back("FAKETIME_TIMESTAMP_FILE=" + (dir_.path() / "wall").string());
    all.push_back("LINTEL_INJECT_CLOCK=" + (dir_.path() / "boot").string());
    std::ofstream(dir_.path() / "log", std::ios::trunc);
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, all, dir_.path() / "log");
    REQUIRE_MESSAGE(eventually([&] { return log().find("connected to") != std::string::npos; }), log());
  }
  void kill() {
    gateway_.kill();
    gateway_.wait();
  }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }

  /// A minute in which so many people pass both doors, one more each time, and what the devices say of it.
  void minute() {
    pass(60s);
    ++people_;
    total_ += people_;
    Window window;
    window.start = utc_ms(60'000 * people_);  // in 1970
    window.end = window.start + 60s;
    window.counted = {people_, 0};
    publish("bus/1/telemetry", vs125_payload("WINDOWS", window, false));
    publish("tele/door/SENSOR",
            fmt::format(R"({{"Time":"1970-01-01T00:02:00","COUNTER":{{"C1":{}}}}})", total_));
    passed_.push_back(truth());
    CHECK_MESSAGE(eventually([&] { return arrived() >= 2 * people_; }), log());
    CHECK(offline() == 0);
  }
  void minutes(int count) {
    for (int i = 0; i < count; ++i) minute();
  }

  // What came of it
  // --------------------------------------------------------------------------------------------
  [[nodiscard]] std::int64_t scalar(const std::string& sql) const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    return db->scalar(sql);
  }
  [[nodiscard]] std::int64_t offline() const {
    return scalar("select count(*) from sensor_metadata where status = 'offline'");
  }
  [[nodiscard]] std::int64_t held() const { return scalar("select count(*) from held_frames"); }
  [[nodiscard]] bool settled() const {
    return eventually(
        [&] { return held() == 0 && scalar("select count(*) from boots where shift_ms is not null") == 0; });
  }
  [[nodiscard]] std::string source() const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    auto row = db->prepare("select source from boots order by ordinal desc limit 1");
    return row.step() ? std::string(row.text(0)) : "";
  }
  [[nodiscard]] bool source_is(const std::string& name) const {
    return eventually([&] { return source() == name; });
  }

  /// Every window and every total's increment there once, none other, and each where it belongs.
  void check_all(Millis sloppy = kSloppy) const {
    for (const auto* serial : {"WINDOWS", "door"}) {
      CAPTURE(serial);
      const auto found = rows(serial);
      const bool totals = std::string(serial) == "door";
      CHECK(found.size() == passed_.size() - (totals ? 1 : 0));  // the first total is where counting begins
      for (const auto& row : found) {
        CAPTURE(row.in);
        REQUIRE(row.in >= 1);
        REQUIRE(row.in <= people_);
        const UtcMs passed = passed_[static_cast<std::size_t>(row.in - 1)];
        CHECK(row.ended >= passed - sloppy);
        CHECK(row.ended <= passed + sloppy);
        const UtcMs before = row.in == 1 ? passed : passed_[static_cast<std::size_t>(row.in - 2)];
        CHECK(row.started >= std::min(before, passed - 60s) - sloppy);
      }
    }
    check_sums();
  }
  void check_sums() const {
    CHECK(sum("WINDOWS") == total_);
    CHECK(sum("door") == total_ - 1);
    CHECK(scalar("select coalesce(sum(count_in + unallocated_in + estimated_in), 0) from daily_analytics") ==
          sum("WINDOWS") + sum("door"));
    CHECK(scalar("select coalesce(sum(count_in), 0) from hourly_analytics") ==
          scalar("select coalesce(sum(count_in), 0) from people_counting_raw "
                 "where flags & 16 = 0 and duration_ms <= 3600000"));
  }
  [[nodiscard]] std::vector<Row> rows(const std::string& serial) const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    auto select = db->prepare(
        "select started_at, duration_ms, count_in, flags from people_counting_raw r "
        "join sensor_metadata s on s.id = r.sensor_id where s.serial = ? order by started_at, seq");
    select.bind(serial);
    std::vector<Row> rows;
    while (select.step()) {
      rows.push_back({utc_ms(select.integer(0)), utc_ms(select.integer(0) + select.integer(1)),
                      select.integer(2), select.integer(3)});
    }
    return rows;
  }
  [[nodiscard]] std::string status() const {
    const auto said = dir_.path() / "said";
    fs::remove(said);
    Process::spawn({LINTEL_BINARY, "status", "--config", config()}, {}, said).wait();
    return text_of(said);
  }
  [[nodiscard]] const fs::path& dir() const { return dir_.path(); }

 private:
  static UtcMs real() { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }
  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }

  [[nodiscard]] std::int64_t sum(const std::string& serial) const {
    std::int64_t sum = 0;
    for (const auto& row : rows(serial)) sum += row.in;
    return sum;
  }
  /// Frames that are in the tables or wait for their time. The first total adds no row.
  [[nodiscard]] std::int64_t arrived() const {
    return held() + scalar("select count(*) from people_counting_raw") +
           scalar("select count(*) from counter_state where line = 'C1'");
  }

  void replace(const std::string& name, const std::string& text) const {
    std::ofstream(dir_.path() / (name + ".new")) << text;
    fs::rename(dir_.path() / (name + ".new"), dir_.path() / name);
  }
  void tell() const {
    replace("wall", fmt::format("{:+}\n", Seconds(later_ + lie_).count()));
    replace("boot", fmt::format("{:032x} {} {}\n", boot_, boot_ahead_.count(), synchronised_ ? 1 : 0));
  }
  void publish(const std::string& topic, const std::string& payload) const {
    Publisher publisher(fmt::format("tcp://127.0.0.1:{}", broker_.port()), "devices", 10, {});
    publisher.publish(topic, payload, {});
    REQUIRE(publisher.drain(20s));
  }

  TempDir dir_, broker_dir_;
  Mosquitto broker_;
  Process gateway_;
  Seconds later_{0}, lie_{0}, boot_ahead_{0};
  int boot_ = 0;
  bool synchronised_ = false;
  std::int64_t people_ = 0, total_ = 0;
  std::vector<UtcMs> passed_;  ///< when the n-th minute's people had passed
};

constexpr const char* kTrusting = "[clock]\ntrust_system = yes\n";
constexpr const char* kDoubting = "[clock]\ntrust_system = no\n";
constexpr Seconds kIn1970{-1'780'000'000};

}  // namespace

TEST_CASE("clock faults: it starts in 1970 and learns the time after an hour: all of it is placed then") {
  Shop shop(kTrusting);
  shop.ntp(true);
  shop.start();
  shop.minutes(3);
  shop.kill();
  shop.pass(10min);
  shop.new_boot();
  shop.ntp(false);
  shop.lie(kIn1970);
  shop.start();
  for (int i = 0; i < 4; ++i) {
    shop.minutes(2);
    shop.pass(14min);
  }
  CHECK(shop.held() == 16);
  CHECK(shop.scalar("select count(*) from people_counting_raw") == 5);
  // Who could not be placed yet was heard all the same.
  CHECK_FALSE(eventually([&] { return shop.offline() != 0; }, 1500ms));
  CHECK(shop.status().find("not known yet; readings wait") != std::string::npos);
  shop.lie(0s);
  shop.ntp(true);
  CHECK(shop.settled());
  CHECK(shop.source_is("ntp"));
  shop.minutes(2);
  shop.check_all();
  CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 896 <> 0") == 0);
}

TEST_CASE("clock faults: where no time server answers, HQ's certificate and its Date are enough") {
  const Authority authority;
  const TempDir certificates;
  authority.write(certificates.path() / "ca.pem");
  std::ofstream(certificates.path() / "credential") << "a-token\n";
  const auto now = std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now());
  const std::time_t seconds = now.time_since_epoch().count();
  char date[64];
  std::tm parts{};
  std::strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&seconds, &parts));
  TlsServer hq(authority, "localhost", now - kDay, now + kDay, date);

  Shop shop(fmt::format("{}[hq]\nurl = {}\nca_file = {}\ncredential_file = {}\n", kDoubting, hq.url(),
                        (certificates.path() / "ca.pem").string(),
                        (certificates.path() / "credential").string()));
  shop.lie(kIn1970);
  shop.start();
  CHECK_MESSAGE(shop.source_is("https"), shop.log());
  shop.minutes(kMinutes);
  CHECK(shop.settled());
  shop.check_all(60s);  // the server's Date stands still while the gateway starts
  CHECK(shop.status().find("told by HQ") != std::string::npos);
  // Now that the time is known, certificates are judged by it: HQ is talked to, and it refuses.
  CHECK_MESSAGE(eventually([&] { return hq.requests() > 1; }), shop.log());
}

TEST_CASE("clock faults: no step of the wall clock moves, loses or doubles a count") {
  for (const bool synchronised : {false, true}) {
    Shop shop(kTrusting);
    shop.ntp(synchronised);
    shop.start();
    CHECK(shop.source_is(synchronised ? "ntp" : "host"));
    shop.minutes(2);
    shop.lie(-kDay);
    shop.minutes(2);
    shop.lie(365 * kDay);
    shop.minutes(2);
    shop.kill();  // also over a restart in the same boot
    shop.start();
    shop.minutes(2);
    shop.lie(0s);
    shop.minutes(1);
    CHECK(shop.settled());
    shop.check_all();
  }
}

TEST_CASE(
    "clock faults: a clock that was a week off moves everything, and a crash in between repeats nothing") {
  for (const Seconds off : {Seconds{7 * kDay}, Seconds{-7 * kDay}}) {
    Shop shop(kTrusting);
    shop.pass(10 * kDay);  // a week before that is still a time
    shop.lie(off);
    shop.start();
    shop.minutes(kMinutes);
    CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 256 = 0") == 0);
    shop.lie(0s);
    shop.ntp(true);
    CHECK(shop.source_is("ntp"));
    shop.kill();
    shop.start();
    CHECK(shop.settled());
    shop.minutes(2);
    shop.check_all();
    CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 768 <> 0") == 0);
    CHECK(shop.scalar("select count(*) from moved_readings m join people_counting_raw using (change_no)") >
          0);
  }
}

TEST_CASE("clock faults: three boots without a time lie between their neighbours, in order and marked") {
  Shop shop(kDoubting);
  shop.ntp(true);
  shop.start();
  shop.minutes(2);
  CHECK(shop.settled());
  const UtcMs before = shop.truth();
  shop.ntp(false);
  for (int boot = 0; boot < 3; ++boot) {
    shop.kill();
    shop.pass(30min);  // without power
    shop.new_boot();
    shop.lie(kIn1970);
    shop.start();
    shop.minutes(2);
  }
  CHECK(shop.held() == 12);
  shop.kill();
  shop.pass(30min);
  shop.new_boot();
  const UtcMs after = shop.truth();
  shop.lie(0s);
  shop.ntp(true);
  shop.start();
  CHECK(shop.settled());
  shop.minutes(2);
  CHECK(shop.settled());
  shop.check_sums();
  const auto found = shop.rows("WINDOWS");
  REQUIRE(found.size() == 10);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].in == static_cast<std::int64_t>(i) + 1);  // in order
    const bool bounded = i >= 2 && i < 8;
    CHECK(((found[i].flags & store::kBounded) != 0) == bounded);
    if (!bounded) continue;
    CHECK(found[i].ended >= before - kSloppy);
    CHECK(found[i].ended <= after + kSloppy);
    CHECK((found[i].flags & store::kEstimated) != 0);  // hours of leeway: which hour it was, nobody knows
  }
}

TEST_CASE(
    "clock faults: a boot that ended a week ahead, unconfirmed, is put before the one that knows better") {
  Shop shop(kTrusting);
  shop.pass(10 * kDay);
  shop.lie(7 * kDay);
  shop.start();
  shop.minutes(3);
  shop.kill();
  shop.pass(1min);
  shop.new_boot();
  shop.lie(0s);
  shop.ntp(true);
  shop.start();
  CHECK(shop.source_is("ntp"));
  CHECK(shop.settled());
  shop.minutes(2);
  shop.check_all(3min);  // it has ended before this one began: more is not known
  CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 128 <> 0") == 5);
  CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 768 <> 0") == 0);
}
