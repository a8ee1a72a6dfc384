#include "gateway/walk/tests.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/store/reading.hpp"

namespace lintel::walk {

namespace {

using namespace std::chrono_literals;

/// A sensor without a rhythm has told all it will of a passage.
constexpr Millis kQuiet = 10s;
/// A sensor with one should have sent something in three of its intervals, and this at least.
constexpr Millis kShortestPatience = 30s;
constexpr Millis kLongestWindow = 15min;
constexpr std::int64_t kKept = 500;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestNote = 2000;
constexpr const char* kNames[] = {"in", "after_in", "out", "after_out", "done", "signed"};

constexpr const char* kColumns =
    "select id, sensor_id, line, times, step, began_at, pressed_at, heard, in_in, in_out, out_in, out_out, "
    "verdict, signed_by, signed_at, note from walk_tests ";

Step step_from(std::string_view word) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), word);
  return static_cast<Step>(found - std::begin(kNames));
}

Test test_of(const store::Statement& row) {
  Test test;
  test.id = row.text(0);
  test.sensor = row.integer(1);
  test.line = row.text(2);
  test.times = row.integer(3);
  test.step = step_from(row.text(4));
  test.began = utc_ms(row.integer(5));
  test.pressed = utc_ms(row.integer(6));
  test.heard = row.integer(7) > 0;
  test.walking_in = {row.integer(8), row.integer(9)};
  test.walking_out = {row.integer(10), row.integer(11)};
  if (test.step >= Step::done) test.verdict = judge(test.walking_in, test.walking_out, test.times);
  test.passed = row.text(12) == "passed";
  test.signed_by = row.text(13);
  if (const auto at = row.maybe_integer(14)) test.signed_at = utc_ms(*at);
  test.note = row.text(15);
  return test;
}

Error refused(std::string text) {
  return {ErrorKind::misconfigured, std::move(text)};
}

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

const char* to_string(Step step) {
  return kNames[static_cast<std::size_t>(step)];
}

Result<Test> Tests::read(std::string_view id) {
  auto row = db_.prepare(std::string(kColumns) + "where id = ?");
  row.bind(id);
  if (!row.step()) return tl::unexpected(refused("there is no such walk test (any more): begin a new one"));
  auto test = test_of(row);
  if (test.step < Step::done) add_counts(test);
  return test;
}

/// Of a test that goes on: what its readings say.
void Tests::add_counts(Test& test) {
  auto rows = db_.prepare(
      "select r.started_at, r.duration_ms, ifnull(r.count_in, 0), ifnull(r.count_out, 0), "
      "w.out_after is not null and r.change_no > w.out_after "
      "from walk_tests w join people_counting_raw r on r.change_no > w.in_after and r.sensor_id = "
      "w.sensor_id "
      "and r.line = w.line where w.id = ?1 and r.started_at + r.duration_ms > w.began_at and (r.flags & ?2) "
      "= 0 "
      "and ifnull(r.count_in, 0) + ifnull(r.count_out, 0) > 0 order by r.change_no");
  rows.bind(test.id, static_cast<int>(store::kVoided) | static_cast<int>(store::kCorrected));
  while (rows.step()) {
    const auto from = utc_ms(rows.integer(0));
    const Passage passage{
        from, from + Millis{rows.integer(1)}, {rows.integer(2), rows.integer(3)}, rows.integer(4) != 0};
    auto& counts = passage.walking_out ? test.walking_out : test.walking_in;
    counts.in += passage.counts.in;
    counts.out += passage.counts.out;
    test.passages.push_back(passage);
  }
}

std::int64_t Tests::last_change() {
  return db_.scalar("select ifnull(max(change_no), 0) from people_counting_raw");
}

