#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "gateway/store/sqlite.hpp"
#include "tests/bench/meter.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::bench {

/// A broker and the real gateway on it, its spool in memory as on a device. It sends nowhere.
class GatewayBench {
 public:
  /// `listen`: of its page; empty: none.
  explicit GatewayBench(const std::string& listen = {});
  ~GatewayBench();
  GatewayBench(const GatewayBench&) = delete;
  GatewayBench& operator=(const GatewayBench&) = delete;

  void start();
  void stop();
  /// Publishes `count` messages of twenty sensors, each a window of its own, about `per_second` of them
  /// (0: as fast as the broker takes them). Returns when all are acknowledged.
  void publish(int count, int per_second);
  /// Waits until the database holds every message that was published.
  void wait_for_all();
  [[nodiscard]] std::int64_t readings();
  [[nodiscard]] std::int64_t published() const { return published_; }
  [[nodiscard]] Usage usage() const { return usage_of(process_.pid()); }
  [[nodiscard]] std::string broker_url() const;
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_.path(); }

 private:
  void configure(const std::string& listen);
  std::int64_t ask(const char* question);

  test::TempDir dir_;
  std::filesystem::path spool_;
  test::Mosquitto broker_;
  test::Process process_;
  std::optional<store::Database> reader_;
  std::int64_t published_ = 0;
};

}  // namespace lintel::bench
