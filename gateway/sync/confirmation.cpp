#include "gateway/sync/confirmation.hpp"

#include "gateway/clock/store_days.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/sync/given_up.hpp"

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
  auto learn = writer.prepare(
      "update sensor_metadata set hq_id = ?1 where public_id = ?2 and hq_id is not ?1 returning 1");
  bool learnt = false;
  for (const auto& sensor : confirmation.sensors) {
    learn.bind(sensor.hq_id, sensor.public_id);
    learnt = learn.step() || learnt;
    learn.reset();
  }
  // Perhaps another gateway has counted them before.
  if (learnt) writer.execute("update sync_state set counters_owed = 1 where id = 1");
}

void keep_carried(store::Database& writer, const Confirmation& confirmation) {
  if (!confirmation.carried) return;
  store::CarriedCounters carried(writer);
  for (const auto& counter : *confirmation.carried) carried.keep(counter);
  writer.execute("update sync_state set counters_owed = 0 where id = 1");
}

void keep_rejected(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  auto keep = writer.prepare(
      "insert into set_aside (change_no, code, message, at) values (?, ?, ?, ?) "
      "on conflict (change_no) do update set code = excluded.code, message = excluded.message");
  for (const auto& reading : confirmation.rejected) {
    keep.bind(reading.change_no, reading.code, reading.message, count_ms(now)).run();
  }
}

/// True: what HQ refused may be taken now.
bool keep_schema(store::Database& writer, const Confirmation& confirmation) {
  if (!confirmation.schema) return false;
  auto keep =
      writer.prepare("update sync_state set hq_schema = ?1 where id = 1 and hq_schema is not ?1 returning 1");
  keep.bind(*confirmation.schema);
  const bool changed = keep.step();
  keep.reset();
  return changed && writer.scalar("select exists (select 1 from set_aside)") != 0;
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

void keep_coverage(store::Database& writer, const Confirmation& confirmation) {
  if (confirmation.new_history) writer.execute("update sync_state set coverage_told = 0 where id = 1");
  if (!confirmation.coverage_told) return;
  const auto told = *confirmation.coverage_told;
  writer
      .prepare(
          "update sync_state set coverage_told = max(coverage_told, ?), coverage_refused = nullif(?, '') "
          "where id = 1")
      .bind(told, confirmation.coverage_refused)
      .run();
  // HQ has taken it back as well: there is nothing left to say of it.
  writer.prepare("delete from coverage where state = 'unknown' and revision <= ?").bind(told).run();
}

void keep_given_up(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  if (confirmation.new_history) {
    writer.execute("update sync_state set given_up_told = 0 where id = 1");
    if (confirmation.watermark < writer.scalar("select removed_to from writer_state")) {
      note_unresendable(writer, confirmation.watermark, confirmation.history, now);
    }
  }
  if (confirmation.given_up_told) {
    writer.prepare("update sync_state set given_up_told = max(given_up_told, ?) where id = 1")
        .bind(*confirmation.given_up_told)
        .run();
  }
}

std::vector<Resend> keep_verdicts(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  const auto before = writer.scalar("select watermark from sync_state where id = 1");
  if (confirmation.new_history) owe_all_comparisons(writer);
  std::vector<Resend> resend;
  for (const auto& verdict : confirmation.verdicts) {
    auto again = keep_verdict(writer, verdict, now);
    resend.insert(resend.end(), again.begin(), again.end());
  }
  // After the verdicts: what came with the same request was compared, but a later verdict costs little.
  owe_comparison(writer, before, confirmation.watermark);
  return resend;
}

/// An HQ that keeps no history means from now on.
std::optional<std::string> calendar_of(store::Database& writer, const Configuration& configuration,
                                       UtcMs now) {
  if (configuration.calendar) return configuration.calendar;
  auto row = writer.prepare("select timezone, day_start_minute, calendar from stores where id = 1");
  if ((!configuration.timezone && !configuration.day_start_minute) || !row.step()) return std::nullopt;
  const auto timezone = configuration.timezone.value_or(std::string(row.text(0)));
  const auto minute = configuration.day_start_minute.value_or(static_cast<int>(row.integer(1)));
  const bool counted = writer.scalar("select exists (select 1 from daily_analytics)") != 0;
  const auto held = clock::parse_periods(std::string(row.text(2)));
  if (!counted || !held) return clock::to_text({{std::nullopt, timezone, minute}});
  const auto changed = clock::changed_from_now(*held, timezone, minute, now);
  return changed ? std::optional(clock::to_text(*changed)) : std::nullopt;
}

/// What HQ does not speak of stays; what it says nothing about any more goes.
void keep_setting(store::Database& writer, const char* path, const std::optional<std::string>& said) {
  if (!said) return;
  writer
      .prepare(
          "update stores set settings = iif(?2 = 'null', json_remove(settings, ?1), "
          "json_set(settings, ?1, json(?2))) where id = 1")
      .bind(path, *said)
      .run();
}

void configure(store::Database& writer, const Configuration& configuration, UtcMs now) {
  writer
      .prepare(
          "update stores set name = coalesce(?, name), timezone = coalesce(?, timezone), "
          "day_start_minute = coalesce(?, day_start_minute), calendar = coalesce(?, calendar), "
          "config_version = ?, updated_at = ? where id = 1")
      .bind(configuration.store_name, configuration.timezone, configuration.day_start_minute,
            calendar_of(writer, configuration, now), configuration.version, count_ms(now))
      .run();
  keep_setting(writer, "$.opening_hours", configuration.opening_hours);
  keep_setting(writer, "$.updates", configuration.updates);
  for (const auto& entry : configuration.sensors) configure_sensor(writer, entry, now);
  if (configuration.regions) keep_regions(writer, *configuration.regions, now);
  writer.prepare("update sync_state set config_version = ? where id = 1").bind(configuration.version).run();
}

}  // namespace

FollowUp apply(store::Database& writer, const Confirmation& confirmation, UtcMs now) {
  if (!same_file(writer, confirmation)) return {};
  if (!confirmation.error.empty()) {
    keep_failure(writer, confirmation);
    return {};
  }
  FollowUp follow_up;
  follow_up.resend = keep_verdicts(writer, confirmation, now);
  follow_up.retry_refused = keep_schema(writer, confirmation);
  keep_ids(writer, confirmation);
  keep_carried(writer, confirmation);
  keep_rejected(writer, confirmation, now);
  keep_coverage(writer, confirmation);
  keep_given_up(writer, confirmation, now);
  if (confirmation.new_history) {
    owe_all_alerts(writer, now);
    owe_all_acceptances(writer);
  }
  if (confirmation.acceptances) keep_acceptances(writer, *confirmation.acceptances);
  if (confirmation.alerts) keep_alerts(writer, *confirmation.alerts);
  if (confirmation.configuration) configure(writer, *confirmation.configuration, now);
  writer
      .prepare(
          "update sync_state set watermark = ?, history_id = ?, last_attempt_at = ?, "
          "last_success_at = ?, last_error = null, failures = 0 where id = 1")
      .bind(confirmation.watermark, confirmation.history, count_ms(confirmation.attempted_at), count_ms(now))
      .run();
  return follow_up;
}

}  // namespace lintel::sync