Result<Test> Tests::start(const store::Sensor& sensor, std::optional<std::string> line, std::int64_t times,
                          UtcMs now) {
  if (times < 1 || times > kMostTimes)
    return tl::unexpected(refused(fmt::format("walk 1 to {} times, 5 is usual", kMostTimes)));
  std::vector<std::string> lines;
  auto rows =
      db_.prepare("select distinct line from daily_analytics where sensor_id = ? and region = '' order by 1");
  rows.bind(sensor.id);
  while (rows.step()) lines.emplace_back(rows.text(0));
  if (!line && lines.size() > 1) {
    return tl::unexpected(refused(
        fmt::format("{} counts at several lines, say which: {}", sensor.name, fmt::join(lines, ", "))));
  }
  if (!line) line = lines.empty() ? "" : lines.front();
  if (!lines.empty() && std::find(lines.begin(), lines.end(), *line) == lines.end()) {
    return tl::unexpected(
        refused(fmt::format("{} has no line \"{}\", but {}", sensor.name, *line, fmt::join(lines, ", "))));
  }
  db_.prepare("delete from walk_tests where sensor_id = ? and line = ? and step <> 'signed'")
      .bind(sensor.id, *line)
      .run();
  const auto id = store::random_uuid();
  db_.prepare(
         "insert into walk_tests (id, sensor_id, line, times, step, began_at, pressed_at, heard_at, "
         "in_after) "
         "values (?1, ?2, ?3, ?4, 'in', ?5, ?5, ?6, ?7)")
      .bind(id, sensor.id, *line, times, count_ms(now), count_ms(sensor.last_data), last_change())
      .run();
  return read(id);
}

void Tests::enter(Test& test, Step step, const store::Sensor& sensor, UtcMs now) {
  test.step = step;
  test.pressed = now;
  test.heard = false;
  db_.prepare("update walk_tests set step = ?2, pressed_at = ?3, heard_at = ?4, heard = 0 where id = ?1")
      .bind(test.id, to_string(step), count_ms(now), count_ms(sensor.last_data))
      .run();
  if (step == Step::out) {
    db_.prepare("update walk_tests set out_after = ?2 where id = ?1").bind(test.id, last_change()).run();
  }
  if (step != Step::done) return;
  test.verdict = judge(test.walking_in, test.walking_out, test.times);
  db_.prepare(
         "update walk_tests set ended_at = ?2, in_in = ?3, in_out = ?4, out_in = ?5, out_out = ?6, verdict = "
         "?7 "
         "where id = ?1")
      .bind(test.id, count_ms(now), test.walking_in.in, test.walking_in.out, test.walking_out.in,
            test.walking_out.out, test.verdict->passed ? "passed" : "failed")
      .run();
}

/// How long the time was that the line's newest reading is about: a sensor that was mounted just now has no
/// rhythm yet, but tells windows.
Millis Tests::window_of(const Test& test) {
  auto row = db_.prepare(
      "select duration_ms from people_counting_raw where sensor_id = ? and line = ? and started_at > ? "
      "order by change_no desc limit 1");
  row.bind(test.sensor, test.line, count_ms(test.began - kLongestWindow));
  return row.step() ? std::min(Millis{row.integer(0)}, kLongestWindow) : 0ms;
}

bool Tests::told_all(const Test& test, const store::Sensor& sensor, UtcMs now) {
  const auto& counts = test.step == Step::after_in ? test.walking_in : test.walking_out;
  if (counts.in + counts.out >= test.times) return true;
  const bool later = std::any_of(test.passages.begin(), test.passages.end(),
                                 [&](const Passage& passage) { return passage.to >= test.pressed; });
  if (later) return true;
  auto row = db_.prepare("select heard from walk_tests where id = ?");
  row.bind(test.id);
  if (row.step() && row.integer(0) >= 2) return true;
  const auto interval = std::max(Millis{sensor.interval_ms}, window_of(test));
  return now - test.pressed >= (interval > 0ms ? std::max(kShortestPatience, 3 * interval) : kQuiet);
}

