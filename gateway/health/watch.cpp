#include "gateway/health/watch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace lintel::health {

namespace {

constexpr BootTime kRejectsCountFor = std::chrono::hours{1};
constexpr std::size_t kMostRejects = 2000;
constexpr BootTime kTidyEvery = std::chrono::hours{24};

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

/// What is written in it becomes durable together; undone when it is left by an error.
class Savepoint {
 public:
  explicit Savepoint(store::Database& db) : db_(db) { db_.execute("savepoint health"); }
  ~Savepoint() {
    if (!done_) sqlite3_exec(db_.handle(), "rollback to health; release health", nullptr, nullptr, nullptr);
  }
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void release() {
    db_.execute("release health");
    done_ = true;
  }

 private:
  store::Database& db_;
  bool done_ = false;
};

}  // namespace

std::string no_answer(std::string_view serial, const LinkState& link) {
  const auto slash = serial.find('/');
  if (!serial.starts_with("link:") || slash == std::string_view::npos) return {};
  const auto silent = link.silent.find(serial.substr(slash + 1));
  return silent == link.silent.end() ? std::string() : silent->second;
}

Watch::Watch(Rules rules, std::map<std::string, Millis, std::less<>> stated)
    : rules_(rules), stated_(std::move(stated)) {}

void Watch::expect(std::map<std::string, Millis, std::less<>> stated) {
  stated_ = std::move(stated);
  hours_.reset();
}

void Watch::rolled_back() {
  alerts_.forget();
  history_.forget();
}

std::vector<Watch::Row> Watch::read_rows(store::Database& db, const BootId& boot) {
  std::vector<Row> rows;
  auto select = db.prepare(
      "select id, serial, model, link, status, lifecycle in ('completed', 'cancelled', 'archived'), "
      "last_data_received is not null, last_boot_id, last_boot_ms, interval_ms, "
      "iif(json_valid(metadata), json_extract(metadata, '$.clock_fault'), null), name "
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
    row.name = select.text(11);
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

/// Since when links are up or down. One that is up when it is first seen always was.
void Watch::follow_links(const Surroundings& surroundings) {
  for (const auto& [name, state] : surroundings.links) {
    const auto [link, fresh] = links_.try_emplace(name, Link{state.up, {}});
    if (fresh || link->second.up == state.up) continue;
    link->second = {state.up, surroundings.now};
  }
}

LinkFacts Watch::link_of(const Row& row, const Surroundings& surroundings) const {
  LinkFacts facts;
  facts.name = row.link;
  const auto state = surroundings.links.find(row.link);
  if (state == surroundings.links.end()) return facts;
  facts.up = state->second.up;
  facts.trouble = state->second.trouble;
  facts.is_device = state->second.is_device;
  facts.failed_cycles = state->second.failed_cycles;
  facts.no_answer = no_answer(row.serial, state->second);
  facts.changed = links_.find(row.link)->second.changed;
  return facts;
}

/// A silence counts when it has ended and neither the gateway nor the link were away meanwhile.
int Watch::count_gaps(const Row& row, const SensorFacts& facts, const Surroundings& surroundings) {
  auto& gaps = gaps_[row.id];
  const Millis interval = interval_of(facts);
  if (row.last_data && gaps.last_data && interval.count() > 0) {
    const BootTime listening = std::max(rules_.listening_since, facts.link.changed);
    const bool own = *gaps.last_data >= listening && facts.link.up;
    if (own && *row.last_data - *gaps.last_data > late_after(interval)) gaps.ended.push_back(*row.last_data);
  }
  gaps.last_data = row.last_data;
  while (!gaps.ended.empty() && surroundings.now - gaps.ended.front() > std::chrono::hours{24})
    gaps.ended.pop_front();
  return static_cast<int>(gaps.ended.size());
}

SensorFacts Watch::facts_of(const Row& row, bool alone, const Surroundings& surroundings) {
  SensorFacts facts;
  facts.enabled = row.enabled;
  facts.last_data = row.last_data;
  facts.heard_before = row.heard_before;
  facts.learned_interval = row.learned_interval;
  facts.clock_fault = row.clock_fault;
  if (const auto stated = stated_.find(row.serial); stated != stated_.end())
    facts.stated_interval = stated->second;
  facts.link = link_of(row, surroundings);
  if (surroundings.devices != nullptr) facts.device = surroundings.devices->facts(row.id, surroundings.now);
  facts.odd_counts = learned_.of(row.id);
  facts.gaps = count_gaps(row, facts, surroundings);
  add_rejects(facts, row, alone);
  return facts;
}

/// In which time a sensor could have told of people: while we listened and its link was there, and up to its
/// last message where it sends at fixed times.
std::optional<Watch::Bounds> Watch::told(const Row& row, const Surroundings& surroundings) const {
  const auto link = link_of(row, surroundings);
  if (!row.enabled || !link.up || !row.last_data) return std::nullopt;
  SensorFacts facts;
  facts.learned_interval = row.learned_interval;
  if (const auto stated = stated_.find(row.serial); stated != stated_.end())
    facts.stated_interval = stated->second;
  const bool rhythmic = interval_of(facts).count() > 0;
  return Bounds{wall_at(std::max(rules_.listening_since, link.changed), surroundings),
                rhythmic ? wall_at(*row.last_data, surroundings) : surroundings.wall};
}

void Watch::learn(store::Database& db, const std::vector<Row>& rows, const Surroundings& surroundings) {
  if (!hours_) hours_ = Hours::of_store(db);
  if (!surroundings.time_known) return;
  learned_.refresh(db, *hours_, surroundings.wall, surroundings.now, [&](std::int64_t sensor) {
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& each) { return each.id == sensor; });
    return row == rows.end() ? std::nullopt : told(*row, surroundings);
  });
}

