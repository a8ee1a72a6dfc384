#include "gateway/app/doubts.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/identity.hpp"

namespace lintel::app {

namespace {

using counting::Rule;
using nlohmann::json;

std::string place_of(const store::Sensor& sensor, std::string_view line) {
  return line.empty() ? sensor.name : fmt::format("{}, line {}", sensor.name, line);
}

std::string text(const std::optional<std::int64_t>& in, const std::optional<std::int64_t>& out) {
  const auto one = [](const std::optional<std::int64_t>& n) { return n ? std::to_string(*n) : "unknown"; };
  return fmt::format("{} in, {} out", one(in), one(out));
}

json numbers(const std::optional<std::int64_t>& in, const std::optional<std::int64_t>& out) {
  return {{"in", in ? json(*in) : json()}, {"out", out ? json(*out) : json()}};
}

}  // namespace

Doubts::Doubts(store::Store& store)
    : store_id_(store.store_id()),
      known_(store.db().prepare("select 1 from alerts where public_id = ?")),
      insert_(store.db().prepare(R"(
insert into alerts (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, severity, message,
                    details, opened_at, created_at, updated_at)
values (1, 1, 1, ?, ?, ?, ?, 'warning', ?, ?, ?, ?, ?) on conflict do nothing)")) {}

void Doubts::note(const store::Sensor& sensor, std::string_view line, const Before& before,
                  const counting::Statement& statement, const counting::Outcome& outcome, UtcMs now) {
  const bool moved_oddly = outcome.rule == Rule::implausible || outcome.rule == Rule::lowered;
  if (!outcome.disagreement && !moved_oddly) return;
  const auto place = place_of(sensor, line);
  if (const auto& doubt = outcome.disagreement) {
    open(sensor, "counts_disagree", line,
         fmt::format("{}: the total moved by {}, but {} were told one by one in the same time. The total is "
                     "believed; look whether two reports of the device tell of different lines or periods.",
                     place, doubt->by_total, doubt->one_by_one),
         json{{"line", line}, {"by_total", doubt->by_total}, {"one_by_one", doubt->one_by_one}}.dump(), now);
  }
  if (!moved_oddly) return;
  const bool implausible = outcome.rule == Rule::implausible;
  open(
      sensor, implausible ? "count_implausible" : "count_lowered", line,
      fmt::format("{}: the total went from {} to {}. {}", place, text(before.in, before.out),
                  text(statement.count_in, statement.count_out),
                  implausible ? "So many people cannot have passed, and nobody is counted. If another device "
                                "hangs there now, say so with `replaces` in sensors.d."
                              : "The device took people back; nobody is counted until it is past what was "
                                "counted. If somebody set its counter, nothing needs to be done."),
      json{{"line", line},
           {"before", numbers(before.in, before.out)},
           {"now", numbers(statement.count_in, statement.count_out)}}
          .dump(),
      now);
}

void Doubts::open(const store::Sensor& sensor, const std::string& kind, std::string_view line,
                  const std::string& message, const std::string& details, UtcMs now) {
  const auto day = count_ms(std::chrono::floor<std::chrono::days>(now)) / 86'400'000;
  const auto key = fmt::format("{}:{}:{}:{}", kind, sensor.serial, line, day);
  const auto id = store::named_uuid(store_id_, "alert:" + key);
  known_.bind(id);
  const bool known = known_.step();
  known_.reset();
  if (known) return;
  const auto ms = count_ms(now);
  insert_.bind(sensor.id, id, kind, key, message, details, ms, ms, ms).run();
}

}  // namespace lintel::app
