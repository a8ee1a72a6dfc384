#include "gateway/app/explain.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/counting/counter.hpp"
#include "gateway/evidence/files.hpp"
#include "gateway/store/corrections.hpp"
#include "gateway/store/reading.hpp"
#include "gateway/store/sensor_settings.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

/// Messages that added nobody are looked for so long after the time they tell of.
constexpr Millis kStatedLater = std::chrono::days{1};
constexpr std::size_t kMostMessages = 100'000;

struct Named {
  std::int64_t id = 0;
  std::string serial, name, decoder, link, metadata;
};

Result<Named> find_sensor(store::Database& db, const std::string& word) {
  auto rows = db.prepare(
      "select id, serial, name, model, link, metadata from sensor_metadata "
      "where deleted_at is null order by name, serial");
  std::vector<Named> all, named;
  while (rows.step()) {
    all.push_back({rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2)),
                   std::string(rows.text(3)), std::string(rows.text(4)), std::string(rows.text(5))});
    if (all.back().serial == word) return all.back();
    if (all.back().name == word) named.push_back(all.back());
  }
  if (named.size() == 1) return named.front();
  std::vector<std::string_view> words;
  for (const auto& sensor : all) {
    words.emplace_back(sensor.serial);
    if (sensor.name != sensor.serial) words.emplace_back(sensor.name);
  }
  return fail(ErrorKind::misconfigured,
              named.size() > 1
                  ? fmt::format("{} sensors are called \"{}\": say which by its serial", named.size(), word)
                  : fmt::format("no sensor is called {}, {}", word, config::suggest(word, words)));
}

json flags_of(std::int64_t flags) {
  static constexpr std::pair<std::int64_t, const char*> kWords[] = {
      {store::kArrivalTime, "arrival_time"},     {store::kRecovered, "recovered"},
      {store::kAfterReset, "after_reset"},       {store::kWrapped, "wrapped"},
      {store::kEstimated, "estimated"},          {store::kVoided, "discarded"},
      {store::kCorrected, "corrected"},          {store::kBounded, "time_bounded"},
      {store::kUnconfirmed, "time_unconfirmed"}, {store::kStartOnOwn, "start_unconfirmed"}};
  auto words = json::array();
  for (const auto& [bit, word] : kWords) {
    if ((flags & bit) != 0) words.push_back(word);
  }
  return words;
}

json maybe(const std::optional<std::int64_t>& value) {
  return value ? json(*value) : json(nullptr);
}

json message_of(const evidence::Record& record, const evidence::Judged& judged) {
  json message{{"arrival", count_ms(record.arrival)},
               {"link", record.link},
               {"topic", record.topic},
               {"decoder", record.decoder},
               {"retained", record.retained},
               {"kind", judged.kind},
               {"said_in", maybe(judged.said_in)},
               {"said_out", maybe(judged.said_out)},
               {"from", count_ms(judged.from)},
               {"to", count_ms(judged.at)}};
  message.update(evidence::payload_json(record.payload));
  return message;
}

json why(const std::string& rule) {
  const auto known = counting::rule_from(rule);
  return known ? json(counting::explain(*known)) : json(nullptr);
}

/// Messages by line and start of the reading that came of them; what added nobody apart.
class Messages {
 public:
  Messages(store::Database& db, const std::filesystem::path& dir, const Named& sensor,
           const Question& question) {
    // What has moved came at another time, as the clock was then.
    auto left = db.prepare(
        "select m.line, m.started_at from people_counting_raw r join moved_readings m on "
        "m.change_no = r.change_no where r.started_at >= ? and r.started_at < ? and r.sensor_id = ?");
    left.bind(count_ms(question.from), count_ms(question.to), sensor.id);
    std::set<std::pair<std::string, UtcMs>> moved;
    while (left.step()) moved.emplace(std::string(left.text(0)), utc_ms(left.integer(1)));
    const auto wanted = [&](const evidence::Record& record) {
      return std::any_of(record.judged.begin(), record.judged.end(), [&](const evidence::Judged& judged) {
        const auto at = judged.counted ? judged.started : judged.at;
        return judged.sensor == sensor.serial && (!question.line || *question.line == judged.line) &&
               ((at >= question.from && at < question.to) || moved.contains({judged.line, judged.started}));
      });
    };
    auto received = db.prepare(
        "select min(received_at), max(received_at) from people_counting_raw "
        "where started_at >= ? and started_at < ? and sensor_id = ?");
    received.bind(count_ms(question.from), count_ms(question.to), sensor.id);
    (void)received.step();
    auto first = received.is_null(0) ? question.from : std::min(question.from, utc_ms(received.integer(0)));
    auto last = std::max(question.to + kStatedLater, utc_ms(received.integer(1)) + Millis{1});
    for (const auto& [line, started] : moved) {
      first = std::min(first, started);
      last = std::max(last, started + kStatedLater);
    }
    found_ = evidence::find(dir, first, last, sensor.serial, wanted, kMostMessages);
    for (const auto& record : found_.records) {
      for (const auto& judged : record.judged) {
        if (judged.sensor != sensor.serial || (question.line && *question.line != judged.line)) continue;
        if (judged.counted) {
          counted_[{judged.line, judged.started}].push_back({&record, &judged});
        } else if (judged.at >= question.from && judged.at < question.to) {
          nobody_.push_back({&record, &judged});
        }
      }
    }
  }

