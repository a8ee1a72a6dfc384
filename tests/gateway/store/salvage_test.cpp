// Damaged databases: pages of a real file are overwritten, and what SQLite can still read is to be there
// afterwards.
#include "gateway/store/salvage.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::store;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kHour = 3'600'000;
const UtcMs kStart = utc_ms(1'785'024'000'000 / (24 * kHour) * (24 * kHour));  // a midnight, UTC
constexpr int kReadings = 4000;

class Bench {
 public:
  Bench() {
    auto store = open();
    REQUIRE(store);
    (*store)->begin();
    for (const char* serial : {"A1", "A2"}) (void)(*store)->sensors().claim(serial, "", "d", "link", kStart);
    for (int i = 0; i < kReadings; ++i) put(**store, i);
    (*store)->commit({7, 70}, "", kStart);
  }
  [[nodiscard]] Result<std::unique_ptr<Store>> open() const {
    return Store::open(dir_.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kStart);
  }
  static void put(Store& store, int minute) {
    (void)store.readings().put(
        1, "1", {kStart + Millis{60'000 * minute}, Millis{60'000}, 1, 0, 0, false, false}, kStart);
  }
  [[nodiscard]] fs::path file() const { return database_path(dir_.path()); }
  [[nodiscard]] std::int64_t look(const std::string& sql) const {
    return Database::open(file(), OpenMode::reader)->scalar(sql);
  }
  [[nodiscard]] int aside() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(dir_.path()))
      count += entry.path().string().find(".corrupt-") != std::string::npos ? 1 : 0;
    return count;
  }

  /// Overwrites one leaf of a table or index: 0 the first, 1 the last.
  void damage(const std::string& name, double where) const {
    std::vector<std::int64_t> leaves;
    {
      auto db = Database::open(file(), OpenMode::writer);
      auto rows = db->prepare("select pageno from dbstat where name = ? and pagetype = 'leaf' order by path");
      rows.bind(name);
      while (rows.step()) leaves.push_back(rows.integer(0));
    }
    REQUIRE(!leaves.empty());
    const auto page = leaves[static_cast<std::size_t>(where * static_cast<double>(leaves.size() - 1))];
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp((page - 1) * 1024);
    out << std::string(1024, '\xEE');
    REQUIRE(out.good());
  }

 private:
  test::TempDir dir_;
};

constexpr const char* kCount = "select count(*) from people_counting_raw";

}  // namespace

TEST_CASE("salvage: a damaged page costs the rows on it, and collection goes on where it was") {
  const Bench bench;
  const auto epoch = bench.look("select count(*) from writer_state");
  const auto next = bench.look("select next_change_no from writer_state");
  bench.damage("people_counting_raw", 0.5);
  REQUIRE(mark_damaged(bench.file(), "database disk image is malformed"));
  {
    auto store = bench.open();
    REQUIRE(store);
    CAPTURE((*store)->notice());
    CHECK((*store)->notice().find("malformed") != std::string::npos);
    CHECK((*store)->notice().find("not all could be read of: people_counting_raw") != std::string::npos);
    CHECK((*store)->position().segment == 7);
    CHECK((*store)->position().offset == 70);
    const auto left = (*store)->db().scalar(kCount);
    CHECK(left < kReadings);
    CHECK(left > kReadings - 60);  // a page has 1 KB
    CHECK((*store)->db().scalar("select max(change_no) + 1 from people_counting_raw") == next);
    (*store)->begin();
    Bench::put(**store, kReadings);
    (*store)->commit({7, 80}, "", kStart);
    CHECK((*store)->db().scalar(kCount) == left + 1);
  }
  CHECK(bench.aside() >= 1);
  CHECK(bench.look("select count(*) from writer_state") == epoch);
  CHECK(bench.look("select count(*) from pragma_integrity_check where integrity_check = 'ok'") == 1);
  auto again = bench.open();
  REQUIRE(again);
  CHECK((*again)->notice().empty());
}

TEST_CASE("salvage: of a damaged index nothing is lost") {
  const Bench bench;
  bench.damage("sqlite_autoindex_people_counting_raw_1", 1);
  REQUIRE(mark_damaged(bench.file(), "malformed"));
  auto store = bench.open();
  REQUIRE(store);
  CAPTURE((*store)->notice());
  CHECK((*store)->db().scalar(kCount) == kReadings);
  CHECK((*store)->notice().find("not all") == std::string::npos);
}