void Watch::add_conditions(const Row& row, const Verdict& verdict, const Surroundings& surroundings,
                           Judgement& judgement) const {
  if (!row.enabled) return;
  for (const auto& finding : verdict.findings) {
    if (finding.kind.empty()) continue;
    judgement.conditions.push_back({finding.kind, row.serial, finding.severity,
                                    fmt::format("{}: {}. {}", row.name, finding.cause, finding.advice),
                                    row.id});
  }
  if (verdict.undecided) judgement.undecided.emplace_back(kind::kOffline, row.serial);
  // Who has counted nobody since we listen may be stuck as before.
  const auto bounds = told(row, surroundings);
  const auto counted = learned_.counted(row.id);
  if (!bounds || !counted || *counted < bounds->first)
    judgement.undecided.emplace_back(kind::kZero, row.serial);
}

/// A link that is down is told once, and not by each of its sensors.
void Watch::add_links(const std::vector<Row>& rows, const Surroundings& surroundings,
                      Judgement& judgement) const {
  for (const auto& [name, state] : surroundings.links) {
    if (state.up) continue;
    const bool told_by_sensor = state.is_device && std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
                                  return row.link == name && row.enabled;
                                });
    if (told_by_sensor) continue;
    judgement.conditions.push_back(
        {kind::kLink, name, Severity::warning,
         fmt::format(
             "The link {} is down{}{}. Check its cable, its network and what is at the other end; it is "
             "tried again by itself.",
             name, state.trouble.empty() ? "" : ": ", state.trouble)});
  }
}

void Watch::write(store::Database& db, const std::vector<Row>& rows,
                  const std::map<std::int64_t, Sensor>& verdicts, const Surroundings& surroundings) {
  Judgement judgement;
  Savepoint savepoint(db);
  for (const auto& row : rows) {
    const auto& verdict = verdicts.at(row.id).verdict;
    if (row.status != to_string(verdict.status)) write_status(db, row.id, verdict, surroundings);
    history_.note(db, row.id, verdict, surroundings.wall);
    add_conditions(row, verdict, surroundings, judgement);
  }
  add_links(rows, surroundings, judgement);
  for (const auto& set : learned_.sets()) {
    judgement.conditions.push_back({kind::kBalance, set.key, set.finding.severity,
                                    fmt::format("{}. {}", set.finding.cause, set.finding.advice)});
  }
  if (!learned_.ready()) {
    for (const auto kind : {kind::kRatio, kind::kShare, kind::kBalance})
      judgement.undecided.emplace_back(kind, std::string());
  }
  Alerts::Now now{surroundings.now, {}, hours_->open_at(surroundings.wall)};
  if (surroundings.time_known) now.wall = surroundings.wall;
  alerts_.look(db, judgement, now);
  if (surroundings.time_known && (!tidied_ || surroundings.now - *tidied_ >= kTidyEvery)) {
    if (tidied_) {
      History::prune(db, surroundings.wall);
      forget_old_alerts(db, surroundings.wall);
    }
    tidied_ = surroundings.now;
  }
  savepoint.release();
}

void Watch::refresh(store::Database& writer_db, const store::Sensors& sensors,
                    const Surroundings& surroundings) {
  auto rows = read_rows(writer_db, surroundings.boot);
  add_live(rows, sensors);
  read_rejects(writer_db, surroundings);
  follow_links(surroundings);
  learn(writer_db, rows, surroundings);
  std::map<std::pair<std::string_view, std::string_view>, int> companions;
  for (const auto& row : rows) ++companions[{row.link, row.model}];

  std::map<std::int64_t, Sensor> verdicts;
  for (const auto& row : rows) {
    const auto facts = facts_of(row, companions[{row.link, row.model}] == 1, surroundings);
    Sensor sensor{judge(facts, rules_, surroundings.now), facts.rejects, {}};
    if (row.last_data) sensor.last_data = wall_at(*row.last_data, surroundings);
    verdicts.emplace(row.id, std::move(sensor));
  }
  write(writer_db, rows, verdicts, surroundings);
  const std::lock_guard lock(mutex_);
  verdicts_ = std::move(verdicts);
}

std::map<std::int64_t, Watch::Sensor> Watch::verdicts() const {
  const std::lock_guard lock(mutex_);
  return verdicts_;
}

}  // namespace lintel::health
