#include "gateway/sync/batch.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "gateway/store/sensor_settings.hpp"
#include "gateway/sync/json_text.hpp"
#include "gateway/sync/shared_series.hpp"

namespace lintel::sync {

namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

// Upper estimates of what surrounds the values in the body.
constexpr std::size_t kEnvelope = 512;
constexpr std::size_t kSeriesInBatch = 220;
constexpr std::size_t kMoveFrame = 64;
constexpr std::size_t kLivenessFrame = 130;

std::int64_t or_no_count(const store::Statement& row, int column) {
  return row.is_null(column) ? kNoCount : row.integer(column);
}

void append_optional(std::string& out, const std::optional<std::int64_t>& value) {
  if (value) {
    append_number(out, *value);
  } else {
    out += "null";
  }
}

}  // namespace

void BatchBuilder::Cursor::open(std::int64_t after, std::int64_t last) {
  rows.bind(after, last);
  advance();
}

void BatchBuilder::Cursor::advance() {
  number = rows.step() ? rows.integer(0) : kEnd;
}

BatchBuilder::BatchBuilder(store::Database& reader)
    : reader_(reader),
      state_(reader.prepare("select epoch, next_change_no - 1 from writer_state")),
      sensor_(reader.prepare(
          "select public_id, hq_id, serial, name, model, lifecycle, settings, "
          "json_extract(metadata, '$.devices[#-1].serial') from sensor_metadata where id = ?")),
      checksums_(reader),
      counters_(reader),
      lines_{
          reader.prepare("select change_no, sensor_id, line, started_at, seq, duration_ms, flags, revision, "
                         "count_in, count_out from people_counting_raw "
                         "where change_no > ? and change_no <= ? order by change_no")},
      regions_{reader.prepare("select change_no, sensor_id, region, started_at, seq, duration_ms, flags, "
                              "revision, occupancy, null from regional_counting_raw "
                              "where change_no > ? and change_no <= ? order by change_no")},
      journal_{reader.prepare("select change_no, case when kind = 'sensor' and json_valid(body) "
                              "then json_extract(body, '$.sensor_id') end from journal "
                              "where change_no > ? and change_no <= ? order by change_no")},
      moves_{reader.prepare("select change_no, started_at, seq from moved_readings "
                            "where change_no > ? and change_no <= ? order by change_no")} {}

Batch BatchBuilder::build(const BatchOrder& order) {
  Batch batch;
  batch.after = batch.to = order.after;
  sensors_.clear();
  reader_.execute("begin");
  try {
    state_.reset();
    if (!state_.step()) throw store::SqliteError{SQLITE_INTERNAL, "writer_state has no row"};
    batch.epoch = state_.text(0);
    batch.last_change = state_.integer(1);
    state_.reset();
    if (order.changes > 0) collect(order, batch);
    batch.asks = order.want_counters;
    if (!order.live && !batch.more()) state_counters(order, batch);
    if (order.compare && !order.live && !batch.more()) compare(order, batch);
    write(order, batch);
  } catch (...) {
    close();
    throw;
  }
  close();
  return batch;
}

void BatchBuilder::close() {
  for (auto* cursor : {&lines_, &regions_, &journal_, &moves_}) cursor->rows.reset();
  state_.reset();
  sensor_.reset();
  if (sqlite3_get_autocommit(reader_.handle()) == 0) {
    sqlite3_exec(reader_.handle(), "commit", nullptr, nullptr, nullptr);
  }
}

