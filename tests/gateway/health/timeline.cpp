#include "tests/gateway/health/timeline.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "gateway/clock/store_days.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/store/regions.hpp"
#include "tests/gateway/health/script_words.hpp"

namespace lintel::test {

namespace {

using namespace std::chrono_literals;
using health::Watch;

constexpr Millis kMinute = 1min;
/// People come from 9 to 20 o'clock.
constexpr int kOpens = 9, kCloses = 20;

Result<store::Calendar> calendar(const std::string& name, int) {
  const auto zone = *clock::Zone::find(name);
  const auto days = std::make_shared<clock::StoreDays>(zone, 0min);
  return store::Calendar{[days](UtcMs t) { return static_cast<std::int64_t>(days->day(t)); },
                         [days](std::int64_t day) { return days->begin(static_cast<clock::StoreDay>(day)); }};
}

}  // namespace

Timeline::Timeline(std::string_view script) {
  while (!script.empty()) {
    const auto end = std::min(script.find('\n'), script.size());
    auto line = clean(script.substr(0, end));
    script.remove_prefix(std::min(script.size(), end + 1));
    if (line.empty()) continue;
    if (const auto at = time_of(line)) {
      events_.push_back({*at, line});
    } else {
      prepare(line);
    }
  }
  const auto day = *clock::parse_day(from_);
  begin_ = clock::Zone::find(zone_)->to_utc(UtcMs{std::chrono::days{day}});
  open_store();
  for (auto& each : histories_) history(each);
  now_ = events_.empty() ? Millis{0} : std::max(events_.front().at - kMinute, Millis{0});
  booted_ = now_ - 100min;
  start();
  run();
}

Timeline::~Timeline() = default;

void Timeline::prepare(const std::string& line) {
  auto rest = line;
  const auto what = word(rest);
  if (what == "zone") {
    zone_ = rest;
  } else if (what == "from") {
    from_ = rest;
  } else if (what == "open") {
    const auto day = fmt::format("[[\"{}\",\"{}\"]]", rest.substr(0, 5), rest.substr(6));
    for (const char* name : {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
      hours_ += fmt::format("{}\"{}\":{}", hours_.empty() ? "{" : ",", name, day);
  } else if (what == "closed") {
    hours_ += fmt::format(",\"exceptions\":{{\"{}\":[]}}", rest);
  } else if (what == "region") {
    if (rest == "all") all_doors_ = true;
    for (auto name = word(rest); !name.empty() && !all_doors_; name = word(rest)) region_.push_back(name);
  } else if (what == "sensor") {
    const auto name = word(rest);
    auto& sensor = sensors_[name];
    sensor.serial = name;
    for (auto key = word(rest); !key.empty(); key = word(rest)) {
      if (key == "every") sensor.interval = span_of(word(rest));
      if (key == "on") sensor.link = word(rest);
    }
    if (sensor.link == "bus") sensor.serial = "link:bus/" + name;
    links_[sensor.link].is_device = sensor.link.starts_with("poll");
  } else if (what == "history" || what == "covered" || what == "replaced") {
    histories_.push_back(line);
  } else {
    throw std::invalid_argument("no event: " + line);
  }
}

void Timeline::open_store() {
  auto opened = store::Store::open(
      dir_.path(), {"", "Test", zone_, 0, "gw", "1", "", hours_.empty() ? "" : hours_ + "}", ""},
      store::unchanging(calendar), begin_);
  if (!opened) throw std::runtime_error(opened.error().message);
  store_ = std::move(*opened);
  db().execute("pragma synchronous = off");  // no test of power cuts
  batch([&] {
    if (all_doors_)
      db().execute("update stores set settings = json_set(settings, '$.all_doors_counted', json('true'))");
    for (auto& [name, sensor] : sensors_)
      (void)store_->sensors().claim(sensor.serial, name, "decoder", sensor.link, begin_);
    if (region_.empty()) return;
    store::RegionInFile region{sensors_.at(region_.front()).serial, "hall", "Hall", {}, {}};
    for (const auto& name : region_) region.from.push_back({sensors_.at(name).serial, ""});
    store::Regions(db(), store_->store_id()).settle({region}, begin_);
  });
}

template <typename F>
void Timeline::batch(F&& work) {
  store_->begin();
  work();
  store_->commit({1, 1}, "", wall());
}

BootTime Timeline::boot_clock() const {
  return std::chrono::duration_cast<BootTime>(now_ - booted_);
}

void Timeline::start() {
  std::map<std::string, Millis, std::less<>> stated;
  for (const auto& [name, sensor] : sensors_) stated[sensor.serial] = sensor.interval;
  watch_ = std::make_unique<Watch>(health::Rules{30min, boot_clock()}, std::move(stated));
  devices_.load(db(), boot_clock());
}

void Timeline::run() {
  auto next = events_.begin();
  while (next != events_.end()) {
    now_ += kMinute;
    for (; next != events_.end() && next->at <= now_; ++next) {
      if (next->text == "end") return;
      happen(next->text);
    }
    if (now_ >= up_from_) minute();
  }
}

std::int64_t Timeline::id_of(const Sensor& sensor) {
  return store_->sensors().find(sensor.serial)->id;
}

void Timeline::hear(const Sensor& sensor) {
  store_->sensors().heard(*store_->sensors().find(sensor.serial), wall(), boot_clock());
}

void Timeline::report(const Sensor& sensor, const bridge::DeviceReport& report) {
  devices_.note(id_of(sensor), report, boot_clock(), wall());
  batch([&] { devices_.flush(db()); });
}

void Timeline::add_hour(const Sensor& sensor, UtcMs hour, std::int64_t in, std::int64_t out) {
  db().prepare(
          "insert into hourly_analytics (organization_id, store_id, sensor_id, hour_at, count_in, count_out, "
          "readings, updated_at) values (1, 1, ?, ?, ?, ?, 1, 0) on conflict do update set "
          "count_in = count_in + excluded.count_in, count_out = count_out + excluded.count_out")
      .bind(id_of(sensor), count_ms(hour), in, out)
      .run();
}

/// NAME FROM TO in N out N [to N N | reversed]: days count from the first of the script. People come in the
/// morning and leave in the evening, a few more on one day than on the next.
void Timeline::history(std::string rest) {
  const auto what = word(rest);
  const bool covered = what == "covered";
  const auto& sensor = sensors_.at(word(rest));
  const auto from = span_of(word(rest));
  if (what == "replaced") {
    db().prepare(
            "update sensor_metadata set metadata = json_set(metadata, '$.devices', "
            "json_array(json_object('serial', 'old', 'until', ?))) where id = ?")
        .bind(count_ms(begin_ + from), id_of(sensor))
        .run();
    return;
  }
  const auto to = span_of(word(rest));
  if (covered) {
    db().prepare(
            "insert into coverage (to_at, sensor_id, regional, label, from_at, state, revision) "
            "values (?, ?, 0, '', ?, 'counting', 1)")
        .bind(count_ms(begin_ + to), id_of(sensor), count_ms(begin_ + from))
        .run();
    return;
  }
  (void)word(rest);
  const double in = std::stod(word(rest));
  (void)word(rest);
  const double out = std::stod(word(rest));
  const bool reversed = word(rest) == "reversed";  // else "to IN OUT": it drifts
  const auto last_in = rest.empty() ? in : std::stod(word(rest));
  const auto last_out = rest.empty() ? out : std::stod(word(rest));
  const auto zone = *clock::Zone::find(zone_);
  store_->begin();
  const auto days = std::chrono::floor<std::chrono::days>(to - from).count();
  for (std::int64_t n = 0; n < days; ++n) {
    const double part = days > 1 ? static_cast<double>(n) / static_cast<double>(days - 1) : 0;
    const double people_in = in + (last_in - in) * part, people_out = out + (last_out - out) * part;
    const double more = 1 + 0.05 * std::sin(static_cast<double>(7 * n));
    const UtcMs midnight = zone.to_wall(begin_) + from + std::chrono::days{n};
    for (int hour = kOpens; hour < kCloses; ++hour) {
      const double lean = (reversed ? -0.4 : 0.4) * (1 - 2.0 * (hour - kOpens) / (kCloses - 1 - kOpens));
      constexpr double kHours = kCloses - kOpens;
      add_hour(sensor, zone.to_utc(midnight + std::chrono::hours{hour}),
               std::llround(people_in / kHours * more * (1 + lean)),
               std::llround(people_out / kHours * more * (1 - lean)));
    }
  }
  store_->commit({1, 1}, "", begin_);
}

void Timeline::count(Sensor& sensor) {
  if (sensor.in + sensor.out == 0) return;
  const auto zone = *clock::Zone::find(zone_);
  const auto at = zone.to_wall(real()) - std::chrono::floor<std::chrono::days>(zone.to_wall(real()));
  if (at < std::chrono::hours{kOpens} || at >= std::chrono::hours{kCloses}) return;
  sensor.owed_in += sensor.in / 60;
  sensor.owed_out += sensor.out / 60;
  const auto in = static_cast<std::int64_t>(sensor.owed_in), out = static_cast<std::int64_t>(sensor.owed_out);
  // People pass when they like: a door that tells of each has no rhythm.
  const bool somebody = sensor.interval > Millis{0} || (++chance_ * 2654435761U >> 16) % 10 < 3;
  if (in + out == 0 || !somebody) return;
  sensor.owed_in -= static_cast<double>(in);
  sensor.owed_out -= static_cast<double>(out);
  batch([&] { add_hour(sensor, std::chrono::floor<std::chrono::hours>(wall()), in, out); });
  if (sensor.interval == Millis{0}) hear(sensor);
}

void Timeline::minute() {
  for (auto& [name, sensor] : sensors_) {
    const bool due = !sensor.last || now_ - *sensor.last >= std::max(sensor.interval, kMinute);
    if (sensor.reporting && due) {
      hear(sensor);
      sensor.last = now_;
    }
    count(sensor);
  }
  watch_->refresh(db(), store_->sensors(), {boot_, boot_clock(), wall(), links_, time_known_, &devices_});
  write_down();
}

void Timeline::happen(std::string text) {
  const auto what = word(text);
  if (const auto sensor = sensors_.find(what); sensor != sensors_.end()) {
    const auto verb = word(text);
    return happen_to(sensor->second, verb, text);
  }
  if (what == "restart" || what == "reboot") {
    batch([&] { store_->sensors().flush(boot_, boot_clock(), true); });
    store_.reset();
    open_store();
    up_from_ = now_ + (text.empty() ? Millis{0} : span_of(text));
    if (what == "reboot") {
      ++boot_[0];
      booted_ = up_from_ - 1min;
    }
    now_ = up_from_;
    start();
  } else if (what == "link") {
    const auto name = word(text);
    links_[name].up = text == "up";
    links_[name].trouble = text == "up" ? "" : "no route to it";
  } else if (what == "poll") {
    auto& link = links_[word(text)];
    link.up = word(text) == "answers";
    link.failed_cycles = link.up ? 0 : std::stoi(text);
    link.trouble = link.up ? "" : "10.0.0.9 did not answer in time";
  } else if (what == "bus") {
    auto& link = links_[word(text)];
    if (word(text) == "misses")
      link.silent[text] = text + " does not answer";
    else
      link.silent.clear();
  } else if (what == "clock") {
    if (text == "known" || text == "unknown")
      time_known_ = text == "known";
    else
      step_ += span_of(text);
  } else if (what == "ack") {
    const auto key = word(text);
    auto row = db().prepare("select id from alerts where dedup_key = ? and state = 'open'");
    row.bind(key);
    const auto id = row.step() ? row.integer(0) : 0;
    row.reset();
    batch([&] {
      if (!health::acknowledge(db(), id, text, wall())) say("nothing to acknowledge");
    });
  } else {
    throw std::invalid_argument("no event: " + what + " " + text);
  }
}

void Timeline::happen_to(Sensor& sensor, const std::string& what, std::string rest) {
  bridge::DeviceReport said;
  if (what == "reports") {
    sensor.reporting = true;
    sensor.last.reset();
  } else if (what == "silent") {
    sensor.reporting = false;
  } else if (what == "once") {
    hear(sensor);
  } else if (what == "counts") {
    const auto in = word(rest);
    sensor.in = in == "nobody" ? 0 : std::stod(in);
    sensor.out = in == "nobody" ? 0 : std::stod(rest);
  } else if (what == "will" || what == "back") {
    said.connected = what == "back";
    report(sensor, said);
  } else if (what == "battery") {
    said.battery_percent = std::stoi(rest);
    report(sensor, said);
  } else if (what == "tampered" || what == "untouched") {
    said.tampered = what == "tampered";
    report(sensor, said);
  } else if (what == "fault") {
    said.faults = {rest};
    report(sensor, said);
  } else if (what == "off" || what == "on") {
    batch([&] {
      db().prepare("update sensor_metadata set lifecycle = ? where serial = ?")
          .bind(what == "off" ? "archived" : "active", sensor.serial)
          .run();
    });
  } else if (what == "rejects") {
    bridge::Frame frame;
    frame.link = sensor.link;
    const auto topic = "counters/" + sensor.serial;
    frame.topic = topic;
    frame.boot = boot_;
    frame.arrived = boot_clock();
    batch([&] {
      for (int n = 0; n < std::stoi(rest); ++n)
        store_->quarantine().keep(frame, {"decoder", "integrity", "not JSON"}, wall());
    });
  } else {
    throw std::invalid_argument("nothing happens as: " + what);
  }
}

void Timeline::say(const std::string& text) {
  log_ += fmt::format("{} {}\n", stamp(now_), text);
}

void Timeline::write_down() {
  auto sensors = db().prepare("select name, status from sensor_metadata order by name");
  while (sensors.step()) {
    auto& before = states_.try_emplace(std::string(sensors.text(0)), "unknown").first->second;
    if (before == sensors.text(1)) continue;
    before = sensors.text(1);
    say(fmt::format("{} {}", sensors.text(0), before));
  }
  auto rows = db().prepare("select id, dedup_key, severity, state from alerts order by id");
  while (rows.step()) {
    auto& before = alerts_[std::to_string(rows.integer(0))];
    const auto now = fmt::format("{} {}", rows.text(2), rows.text(3));
    if (before == now) continue;
    const auto key = rows.text(1);
    if (before.empty())
      say(fmt::format("+ {} {}", key, rows.text(2)));
    else if (rows.text(3) == "resolved")
      say(fmt::format("- {}", key));
    else if (rows.text(3) == "acknowledged")
      say(fmt::format("! {}", key));
    else
      say(fmt::format("^ {} {}", key, rows.text(2)));
    before = now;
  }
}

std::string Timeline::cause(const std::string& sensor) const {
  const auto verdicts = watch_->verdicts();
  return verdicts.at(store_->sensors().find(sensors_.at(sensor).serial)->id).verdict.cause;
}

void check_timelines(std::span<const Told> timelines) {
  for (const auto& told : timelines) {
    const std::string name = told.name;
    CAPTURE(name);
    const Timeline timeline(told.script);
    CHECK("\n" + timeline.log() == std::string(told.log));
  }
}

}  // namespace lintel::test
