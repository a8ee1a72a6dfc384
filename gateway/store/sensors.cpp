#include "gateway/store/sensors.hpp"

#include <fmt/format.h>

#include "gateway/store/identity.hpp"

namespace lintel::store {

namespace {
constexpr BootTime kWriteEvery = std::chrono::seconds{60};

/// dump() throws on what is not UTF-8.
std::string safe(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
}  // namespace

Sensors::Sensors(Database& db, ChangeNumbers& numbers, std::string store_public_id)
    : numbers_(numbers),
      store_public_id_(std::move(store_public_id)),
      select_(db.prepare("select id, serial, name, model, link, last_data_received, interval_ms, lifecycle, "
                         "settings, metadata from sensor_metadata where deleted_at is null")),
      insert_(db.prepare(R"(
insert into sensor_metadata (organization_id, store_id, gateway_id, public_id, serial, name, model, link,
                             created_at, updated_at)
values (1, 1, 1, ?, ?, ?, ?, ?, ?, ?) returning id)")),
      update_(db.prepare(
          "update sensor_metadata set name = ?, model = ?, link = ?, updated_at = ? where id = ?")),
      configure_(db.prepare("update sensor_metadata set name = ?, lifecycle = ?, settings = ?, metadata = ?, "
                            "updated_at = ? where id = ?")),
      rename_(db.prepare("update sensor_metadata set serial = ?, updated_at = ? where id = ?")),
      owe_(db.prepare("insert into journal (change_no, kind, body) values (?, 'sensor', ?)")),
      liveness_(db.prepare("update sensor_metadata set last_data_received = coalesce(?, last_data_received), "
                           "last_boot_id = coalesce(?, last_boot_id), "
                           "last_boot_ms = coalesce(?, last_boot_ms), interval_ms = ? where id = ?")) {
  load();
}

Sensor Sensors::read_row() {
  Sensor sensor;
  sensor.id = select_.integer(0);
  sensor.serial = select_.text(1);
  sensor.name = select_.text(2);
  sensor.model = select_.text(3);
  sensor.link = select_.text(4);
  sensor.last_data = utc_ms(select_.integer(5));
  sensor.interval_ms = select_.integer(6);
  sensor.rhythm = Rhythm{Millis{sensor.interval_ms}};
  sensor.lifecycle = select_.text(7);
  sensor.settings = object_from(select_.text(8));
  sensor.metadata = object_from(select_.text(9));
  return sensor;
}

void Sensors::load() {
  by_serial_.clear();
  reread();
}

void Sensors::reread() {
  select_.reset();
  while (select_.step()) {
    auto row = read_row();
    const auto [known, fresh] = by_serial_.emplace(row.serial, row);
    if (fresh) continue;
    known->second.id = row.id;
    known->second.name = std::move(row.name);
    known->second.model = std::move(row.model);
    known->second.link = std::move(row.link);
    known->second.lifecycle = std::move(row.lifecycle);
    known->second.settings = std::move(row.settings);
    known->second.metadata = std::move(row.metadata);
  }
  select_.reset();
}

Sensor* Sensors::find(std::string_view serial) {
  const auto found = by_serial_.find(std::string(serial));
  return found == by_serial_.end() ? nullptr : &found->second;
}

Sensor& Sensors::change_device(Sensor& sensor, const std::string& serial, UtcMs now) {
  const std::string before = sensor.serial;
  rename_.bind(serial, count_ms(now), sensor.id).run();
  auto node = by_serial_.extract(before);
  node.key() = serial;
  Sensor& renamed = node.mapped();
  renamed.serial = serial;
  // Another device has another rhythm.
  renamed.rhythm = Rhythm{};
  renamed.interval_ms = 0;
  by_serial_.insert(std::move(node));
  auto columns = columns_of(renamed);
  note_device(columns.metadata, before, now);
  configure(renamed, columns, now, {{"serial", {before, serial}}});
  return renamed;
}

std::string Sensors::successor(std::string_view serial) const {
  for (const auto& [today, sensor] : by_serial_) {
    for (const auto& before : past_devices(sensor.metadata))
      if (before == serial) return today;
  }
  return {};
}

SensorColumns Sensors::columns_of(const Sensor& sensor) {
  return {sensor.name, sensor.lifecycle, sensor.settings, sensor.metadata};
}

void Sensors::configure(Sensor& sensor, const SensorColumns& columns, UtcMs now,
                        const nlohmann::json& change) {
  sensor.name = columns.name;
  sensor.lifecycle = columns.lifecycle;
  sensor.settings = columns.settings;
  sensor.metadata = columns.metadata;
  configure_
      .bind(sensor.name, sensor.lifecycle, safe(sensor.settings), safe(sensor.metadata), count_ms(now),
            sensor.id)
      .run();
  if (!change.is_null()) owe(sensor.id, change);
}

Sensor* Sensors::claim(std::string_view serial, std::string_view name, std::string_view model,
                       std::string_view link, UtcMs now, bool belongs) {
  Sensor* found = find(serial);
  if (found == nullptr) {
    if (by_serial_.size() >= kMostUnnamed && !belongs) return nullptr;
    return add(serial, name, model, link, now);
  }
  Sensor& sensor = *found;
  const bool renamed = !name.empty() && sensor.name != name;
  if (renamed || sensor.model != model || sensor.link != link) {
    if (renamed) sensor.name = name;
    sensor.model = model;
    sensor.link = link;
    update_.bind(sensor.name, sensor.model, sensor.link, count_ms(now), sensor.id).run();
    owe(sensor.id);
  }
  return &sensor;
}

Sensor* Sensors::add(std::string_view serial, std::string_view name, std::string_view model,
                     std::string_view link, UtcMs now) {
  Sensor sensor;
  sensor.serial = serial;
  sensor.name = name.empty() ? serial : name;
  sensor.model = model;
  sensor.link = link;
  insert_.bind(named_uuid(store_public_id_, fmt::format("sensor:{}", serial)), sensor.serial, sensor.name,
               sensor.model, sensor.link, count_ms(now), count_ms(now));
  (void)insert_.step();
  sensor.id = insert_.integer(0);
  insert_.reset();
  owe(sensor.id);
  return &by_serial_.emplace(sensor.serial, sensor).first->second;
}

void Sensors::owe(std::int64_t id, const nlohmann::json& change) {
  nlohmann::json body{{"sensor_id", id}};
  if (!change.is_null()) body["change"] = change;
  owe_.bind(numbers_.take(), body.dump()).run();
}

void Sensors::dated(Sensor& sensor, UtcMs at) {
  if (at <= sensor.last_data) return;
  sensor.last_data = at;
  sensor.dirty = true;
}

void Sensors::heard(Sensor& sensor, std::optional<UtcMs> now, BootTime arrived) {
  sensor.rhythm.beat(arrived);
  sensor.interval_ms = sensor.rhythm.interval().count();
  sensor.seen = true;
  sensor.dirty = true;
  if (now) sensor.last_data = *now;
  sensor.last_boot = arrived;
}

void Sensors::flush(const BootId& boot, BootTime now, bool all) {
  const std::string_view boot_bytes(reinterpret_cast<const char*>(boot.data()), boot.size());
  for (auto& [serial, sensor] : by_serial_) {
    const bool due = sensor.written == BootTime{} || now - sensor.written >= kWriteEvery;
    if (!sensor.dirty || !(due || all)) continue;
    std::optional<std::int64_t> last_data, last_boot;
    if (sensor.last_data != UtcMs{}) last_data = count_ms(sensor.last_data);
    // Else its last sign of life was in another boot.
    if (sensor.seen) last_boot = std::chrono::duration_cast<Millis>(sensor.last_boot).count();
    liveness_.bind(last_data, std::nullopt, last_boot, sensor.interval_ms, sensor.id);
    if (sensor.seen) liveness_.bind_blob(2, boot_bytes);
    liveness_.run();
    sensor.dirty = false;
    sensor.written = now;
  }
}

}  // namespace lintel::store
