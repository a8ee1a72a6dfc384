#include "gateway/health/watch.hpp"

#include <algorithm>
#include <utility>

namespace lintel::health {

namespace {

constexpr BootTime kRejectsCountFor = std::chrono::hours{1};
constexpr std::size_t kMostRejects = 2000;

std::string_view bytes_of(const BootId& boot) {
  return {reinterpret_cast<const char*>(boot.data()), boot.size()};
}

UtcMs wall_at(BootTime instant, const Surroundings& surroundings) {
  return surroundings.wall - std::chrono::duration_cast<Millis>(surroundings.now - instant);
}

void write_status(store::Database& db, std::int64_t id, const Verdict& verdict,
                  const Surroundings& surroundings) {
  std::optional<std::int64_t> since;
  if (verdict.since) since = count_ms(wall_at(*verdict.since, surroundings));
  db.prepare("update sensor_metadata set status = ?, offline_since = ? where id = ?")
      .bind(to_string(verdict.status), since, id)
      .run();
}

BootTime boot_ms(std::int64_t ms) {
  return std::chrono::duration_cast<BootTime>(Millis{ms});
}

}  // namespace

std::string no_answer(std::string_view serial, const LinkState& link) {
  const auto slash = serial.find('/');
  if (!serial.starts_with("link:") || slash == std::string_view::npos) return {};
  const auto silent = link.silent.find(serial.substr(slash + 1));
  return silent == link.silent.end() ? std::string() : silent->second;
}

Watch::Watch(Rules rules, std::map<std::string, Millis, std::less<>> stated)
    : rules_(rules), stated_(std::move(stated)) {}

std::vector<Watch::Row> Watch::read_rows(store::Database& db, const BootId& boot) {
  std::vector<Row> rows;
  auto select = db.prepare(
      "select id, serial, model, link, status, lifecycle in ('completed', 'cancelled', 'archived'), "
      "last_data_received is not null, last_boot_id, last_boot_ms, interval_ms, "
      "iif(json_valid(metadata), json_extract(metadata, '$.clock_fault'), null) "
      "from sensor_metadata where deleted_at is null");
  while (select.step()) {
    Row row;
    row.id = select.integer(0);
    row.serial = select.text(1);
    row.model = select.text(2);
    row.link = select.text(3);
    row.status = select.text(4);
    row.enabled = select.integer(5) == 0;
    row.heard_before = select.integer(6) != 0;
    if (select.text(7) == bytes_of(boot) && !select.is_null(8)) row.last_data = boot_ms(select.integer(8));
    row.learned_interval = Millis{select.integer(9)};
    row.clock_fault = select.text(10);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The table is up to a minute behind what the writer knows.
void Watch::add_live(std::vector<Row>& rows, const store::Sensors& sensors) {
  for (auto& row : rows) {
    const auto found = sensors.all().find(row.serial);
    if (found == sensors.all().end() || !found->second.seen) continue;
    row.last_data = std::max(row.last_data.value_or(BootTime{}), found->second.last_boot);
    row.learned_interval = Millis{found->second.interval_ms};
  }
}

void Watch::read_rejects(store::Database& db, const Surroundings& surroundings) {
  auto select = db.prepare(
      "select id, boot_ms, link, decoder, topic, reason from quarantine "
      "where id > ? and boot_id = cast(? as blob) order by id");
  select.bind(last_reject_, bytes_of(surroundings.boot));
  while (select.step()) {
    last_reject_ = select.integer(0);
    rejects_.push_back({boot_ms(select.integer(1)), std::string(select.text(2)), std::string(select.text(3)),
                        std::string(select.text(4)), std::string(select.text(5))});
    if (rejects_.size() > kMostRejects) rejects_.pop_front();
  }
  std::erase_if(rejects_,
                [&](const Reject& reject) { return surroundings.now - reject.at > kRejectsCountFor; });
}

/// An unreadable message does not say whose it is: the topic may name the sensor, or the sensor is the
/// only one of its link and decoder.
void Watch::add_rejects(SensorFacts& facts, const Row& row, bool alone) const {
  for (const auto& reject : rejects_) {
    if (reject.link != row.link || reject.decoder != row.model) continue;
    if (!alone && reject.topic.find(row.serial) == std::string::npos) continue;
    ++facts.rejects;
    facts.last_reject = reject.reason;
  }
}

SensorFacts Watch::facts_of(const Row& row, bool alone, const Surroundings& surroundings) const {
  SensorFacts facts;
  facts.enabled = row.enabled;
  facts.last_data = row.last_data;
  facts.heard_before = row.heard_before;
  facts.learned_interval = row.learned_interval;
  facts.link = row.link;
  facts.clock_fault = row.clock_fault;
  if (const auto stated = stated_.find(row.serial); stated != stated_.end()) {
    facts.stated_interval = stated->second;
  }
  if (const auto link = surroundings.links.find(row.link); link != surroundings.links.end()) {
    facts.link_up = link->second.up;
    facts.link_trouble = link->second.trouble;
    facts.no_answer = no_answer(row.serial, link->second);
  }
  add_rejects(facts, row, alone);
  return facts;
}

void Watch::refresh(store::Database& writer_db, const store::Sensors& sensors,
                    const Surroundings& surroundings) {
  auto rows = read_rows(writer_db, surroundings.boot);
  add_live(rows, sensors);
  read_rejects(writer_db, surroundings);
  std::map<std::pair<std::string_view, std::string_view>, int> companions;
  for (const auto& row : rows) ++companions[{row.link, row.model}];

  std::map<std::int64_t, Sensor> verdicts;
  for (const auto& row : rows) {
    const auto facts = facts_of(row, companions[{row.link, row.model}] == 1, surroundings);
    Sensor sensor{judge(facts, rules_, surroundings.now), facts.rejects, {}};
    if (row.last_data) sensor.last_data = wall_at(*row.last_data, surroundings);
    if (row.status != to_string(sensor.verdict.status))
      write_status(writer_db, row.id, sensor.verdict, surroundings);
    verdicts.emplace(row.id, std::move(sensor));
  }
  const std::lock_guard lock(mutex_);
  verdicts_ = std::move(verdicts);
}

std::map<std::int64_t, Watch::Sensor> Watch::verdicts() const {
  const std::lock_guard lock(mutex_);
  return verdicts_;
}

}  // namespace lintel::health