  using Pair = std::pair<const evidence::Record*, const evidence::Judged*>;

  /// The message that a reading came of: the last one that came when it was received. `received` absent: a
  /// reading that has moved, of which only the first start is known.
  [[nodiscard]] const Pair* find(const std::string& line, UtcMs started,
                                 std::optional<UtcMs> received) const {
    const auto candidates = counted_.find({line, started});
    if (candidates == counted_.end()) return received ? find_around(line, started, *received) : nullptr;
    const auto& all = candidates->second;
    const auto last = std::find_if(all.rbegin(), all.rend(), [&](const Pair& pair) {
      return !received || pair.first->arrival == received;
    });
    return last == all.rend() ? nullptr : &*last;
  }
  /// Of a gap that was shared out by day: the message about all of it.
  [[nodiscard]] const Pair* find_around(const std::string& line, UtcMs started, UtcMs received) const {
    for (auto it = counted_.upper_bound({line, started}); it != counted_.begin();) {
      --it;
      if (it->first.first != line) break;
      for (const auto& pair : it->second) {
        if (pair.first->arrival == received && started < pair.second->started + pair.second->duration)
          return &pair;
      }
    }
    return nullptr;
  }

  [[nodiscard]] const std::vector<Pair>& nobody() const { return nobody_; }
  [[nodiscard]] const evidence::Found& found() const { return found_; }

 private:
  evidence::Found found_;
  std::map<std::pair<std::string, UtcMs>, std::vector<Pair>> counted_;
  std::vector<Pair> nobody_;
};

json sums_of(store::Database& db, std::int64_t sensor, const Question& question) {
  auto rows = db.prepare(R"(
select line,
       coalesce(sum(iif(flags & 48 = 0, count_in, 0)), 0), coalesce(sum(iif(flags & 48 = 0, count_out, 0)), 0),
       coalesce(sum(iif(flags & 48 = 0 and duration_ms > 3600000, count_in, 0)), 0),
       coalesce(sum(iif(flags & 48 = 0 and duration_ms > 3600000, count_out, 0)), 0),
       coalesce(sum(iif(flags & 48 = 16, count_in, 0)), 0), coalesce(sum(iif(flags & 48 = 16, count_out, 0)), 0),
       coalesce(sum(iif(flags & 32 <> 0, count_in, 0)), 0), coalesce(sum(iif(flags & 32 <> 0, count_out, 0)), 0),
       count(*)
  from people_counting_raw
 where started_at >= ?1 and started_at < ?2 and sensor_id = ?3 and (?4 is null or line = ?4)
 group by line order by line)");
  rows.bind(count_ms(question.from), count_ms(question.to), sensor, question.line);
  auto sums = json::array();
  while (rows.step()) {
    sums.push_back({{"line", rows.text(0)},
                    {"in", rows.integer(1)},
                    {"out", rows.integer(2)},
                    {"over_gaps_in", rows.integer(3)},
                    {"over_gaps_out", rows.integer(4)},
                    {"estimated_in", rows.integer(5)},
                    {"estimated_out", rows.integer(6)},
                    {"discarded_in", rows.integer(7)},
                    {"discarded_out", rows.integer(8)},
                    {"readings", rows.integer(9)}});
  }
  return sums;
}

