#include "gateway/sync/confirmation.hpp"

#include "gateway/store/sensor_settings.hpp"

namespace lintel::sync {

namespace {

bool same_file(store::Database& writer, const Confirmation& confirmation) {
  auto state = writer.prepare("select epoch from writer_state");
  return state.step() && state.text(0) == confirmation.epoch;
}

void keep_failure(store::Database& writer, const Confirmation& confirmation) {
  writer.prepare("update sync_state set last_attempt_at = ?, last_error = ?, failures = ? where id = 1")
      .bind(count_ms(confirmation.attempted_at), confirmation.error, confirmation.failures)
      .run();
}

void keep_ids(store::Database& writer, const Confirmation& confirmation) {
  if (confirmation.new_history) writer.execute("update sensor_metadata set hq_id = null");
  auto forget = writer.prepare("update sensor_metadata set hq_id = null where id = ?");
  for (const auto sensor : confirmation.unknown_sensors) forget.bind(sensor).run();
  auto learn = writer.prepare("update sensor_metadata set hq_id = ? where public_id = ?");
  for (const auto& sensor : confirmation.sensors) learn.bind(sensor.hq_id, sensor.public_id).run();
}

void keep_rejected(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  auto keep = writer.prepare(
      "insert into set_aside (change_no, code, message, at) values (?, ?, ?, ?) "
      "on conflict (change_no) do update set code = excluded.code, message = excluded.message");
  for (const auto& reading : confirmation.rejected) {
    keep.bind(reading.change_no, reading.code, reading.message, count_ms(now)).run();
  }
}

/// A sensor that HQ knows and this file does not was made there, or on the card before this one.
void add_sensor(store::Database& writer, const SensorConfiguration& entry, UtcMs now) {
  if (entry.serial.empty()) return;
  writer
      .prepare(
          "insert into sensor_metadata (organization_id, store_id, gateway_id, public_id, serial, name, "
          "model, link, created_at, updated_at) values (1, 1, 1, ?, ?, ?, ?, '', ?, ?)")
      .bind(entry.public_id, entry.serial, entry.name.value_or(entry.serial), entry.model.value_or(""),
            count_ms(now), count_ms(now))
      .run();
}

void configure_sensor(store::Database& writer, const SensorConfiguration& entry, UtcMs now) {
  auto select = writer.prepare(
      "select id, name, lifecycle, settings, metadata from sensor_metadata "
      // Until HQ has heard of it, it goes by the serial of the device before.
      "where public_id = ?1 or serial = nullif(?2, '') or exists (select 1 from json_each(metadata, "
      "'$.devices') "
      "where value ->> 'serial' = nullif(?2, '')) "
      "order by public_id = ?1 desc, serial = ?2 desc, id limit 1");
  select.bind(entry.public_id, entry.serial);
  if (!select.step()) {
    add_sensor(writer, entry, now);
    select.bind(entry.public_id, entry.serial);
    if (!select.step()) return;
  }
  const auto id = select.integer(0);
  store::SensorColumns columns{std::string(select.text(1)), std::string(select.text(2)),
                               store::object_from(select.text(3)), store::object_from(select.text(4))};
  select.reset();
  store::HqSays says{entry.name, entry.lifecycle, std::nullopt};
  if (entry.settings) says.settings = store::object_from(*entry.settings);
  if (!store::take_over(columns, says)) return;
  writer
      .prepare(
          "update sensor_metadata set name = ?, lifecycle = ?, settings = ?, metadata = ?, updated_at = ? "
          "where id = ?")
      .bind(columns.name, columns.lifecycle, columns.settings.dump(), columns.metadata.dump(), count_ms(now),
            id)
      .run();
}

void configure(store::Database& writer, const Configuration& configuration, UtcMs now) {
  writer
      .prepare(
          "update stores set name = coalesce(?, name), timezone = coalesce(?, timezone), "
          "day_start_minute = coalesce(?, day_start_minute), config_version = ?, updated_at = ? "
          "where id = 1")
      .bind(configuration.store_name, configuration.timezone, configuration.day_start_minute,
            configuration.version, count_ms(now))
      .run();
  for (const auto& entry : configuration.sensors) configure_sensor(writer, entry, now);
  writer.prepare("update sync_state set config_version = ? where id = 1").bind(configuration.version).run();
}

}  // namespace

void apply(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  if (!same_file(writer, confirmation)) return;
  if (!confirmation.error.empty()) {
    keep_failure(writer, confirmation);
    return;
  }
  keep_ids(writer, confirmation);
  keep_rejected(writer, confirmation, now);
  if (confirmation.configuration) configure(writer, *confirmation.configuration, now);
  writer
      .prepare(
          "update sync_state set watermark = ?, history_id = ?, last_attempt_at = ?, "
          "last_success_at = ?, last_error = null, failures = 0 where id = 1")
      .bind(confirmation.watermark, confirmation.history, count_ms(confirmation.attempted_at), count_ms(now))
      .run();
}

}  // namespace lintel::sync