TEST_CASE("salvage: damage that shows while the file is opened is met at once, whatever page it is on") {
  for (const char* table : {"writer_state", "sync_state", "stores", "gateways", "organizations",
                            "sensor_metadata", "sqlite_schema", "counter_state"}) {
    CAPTURE(table);
    const Bench bench;
    bench.damage(table, 0);
    auto store = bench.open();
    if (!store) {
      CAPTURE(store.error().message);
      REQUIRE(false);
    }
    if ((*store)->notice().empty()) {  // nothing looked at it yet
      store->reset();
      REQUIRE(mark_damaged(bench.file(), "malformed"));
      store = bench.open();
      REQUIRE(store);
    }
    CAPTURE((*store)->notice());
    const auto sound =
        std::string_view(table) != "sqlite_schema" && std::string_view(table) != "sensor_metadata";
    CHECK((*store)->db().scalar(kCount) == (sound ? kReadings : 0));
    (*store)->begin();
    const auto* sensor = (*store)->sensors().claim("A9", "", "d", "link", kStart);
    REQUIRE(sensor != nullptr);
    (void)(*store)->readings().put(sensor->id, "1",
                                   {kStart + Millis{9 * kHour}, Millis{1}, 1, 0, 0, false, false}, kStart);
    (*store)->commit({8, 8}, "", kStart);
    CHECK((*store)->db().scalar(kCount) == (sound ? kReadings + 1 : 1));
  }
}

TEST_CASE("salvage: what HQ has stays behind when it is much, what it lacks comes along") {
  const Bench bench;
  {
    auto db = Database::open(bench.file(), OpenMode::writer);
    db->execute(
        "insert into people_counting_raw (sensor_id, line, started_at, received_at) with recursive n(i) as "
        "(select 1 "
        "union all select i + 1 from n where i < 210000) select 1, 'x', i, i from n; "
        "update writer_state set next_change_no = 214001; update sync_state set watermark = 213000");
  }
  REQUIRE(mark_damaged(bench.file(), "malformed"));
  auto store = bench.open();
  REQUIRE(store);
  CHECK((*store)->notice().find("14000 older readings, which HQ has, stayed in it") != std::string::npos);
  CHECK((*store)->db().scalar(kCount) == 200'000);
  CHECK((*store)->db().scalar("select watermark from sync_state") == 213'000);
}

TEST_CASE("salvage: cut off before the new one was whole it begins again, cut off afterwards it ends") {
  const Bench bench;
  std::ofstream(bench.file().string() + ".new") << "half";
  {
    auto store = bench.open();
    REQUIRE(store);
    CHECK((*store)->db().scalar(kCount) == kReadings);
  }
  CHECK_FALSE(fs::exists(bench.file().string() + ".new"));
  // The new one whole, the damaged one moved aside, its log not yet.
  {
    auto db = Database::open(bench.file(), OpenMode::writer);
    auto reader = Database::open(bench.file(), OpenMode::reader);
    db->execute("update people_counting_raw set count_in = 99");
    fs::copy_file(bench.file().string() + "-wal", bench.file().string() + "-old");
    db->execute("update people_counting_raw set count_in = 1; pragma wal_checkpoint(truncate)");
  }
  fs::rename(bench.file(), bench.file().string() + ".new");
  fs::rename(bench.file().string() + "-old", bench.file().string() + "-wal");
  REQUIRE(mark_damaged(bench.file(), "malformed"));
  auto store = bench.open();
  REQUIRE(store);
  CHECK((*store)->notice().empty());
  CHECK((*store)->db().scalar(kCount) == kReadings);
  CHECK((*store)->db().scalar("select sum(count_in) from people_counting_raw") == kReadings);
  CHECK_FALSE(damage_of(bench.file()));
}

TEST_CASE("salvage: a card that fails again and again is not filled with damaged files") {
  const Bench bench;
  int times = 0;
  while (times < 20 && mark_damaged(bench.file(), "malformed")) {
    ++times;
    REQUIRE(bench.open());
  }
  CHECK(times == 5);
  CHECK(bench.look(kCount) == kReadings);
  REQUIRE(bench.open());
}

TEST_CASE("store: a busy database is no damaged one") {
  const Bench bench;
  auto other = Database::open(bench.file(), OpenMode::writer);
  other->execute("begin immediate");
  auto store = bench.open();
  REQUIRE_FALSE(store);
  CHECK(store.error().kind == ErrorKind::transient);
  CHECK(bench.aside() == 0);
  other->execute("rollback");
  store = bench.open();
  REQUIRE(store);
  CHECK((*store)->db().scalar(kCount) == kReadings);
}

TEST_CASE("store: an opening that finds nothing new writes nothing") {
  const Bench bench;
  const auto before = fs::last_write_time(bench.file());
  auto reader = Database::open(bench.file(), OpenMode::reader);  // keeps the log
  REQUIRE(bench.open());
  std::error_code error;
  const auto log = fs::file_size(bench.file().string() + "-wal", error);
  CHECK((error || log == 0));
  CHECK(fs::last_write_time(bench.file()) == before);
}