void Tests::settle(Test& test, const store::Sensor& sensor, UtcMs now) {
  db_.prepare(
         "update walk_tests set heard = heard + 1, heard_at = ?2 where id = ?1 and heard_at < ?2 returning 1")
      .bind(test.id, count_ms(sensor.last_data))
      .run();
  if (test.step != Step::after_in && test.step != Step::after_out) return;
  if (!told_all(test, sensor, now)) return;
  enter(test, test.step == Step::after_in ? Step::out : Step::done, sensor, now);
}

namespace {

const store::Sensor* sensor_of(const store::Sensors& sensors, std::int64_t id) {
  for (const auto& [serial, sensor] : sensors.all()) {
    if (sensor.id == id) return &sensor;
  }
  return nullptr;
}

}  // namespace

Result<Test> Tests::look(std::string_view id, const store::Sensors& sensors, UtcMs now) {
  auto test = read(id);
  if (!test || test->step >= Step::done) return test;
  const auto* sensor = sensor_of(sensors, test->sensor);
  if (sensor == nullptr) return tl::unexpected(refused("the sensor of this walk test is gone"));
  settle(*test, *sensor, now);
  test->heard = sensor->last_data >= test->pressed;
  return test;
}

Result<Test> Tests::next(std::string_view id, const store::Sensors& sensors, UtcMs now) {
  auto test = look(id, sensors, now);
  if (!test) return test;
  const auto* sensor = sensor_of(sensors, test->sensor);
  // Pressed twice, or while the test went on by itself: it is further already.
  if (sensor == nullptr || (test->step != Step::in && test->step != Step::out)) return test;
  enter(*test, test->step == Step::in ? Step::after_in : Step::after_out, *sensor, now);
  settle(*test, *sensor, now);
  return test;
}

Result<Test> Tests::sign(std::string_view id, const Signature& signature, UtcMs now) {
  auto test = read(id);
  if (!test) return test;
  if (test->step < Step::done)
    return tl::unexpected(refused("the walk test is not over yet: walk in, walk out, then sign"));
  if (test->step == Step::signed_)
    return tl::unexpected(refused(fmt::format("{} has signed this walk test already", test->signed_by)));
  if (signature.name.empty() || signature.name.size() > kLongestName || !is_plain(signature.name))
    return tl::unexpected(refused(fmt::format("sign with a name, at most {} bytes", kLongestName)));
  if (signature.note.size() > kLongestNote || !is_plain(signature.note))
    return tl::unexpected(refused(fmt::format("a note is one line of at most {} bytes", kLongestNote)));
  const bool passed = signature.passed.value_or(test->verdict->passed);
  if (passed != test->verdict->passed && signature.note.empty())
    return tl::unexpected(refused("to sign otherwise than it was judged, say why in a note"));
  db_.prepare(
         "update walk_tests set step = 'signed', signed_by = ?2, note = ?3, verdict = ?4, signed_at = ?5, "
         "revision = (select ifnull(max(revision), 0) + 1 from walk_tests) where id = ?1")
      .bind(id, signature.name, signature.note, passed ? "passed" : "failed", count_ms(now))
      .run();
  db_.prepare(
         "delete from walk_tests where revision <= (select max(revision) from walk_tests) - ? "
         "and revision <= (select acceptances_told from sync_state)")
      .bind(kKept)
      .run();
  return read(id);
}

Result<void> Tests::cancel(std::string_view id) {
  auto remove = db_.prepare("delete from walk_tests where id = ? and step <> 'signed' returning 1");
  remove.bind(id);
  if (!remove.step())
    return tl::unexpected(refused("there is no such walk test that could be ended, a signed one stays"));
  remove.reset();
  return {};
}

std::vector<Test> Tests::newest(std::int64_t limit) {
  std::vector<Test> tests;
  auto rows = db_.prepare(std::string(kColumns) + "order by began_at desc limit ?");
  rows.bind(limit);
  while (rows.step()) tests.push_back(test_of(rows));
  for (auto& test : tests) {
    if (test.step < Step::done) add_counts(test);
  }
  return tests;
}

}  // namespace lintel::walk