void BatchBuilder::collect(const BatchOrder& order, Batch& batch) {
  bytes_ = kEnvelope + order.liveness.size() * kLivenessFrame;
  for (const auto& entry : order.liveness) name(entry.sensor);
  for (const auto& entry : order.coverage.items) name(entry.series.sensor);
  for (const auto& entry : order.alerts.items) {
    if (entry.sensor) name(*entry.sensor);
  }
  for (const auto& day : order.given_up.items) name(day.sensor);
  for (const auto& each : order.acceptances.items) name(each.sensor);
  bytes_ += width_of(order.coverage) + width_of(order.alerts) + width_of(order.given_up) +
            width_of(order.acceptances);
  if (order.health) bytes_ += order.health->regions.size();
  for (auto* cursor : {&lines_, &regions_, &journal_, &moves_}) cursor->open(order.after, batch.last_change);

  for (;;) {
    const auto next = std::min({lines_.number, regions_.number, journal_.number});
    if (next == kEnd) {
      batch.to = std::max(batch.to, batch.last_change);
      return;
    }
    if (batch.changes >= order.changes) return;
    const bool taken = next == lines_.number     ? take_reading(lines_, false, order, batch)
                       : next == regions_.number ? take_reading(regions_, true, order, batch)
                                                 : take_journal(order, batch);
    if (!taken) return;
    ++batch.changes;
    batch.to = next;
  }
}

/// HQ compares after it has taken the changes of the request, so these are in the sums.
void BatchBuilder::compare(const BatchOrder& order, Batch& batch) {
  batch.compared = checksums_.next(order.now, batch.to);
  if (!batch.compared) return;
  const auto width = width_of(*batch.compared);
  if (bytes_ + width > order.bytes) {
    batch.compared.reset();
  } else {
    bytes_ += width;
  }
}

/// The totals hold every reading of the database, so only a request that holds all of them may state any.
void BatchBuilder::state_counters(const BatchOrder& order, Batch& batch) {
  if (!order.counters_every) return;
  batch.counters = counters_.owed(order.instant, *order.counters_every);
  std::size_t taken = 0;
  for (; taken < batch.counters.size(); ++taken) {
    const auto width = width_of(batch.counters[taken]);
    if (bytes_ + width > order.bytes) break;
    bytes_ += width;
  }
  batch.counters.resize(taken);
}

/// A change that is alone too large is sent all the same: only HQ may refuse it.
bool BatchBuilder::fits(std::size_t cost, const BatchOrder& order, const Batch& batch) const {
  return batch.changes == 0 || bytes_ + cost <= order.bytes;
}

bool BatchBuilder::take_reading(Cursor& cursor, bool region, const BatchOrder& order, Batch& batch) {
  const auto& row = cursor.rows;
  Reading reading;
  reading.change_no = cursor.number;
  const auto sensor_id = row.integer(1);
  const auto name = row.text(2);
  reading.started_at = row.integer(3);
  reading.seq = row.integer(4);
  reading.duration = row.integer(5);
  reading.flags = row.integer(6);
  reading.revision = row.integer(7);
  reading.count_in = or_no_count(row, 8);
  reading.count_out = or_no_count(row, 9);

  const bool first_of_sensor = !sensors_.contains(sensor_id);
  auto& known = sensor(sensor_id);
  const auto series_before = batch.series.size();
  auto& series = series_of(known, sensor_id, region, name, batch);
  std::size_t cost = series.width(reading) + kMoveFrame;
  if (batch.series.size() > series_before) cost += kSeriesInBatch + 6 * name.size();
  if (first_of_sensor && known.declared) cost += known.declaration.size() + 1;
  if (!fits(cost, order, batch)) {
    if (batch.series.size() > series_before) {
      known.series.pop_back();
      batch.series.pop_back();
    }
    if (first_of_sensor) sensors_.erase(sensor_id);
    return false;
  }
  bytes_ += cost;
  series.add(reading);
  move_of(series, reading.change_no);
  cursor.advance();
  return true;
}

void BatchBuilder::move_of(Series& series, std::int64_t change_no) {
  while (moves_.number < change_no) moves_.advance();
  for (; moves_.number == change_no; moves_.advance()) {
    series.add_move(moves_.rows.integer(1), moves_.rows.integer(2));
  }
}

