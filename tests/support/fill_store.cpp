#include "tests/support/fill_store.hpp"

#include <random>
#include <stdexcept>

#include <fmt/format.h>

namespace lintel::test {

namespace {

/// A number and its row become visible together, as in the daemon: sync takes a number without a row for
/// a superseded one.
class Together {
 public:
  explicit Together(store::Database& db) : db_(db) { db_.execute("savepoint together"); }
  ~Together() { db_.execute("release together"); }
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;

 private:
  store::Database& db_;
};

}  // namespace

FilledStore::FilledStore() {
  auto opened = store::Database::open(path(), store::OpenMode::writer);
  if (!opened) throw std::runtime_error(opened.error().message);
  db_.emplace(std::move(*opened));
  if (auto migrated = store::migrate(*db_); !migrated) throw std::runtime_error(migrated.error().message);
  // Tests fill, they do not measure the disk.
  db_->execute("pragma synchronous = off");
  db_->execute(R"(
insert into writer_state (id, epoch) values (1, '5b0c0000-0000-4000-8000-000000000001');
insert into sync_state (id) values (1);
insert into organizations (id, organization_id, public_id, name, created_at, updated_at)
  values (1, 1, '00000000-0000-4000-8000-00000000000a', 'chain', 0, 0);
insert into stores (id, organization_id, node_id, public_id, name, created_at, updated_at)
  values (1, 1, 1, '00000000-0000-4000-8000-00000000000b', 'store', 0, 0);
insert into gateways (id, organization_id, store_id, public_id, name, created_at, updated_at)
  values (1, 1, 1, '00000000-0000-4000-8000-00000000000c', 'gateway', 0, 0);)");
}

store::Database FilledStore::reader() const {
  auto opened = store::Database::open(path(), store::OpenMode::reader);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

std::string FilledStore::public_id(std::int64_t sensor) {
  return fmt::format("5e450000-0000-4000-8000-{:012}", sensor);
}

std::int64_t FilledStore::sensor(const std::string& serial, const std::string& name,
                                 std::optional<std::int64_t> hq_id) {
  const auto id = db_->scalar("select coalesce(max(id), 0) + 1 from sensor_metadata");
  db_->prepare(
         "insert into sensor_metadata (id, organization_id, store_id, gateway_id, public_id, serial, name, "
         "model, link, hq_id, created_at, updated_at) values (?, 1, 1, 1, ?, ?, ?, 'milesight-vs125', 'bus', "
         "?, 0, 0)")
      .bind(id, public_id(id), serial, name, hq_id)
      .run();
  return id;
}

std::int64_t FilledStore::take() {
  // Writes before it reads: a transaction that begins with reading cannot wait for another connection's.
  return db_->scalar(
      "update writer_state set next_change_no = next_change_no + 1 returning next_change_no - 1");
}

void FilledStore::insert_line(std::int64_t change_no, const RawReading& r) {
  db_->prepare(
         "insert into people_counting_raw "
         "(change_no, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags, revision, "
         "received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
      .bind(change_no, r.sensor, r.line, r.started_at, r.seq, r.duration, r.in, r.out, r.flags, r.revision)
      .run();
}

std::int64_t FilledStore::line(const RawReading& reading) {
  const Together together(*db_);
  const auto number = take();
  insert_line(number, reading);
  return number;
}

std::int64_t FilledStore::region(const RawReading& r) {
  const Together together(*db_);
  const auto number = take();
  db_->prepare(
         "insert into regional_counting_raw "
         "(change_no, sensor_id, region, started_at, seq, duration_ms, occupancy, flags, revision, "
         "received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
      .bind(number, r.sensor, r.line, r.started_at, r.seq, r.duration, r.in, r.flags, r.revision)
      .run();
  return number;
}

std::int64_t FilledStore::journal(const std::string& kind, const std::string& body) {
  const Together together(*db_);
  const auto number = take();
  db_->prepare("insert into journal values (?, ?, ?)").bind(number, kind, body).run();
  return number;
}

std::int64_t FilledStore::skip_number() {
  return take();
}

std::int64_t FilledStore::revise(std::int64_t change_no, std::int64_t in) {
  const Together together(*db_);
  const auto number = take();
  db_->prepare(
         "update people_counting_raw set change_no = ?, count_in = ?, revision = revision + 1, "
         "flags = flags | 64 where change_no = ?")
      .bind(number, in, change_no)
      .run();
  return number;
}

std::int64_t FilledStore::move(std::int64_t change_no, std::int64_t started_at) {
  const Together together(*db_);
  const auto number = take();
  db_->prepare(
         "insert into moved_readings (change_no, sensor_id, started_at, line, seq) "
         "select ?, sensor_id, started_at, line, seq "
         "from people_counting_raw where change_no = ?")
      .bind(number, change_no)
      .run();
  db_->prepare(
         "update people_counting_raw set change_no = ?, started_at = ?, revision = revision + 1 "
         "where change_no = ?")
      .bind(number, started_at, change_no)
      .run();
  return number;
}

void FilledStore::minutes(std::size_t count, std::int64_t sensors, std::int64_t first_start, unsigned seed) {
  std::minstd_rand random(seed);
  auto number = db_->scalar("select next_change_no from writer_state");
  db_->execute("begin immediate");
  auto insert = db_->prepare(
      "insert into people_counting_raw "
      "(change_no, sensor_id, line, started_at, seq, duration_ms, count_in, count_out, flags, revision, "
      "received_at) values (?, ?, '1', ?, 0, 60000, ?, ?, 0, 1, 0)");
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::int64_t>(i);
    insert
        .bind(number++, index % sensors + 1, first_start + index / sensors * 60000,
              static_cast<std::int64_t>(random() % 6), static_cast<std::int64_t>(random() % 6))
        .run();
  }
  db_->prepare("update writer_state set next_change_no = ?").bind(number).run();
  db_->execute("commit");
}

std::int64_t FilledStore::last_change() {
  return db_->scalar("select next_change_no - 1 from writer_state");
}

std::int64_t FilledStore::watermark() {
  return db_->scalar("select watermark from sync_state");
}

}  // namespace lintel::test
