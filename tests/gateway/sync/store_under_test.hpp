#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gateway/sync/sync.hpp"
#include "tests/gateway/sync/applying_writer.hpp"
#include "tests/gateway/sync/contract_hq.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fill_store.hpp"

namespace lintel::test {

/// A store with two sensors, a writer and sync over it, with waits short enough for a test.
class StoreUnderTest {
 public:
  static constexpr std::int64_t kNoon = 1785499200000;
  static constexpr const char* kToken = "eyJhbGciOiJIUzI1NiJ9.the-token.of-this-test";

  StoreUnderTest() : writer(rows.path()) {
    rows.sensor("A", "Main door");
    rows.sensor("B", "Side door");
    write_token(kToken);
    options.credential_file = token_file();
    options.database = rows.path();
    options.timing.interval = Millis{20};
    options.timing.backoff_base = Millis{1};
    options.timing.backoff_cap = Millis{5};
    options.timing.slow_retry = Millis{5};
    options.timing.store_timeout = Millis{300};
    options.http.total_timeout = std::chrono::seconds{30};
  }

  ~StoreUnderTest() { writer.on_commit({}); }
  StoreUnderTest(const StoreUnderTest&) = delete;
  StoreUnderTest& operator=(const StoreUnderTest&) = delete;

  void begin(const std::string& url) {
    writer.on_commit({});
    options.url = url;
    sync::Surroundings surroundings;
    surroundings.post = [this](sync::Confirmation c) { writer.post(std::move(c)); };
    surroundings.log = [this](const std::string& line) {
      const std::lock_guard lock(log_mutex);
      log.push_back(line);
    };
    // On a machine that has just been switched on.
    surroundings.steady = [began = std::chrono::steady_clock::now()] {
      return std::chrono::steady_clock::time_point{} + (std::chrono::steady_clock::now() - began);
    };
    sync = std::make_unique<sync::Sync>(options, std::move(surroundings));
    writer.on_commit([this] { sync->notify(); });
    sync->start();
  }

  [[nodiscard]] std::filesystem::path token_file() const { return rows.dir() / "credential"; }
  void write_token(const std::string& token) const { std::ofstream(token_file()) << token << '\n'; }

  /// HQ has confirmed everything, and the confirmation is stored.
  [[nodiscard]] bool drained(std::chrono::milliseconds limit = std::chrono::seconds(120)) {
    return eventually([&] { return rows.watermark() == rows.last_change(); }, limit);
  }
  [[nodiscard]] bool troubled_by(sync::Trouble trouble) {
    return eventually([&] { return sync->status().trouble == trouble; });
  }
  [[nodiscard]] std::int64_t set_aside() { return rows.db().scalar("select count(*) from set_aside"); }

  FilledStore rows;
  ApplyingWriter writer;
  sync::Options options;
  std::mutex log_mutex;
  std::vector<std::string> log;
  std::unique_ptr<sync::Sync> sync;  // ends first
};

}  // namespace lintel::test
