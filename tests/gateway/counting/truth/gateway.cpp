#include "tests/gateway/counting/truth/gateway.hpp"

#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/gateway/counting/truth/text_decoder.hpp"

namespace lintel::test::truth {

namespace {

std::vector<Row> read_rows(store::Database& db) {
  std::vector<Row> rows;
  auto select = db.prepare(
      "select started_at, seq, duration_ms, count_in, count_out, flags "
      "from people_counting_raw order by started_at, seq");
  while (select.step())
    rows.push_back({utc_ms(select.integer(0)), select.integer(1), Millis{select.integer(2)},
                    select.integer(3), select.integer(4), static_cast<std::uint32_t>(select.integer(5))});
  return rows;
}

}  // namespace

Gateway::Gateway(const std::string& zone, int day_start_minute, const std::string& opening_hours)
    : timezone_(zone),
      day_start_(day_start_minute),
      opening_hours_(opening_hours),
      days_(clock::Zone::find(zone).value(), std::chrono::minutes{day_start_minute}),
      card_(std::make_unique<TempDir>()) {
  config::Link link;
  link.name = "road";
  link.type = config::Link::Type::serial;
  link.decoder = "truth";
  config_.links = {link};
  start();
}

void Gateway::start() {
  const auto calendar = [this](const std::string&, int) -> Result<store::Calendar> {
    return store::Calendar{
        [this](UtcMs t) { return std::int64_t{days_.day(t)}; },
        [this](std::int64_t day) { return days_.begin(static_cast<clock::StoreDay>(day)); }};
  };
  auto store =
      store::Store::open(card_->path(), {"", "Truth", timezone_, day_start_, "gw", "1", "", opening_hours_},
                         calendar, utc_ms(1'772'000'000'000));
  if (!store) throw std::runtime_error(store.error().message);
  life_.store = std::move(*store);
  life_.series = std::make_unique<counting::SeriesStates>(life_.store->db());
  life_.pipeline =
      std::make_unique<app::Pipeline>(config_, *life_.store, *life_.series, *clock::Zone::find("UTC"),
                                      [](std::string_view) { return &text_decoder(); });
  life_.pipeline->observe([this](const store::Sensor& sensor, std::string_view line,
                                 const counting::Statement& statement, const counting::Outcome& outcome) {
    const auto* state = life_.series->look(sensor.id, line);
    trace_.push_back({current_, statement, outcome, state != nullptr && state->awaits_first()});
  });
  life_.store->begin();
}

/// The database is open until its last statement is gone.
void Gateway::stop() {
  life_.store->rollback();
  life_.pipeline.reset();
  life_.series.reset();
  life_.store.reset();
}

void Gateway::take(const Arrival& arrival) {
  uncommitted_.push_back(arrival);
  process(arrival);
}

void Gateway::process(const Arrival& arrival) {
  bridge::Frame frame;
  frame.link = "road";
  frame.payload = arrival.message->text;
  frame.retained = arrival.retained;
  frame.arrived = arrival.at.time_since_epoch();
  current_ = arrival.message;
  now_ = arrival.at;
  try {
    life_.pipeline->process(frame, arrival.at);
  } catch (const store::SqliteError& error) {
    throw std::runtime_error(error.message + " at " + arrival.message->text);
  }
}

void Gateway::commit() {
  life_.series->flush();
  life_.pipeline->flush();
  life_.store->commit({}, "", now_);
  life_.store->begin();
  committed_ = trace_.size();
  uncommitted_.clear();
}

void Gateway::die() {
  stop();
  trace_.resize(committed_);
  start();
  for (const auto& arrival : uncommitted_) process(arrival);
}

void Gateway::reflash() {
  commit();
  at_hq_.push_back(own_rows());
  stop();
  card_ = std::make_unique<TempDir>();
  start();
}

void Gateway::swap() {
  commit();
  config::Sensor file;
  file.replaces = fmt::format("D{}", device_);
  for (const auto& [serial, sensor] : life_.store->sensors().all()) file.replaces = serial;
  file.serial = fmt::format("D{}", ++device_);
  config_.sensors = {file};
  stop();  // sensors.d is read at start
  start();
}

std::vector<Row> Gateway::own_rows() const {
  return read_rows(life_.store->db());
}

std::vector<Row> Gateway::merge(std::vector<Row>& replaced) const {
  // As HQ does it: one row for a natural key, the newest card's.
  std::map<std::pair<UtcMs, std::int64_t>, Row> merged;
  const auto add = [&](const std::vector<Row>& rows) {
    for (const auto& row : rows) {
      const auto [there, fresh] = merged.try_emplace({row.started, row.seq}, row);
      if (fresh) continue;
      const auto& old = there->second;
      if (old.duration != row.duration || old.in != row.in || old.out != row.out) replaced.push_back(old);
      there->second = row;
    }
  };
  for (const auto& rows : at_hq_) add(rows);
  add(own_rows());
  std::vector<Row> all;
  for (const auto& [key, row] : merged) all.push_back(row);
  return all;
}

std::vector<Row> Gateway::rows() const {
  std::vector<Row> replaced;
  return merge(replaced);
}

std::vector<Row> Gateway::replaced() const {
  std::vector<Row> replaced;
  (void)merge(replaced);
  return replaced;
}

std::vector<Day> Gateway::days() const {
  std::vector<Day> days;
  auto select = life_.store->db().prepare(
      "select day, sum(count_in), sum(count_out), sum(unallocated_in), sum(unallocated_out), "
      "sum(estimated_in), sum(estimated_out), sum(readings) from daily_analytics where region = '' "
      "group by day order by day");
  while (select.step())
    days.push_back({select.integer(0), select.integer(1), select.integer(2), select.integer(3),
                    select.integer(4), select.integer(5), select.integer(6), select.integer(7)});
  return days;
}

std::pair<std::int64_t, std::int64_t> Gateway::hours_of(std::int64_t day) const {
  auto select = life_.store->db().prepare(
      "select coalesce(sum(count_in), 0), coalesce(sum(count_out), 0) from hourly_analytics "
      "where region = '' and hour_at >= ? and hour_at < ?");
  const auto begin = [this](std::int64_t d) {
    return count_ms(days_.begin(static_cast<clock::StoreDay>(d)));
  };
  select.bind(begin(day), begin(day + 1));
  (void)select.step();
  return {select.integer(0), select.integer(1)};
}

std::int64_t Gateway::quarantined() const {
  return life_.store->db().scalar("select count(*) from quarantine");
}

}  // namespace lintel::test::truth
