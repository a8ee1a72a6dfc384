#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/store/coverage.hpp"
#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// A store's database as the writer leaves it, in a directory of its own.
class StoreBench {
 public:
  static constexpr BootId kBoot{7};

  StoreBench() : store_(open()) {}

  [[nodiscard]] static UtcMs day_begin() { return utc_ms(1'785'456'000'000); }  // 2026-07-31T00:00:00Z
  [[nodiscard]] std::filesystem::path dir() const { return dir_.path(); }
  store::Store& store() { return *store_; }
  [[nodiscard]] store::Database reader() const {
    return std::move(*store::Database::open(store::database_path(dir()), store::OpenMode::reader));
  }

  /// The sensor counted this many people in the minute that begins here.
  std::int64_t count(const char* serial, const char* name, const char* line, UtcMs from, std::int64_t in,
                     std::int64_t out, Millis duration = std::chrono::minutes{1},
                     const char* link = "broker") {
    store_->begin();
    auto& sensors = store_->sensors();
    auto* sensor = sensors.claim(serial, name, "milesight-vs125", link, from);
    sensors.heard(*sensor, from + duration, std::chrono::minutes{100});
    store_->readings().put(sensor->id, line, {from, duration, in, out, 0, false, false}, from + duration);
    sensors.flush(kBoot, std::chrono::minutes{100}, true);
    store_->commit({1, 1}, "", from + duration);
    return sensor->id;
  }
  /// A line of the sensor was counting, or known to be down.
  void cover(std::int64_t sensor, const char* line, UtcMs from, UtcMs to,
             store::CoverageState state = store::CoverageState::counting) {
    store_->begin();
    store::CoverageRows(store_->db()).replace({sensor, false, line}, {}, {{from, to, state}});
    store_->commit({1, 1}, "", to);
  }
  void refuse(const std::string& reason, UtcMs at) {
    bridge::Frame frame;
    frame.link = "broker";
    frame.topic = "counters/unknown";
    frame.payload = "{";
    frame.boot = kBoot;
    frame.arrived = std::chrono::minutes{100};
    store_->begin();
    store_->quarantine().keep(frame, {"milesight-vs125", "integrity", reason}, at);
    store_->commit({1, 1}, "", at);
  }

 private:
  std::unique_ptr<store::Store> open() {
    const auto calendar = [](const std::string&, int) -> Result<store::Calendar> {
      constexpr std::int64_t kDay = 86'400'000;
      return store::Calendar{[](UtcMs t) { return count_ms(t) / kDay; },
                             [](std::int64_t day) { return utc_ms(day * kDay); }};
    };
    return std::move(*store::Store::open(dir_.path(), {"", "Corner shop", "UTC", 0, "gw-1", "0.1.0"},
                                         calendar, day_begin()));
  }

  TempDir dir_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace lintel::test