json readings_of(store::Database& db, std::int64_t sensor, const Question& question,
                 const Messages& messages) {
  const auto watermark = db.scalar("select coalesce((select watermark from sync_state), 0)");
  auto rows = db.prepare(R"(
select r.change_no, r.line, r.started_at, r.duration_ms, r.count_in, r.count_out, r.flags, r.revision,
       r.received_at, s.code,
       (select m.started_at from moved_readings m where m.change_no = r.change_no order by m.revision limit 1)
  from people_counting_raw r
  left join set_aside s on s.change_no = r.change_no
 where r.started_at >= ?1 and r.started_at < ?2 and r.sensor_id = ?3 and (?4 is null or r.line = ?4)
 order by r.started_at, r.line, r.seq limit ?5)");
  rows.bind(count_ms(question.from), count_ms(question.to), sensor, question.line,
            static_cast<std::int64_t>(question.limit));
  auto readings = json::array();
  while (rows.step()) {
    const std::string line(rows.text(1));
    const auto started = utc_ms(rows.integer(2));
    json reading{{"line", line},
                 {"from", count_ms(started)},
                 {"to", count_ms(started) + rows.integer(3)},
                 {"in", maybe(rows.maybe_integer(4))},
                 {"out", maybe(rows.maybe_integer(5))},
                 {"flags", flags_of(rows.integer(6))},
                 {"revision", rows.integer(7)},
                 {"received", rows.integer(8)},
                 {"change", rows.integer(0)},
                 {"hq", !rows.is_null(9)               ? json(rows.text(9))
                        : rows.integer(0) <= watermark ? json("confirmed")
                                                       : json("waiting")},
                 {"moved_from", maybe(rows.maybe_integer(10))},
                 {"rule", nullptr},
                 {"why", nullptr}};
    const auto moved = rows.maybe_integer(10);
    const auto* message = moved ? messages.find(line, utc_ms(*moved), std::nullopt)
                                : messages.find(line, started, utc_ms(rows.integer(8)));
    if (message != nullptr) {
      const auto& judged = *message->second;
      reading["rule"] = judged.rule;
      reading["why"] = why(judged.rule);
      reading["counted_in"] = maybe(judged.count_in);
      reading["counted_out"] = maybe(judged.count_out);
      if (judged.by_total) {
        reading["disagreement"] = {{"by_total", *judged.by_total},
                                   {"one_by_one", judged.one_by_one.value_or(0)}};
      }
      reading["message"] = message_of(*message->first, judged);
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

json nobody_of(const Messages& messages, std::size_t limit) {
  auto nobody = json::array();
  for (const auto& [record, judged] : messages.nobody()) {
    if (nobody.size() >= limit) break;
    nobody.push_back({{"line", judged->line},
                      {"rule", judged->rule},
                      {"why", why(judged->rule)},
                      {"message", message_of(*record, *judged)}});
  }
  return nobody;
}

json corrections_of(store::Database& db, std::int64_t sensor, const Question& question) {
  auto list = json::array();
  for (const auto& one : store::find_corrections(db, sensor)) {
    if (one.to <= question.from || one.from >= question.to) continue;
    if (question.line && one.line && *one.line != *question.line) continue;
    list.push_back({{"at", count_ms(one.at)},
                    {"actor", one.actor},
                    {"action", store::to_string(one.action)},
                    {"line", one.line ? json(*one.line) : json(nullptr)},
                    {"from", count_ms(one.from)},
                    {"to", count_ms(one.to)},
                    {"reason", one.reason},
                    {"changed", one.changed},
                    {"finished", one.finished()}});
  }
  return list;
}

json directions_of(const std::string& metadata) {
  const auto object = store::object_from(metadata);
  auto list = json::array();
  for (const auto& past : store::past_directions(object)) {
    list.push_back({{"until", count_ms(past.until)}, {"inverted", past.invert}});
  }
  const auto in_force = object.value("in_force", json::object());
  list.push_back({{"until", nullptr}, {"inverted", in_force.value("invert", false)}});
  return list;
}

}  // namespace

Result<json> explain(store::Database& reader, const std::filesystem::path& evidence_dir,
                     const Question& question) {
  const auto sensor = find_sensor(reader, question.sensor);
  if (!sensor) return tl::unexpected(sensor.error());
  const Messages messages(reader, evidence_dir, *sensor, question);
  json answer{{"sensor",
               {{"serial", sensor->serial},
                {"name", sensor->name},
                {"decoder", sensor->decoder},
                {"link", sensor->link}}},
              {"from", count_ms(question.from)},
              {"to", count_ms(question.to)},
              {"sums", sums_of(reader, sensor->id, question)},
              {"readings", readings_of(reader, sensor->id, question, messages)},
              {"nobody", nobody_of(messages, question.limit)},
              {"more_nobody", messages.nobody().size() - std::min(messages.nobody().size(), question.limit)},
              {"corrections", corrections_of(reader, sensor->id, question)},
              {"directions", directions_of(sensor->metadata)}};
  std::int64_t readings = 0;
  for (const auto& sum : answer["sums"]) readings += sum["readings"].get<std::int64_t>();
  answer["more_readings"] = readings - static_cast<std::int64_t>(answer["readings"].size());
  const auto oldest = evidence::oldest(evidence_dir);
  answer["evidence"] = {{"oldest", oldest ? json(count_ms(*oldest)) : json(nullptr)},
                        {"lost", messages.found().lost},
                        {"more", messages.found().more}};
  return answer;
}

}  // namespace lintel::app