/// Only sensors are told by the journal so far; another kind takes its number and says nothing.
bool BatchBuilder::take_journal(const BatchOrder& order, Batch& batch) {
  if (!journal_.rows.is_null(1)) {
    const auto id = journal_.rows.integer(1);
    const bool first_of_sensor = !sensors_.contains(id);
    auto* known = find_sensor(id);
    if (known != nullptr && (first_of_sensor || !known->declared)) {
      const auto cost = known->declaration.size() + 1;
      if (!fits(cost, order, batch)) {
        if (first_of_sensor) sensors_.erase(id);
        return false;
      }
      declare(*known);
      bytes_ += cost;
    }
  }
  journal_.advance();
  return true;
}

BatchBuilder::KnownSensor& BatchBuilder::sensor(std::int64_t id) {
  auto* known = find_sensor(id);
  if (known == nullptr) {
    throw store::SqliteError{SQLITE_INTERNAL, fmt::format("a reading names sensor {}, which is not in "
                                                          "sensor_metadata",
                                                          id)};
  }
  return *known;
}

/// Counts what the request says of a sensor that it only names.
void BatchBuilder::name(std::int64_t id) {
  const bool first = !sensors_.contains(id);
  if (auto& known = sensor(id); first && known.declared) bytes_ += known.declaration.size() + 1;
}

BatchBuilder::KnownSensor* BatchBuilder::find_sensor(std::int64_t id) {
  if (const auto found = sensors_.find(id); found != sensors_.end()) return &found->second;
  sensor_.bind(id);
  if (!sensor_.step()) return nullptr;
  KnownSensor known;
  known.public_id = sensor_.text(0);
  known.declaration = "{\"id\":";
  append_json_string(known.declaration, known.public_id);
  const char* keys[] = {",\"serial\":", ",\"name\":", ",\"model\":"};
  for (int column = 0; column < 3; ++column) {
    known.declaration += keys[column];
    append_json_string(known.declaration, sensor_.text(2 + column));
  }
  // What was decided here, for HQ to confirm: nothing to say of a sensor that only made itself heard.
  if (sensor_.text(5) != "planning") {
    known.declaration += ",\"lifecycle\":";
    append_json_string(known.declaration, sensor_.text(5));
  }
  if (const auto settings = store::object_from(sensor_.text(6)); !settings.empty()) {
    known.declaration += ",\"settings\":" + settings.dump();
  }
  if (!sensor_.is_null(
          7)) {  // another device behind the door: HQ may know it by the serial of the one before
    known.declaration += ",\"was\":";
    append_json_string(known.declaration, sensor_.text(7));
  }
  known.declaration += '}';
  if (sensor_.is_null(1)) {
    declare(known);
  } else {
    append_number(known.id, sensor_.integer(1));
  }
  sensor_.reset();
  return &sensors_.emplace(id, std::move(known)).first->second;
}

void BatchBuilder::declare(KnownSensor& known) {
  if (known.declared) return;
  known.declared = true;
  known.id.clear();
  append_json_string(known.id, known.public_id);
}

Series& BatchBuilder::series_of(KnownSensor& known, std::int64_t sensor, bool region, std::string_view name,
                                Batch& batch) {
  for (const auto position : known.series) {
    auto& series = batch.series[position];
    if (series.region() == region && series.name() == name) return series;
  }
  known.series.push_back(batch.series.size());
  return batch.series.emplace_back(sensor, region, std::string(name));
}

void BatchBuilder::write(const BatchOrder& order, Batch& batch) {
  for (const auto& entry : order.liveness) (void)sensor(entry.sensor);
  for (const auto& entry : order.coverage.items) (void)sensor(entry.series.sensor);
  for (const auto& entry : order.alerts.items) {
    if (entry.sensor) (void)sensor(*entry.sensor);
  }
  for (const auto& day : order.given_up.items) (void)sensor(day.sensor);
  for (const auto& each : order.acceptances.items) (void)sensor(each.sensor);
  std::string& out = batch.body;
  out.reserve(bytes_ + kEnvelope);
  write_head(order, batch);
  write_sensors(order, batch);
  write_series(order, batch);
  write_liveness(order, out);
  const auto named = [this](std::int64_t id) -> const std::string& { return sensors_.at(id).id; };
  append_coverage(out, order.coverage, named);
  append_alerts(out, order.alerts, named);
  append_given_up(out, order.given_up, named);
  append_acceptances(out, order.acceptances, named);
  append_counters(out, batch.counters);
  if (batch.asks) out += ",\"want\":[\"counters\"]";
  if (batch.compared) append_checksums(out, *batch.compared);
  if (order.health) {
    fmt::format_to(std::back_inserter(out), ",\"health\":{{\"backlog\":{},\"disk_free\":{}{}{}}}",
                   order.health->backlog, order.health->disk_free,
                   order.health->regions.empty() ? "" : ",\"regions\":", order.health->regions);
  }
  out += '}';
}

void BatchBuilder::write_head(const BatchOrder& order, Batch& batch) {
  auto& out = batch.body;
  fmt::format_to(std::back_inserter(out), "{{\"v\":{}", order.speaks.highest);
  if (order.speaks.lowest > 1) {
    fmt::format_to(std::back_inserter(out), ",\"v_least\":{}", order.speaks.lowest);
  }
  out += ",\"epoch\":";
  append_json_string(out, batch.epoch);
  if (!order.version.empty()) {
    out += ",\"version\":";
    append_json_string(out, order.version);
  }
  if (order.schema) {
    out += ",\"schema\":";
    append_json_string(out, *order.schema);
  }
  fmt::format_to(std::back_inserter(out), ",\"time\":{},\"config_version\":{},\"after\":{},\"to\":{}",
                 count_ms(order.now), order.config_version, batch.after, batch.to);
}

void BatchBuilder::write_series(const BatchOrder& order, Batch& batch) {
  auto& out = batch.body;
  if (order.spoken >= kSharedKeys) {
    if (batch.series.empty()) return;
    out += ",\"series\":";
    append_shared(out, batch.series,
                  [this](std::int64_t id) -> const std::string& { return sensors_.at(id).id; });
    return;
  }
  out += ",\"series\":[";
  for (std::size_t s = 0; s < batch.series.size(); ++s) {
    if (s > 0) out += ',';
    batch.series[s].append_json(out, sensors_.at(batch.series[s].sensor()).id);
  }
  out += ']';
}

void BatchBuilder::write_sensors(const BatchOrder& order, Batch& batch) {
  std::vector<std::int64_t> declared;
  for (const auto& [id, known] : sensors_) {
    if (known.declared) declared.push_back(id);
  }
  if (declared.empty() && order.spoken >= kSharedKeys) return;
  std::sort(declared.begin(), declared.end());
  batch.body += ",\"sensors\":[";
  for (const auto id : declared) {
    const auto& known = sensors_.at(id);
    if (!batch.by_uuid.empty()) batch.body += ',';
    batch.body += known.declaration;
    batch.by_uuid.push_back({id, known.public_id});
  }
  batch.body += ']';
}

void BatchBuilder::write_liveness(const BatchOrder& order, std::string& out) {
  if (order.liveness.empty()) return;
  out += ",\"liveness\":";
  char separator = '[';
  for (const auto& entry : order.liveness) {
    out += separator;
    separator = ',';
    out += "{\"sensor\":";
    out += sensors_.at(entry.sensor).id;
    out += ",\"status\":";
    append_json_string(out, entry.status);
    out += ",\"last\":";
    append_optional(out, entry.last);
    out += ",\"since\":";
    append_optional(out, entry.since);
    out += '}';
  }
  out += ']';
}

}  // namespace lintel::sync
