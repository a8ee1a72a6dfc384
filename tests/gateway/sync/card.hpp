#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gateway/app/pipeline.hpp"
#include "gateway/sync/session.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// A gateway on a card of its own: the real counting, database and conversation with HQ, all on the test's
/// thread. Frames go in by hand, in the simulated devices' words (tests/gateway/counting/truth).
class Card {
 public:
  struct Options {
    std::string hq_url;
    std::string token;
    bool inverted = false;             ///< the sensor D1 hangs the wrong way round
    Millis counters_every{3'600'000};  ///< between totals that HQ could reckon itself
  };

  explicit Card(Options options);
  ~Card();
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  /// The device D1 says this, and it arrives then.
  void hear(UtcMs at, const std::string& words);
  /// A total of D1, taken when it arrives.
  void total(UtcMs at, std::int64_t in, std::int64_t out, const std::string& more = "");
  void window(UtcMs from, UtcMs to, std::int64_t in, std::int64_t out);

  /// One request, or none where nothing is owed. What HQ says is stored as the daemon's writer does.
  sync::Turn request();
  /// Requests until HQ has everything and there is nothing left to ask. False: it does not come to that.
  bool sync();
  /// The process ends and begins again.
  void restart();

  [[nodiscard]] store::Database& db() { return store_->db(); }
  /// The readings of this card that were told across silence.
  [[nodiscard]] std::int64_t recovered();
  [[nodiscard]] const std::string& refused() const { return session_->counters_refused(); }

 private:
  void open();
  void close();
  void apply(const sync::Confirmation& confirmation);

  Options options_;
  TempDir dir_;
  config::Config config_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<counting::SeriesStates> series_;
  std::unique_ptr<app::Pipeline> pipeline_;
  std::atomic<bool> stop_{false};
  sync::Options sync_;
  sync::Surroundings surroundings_;
  std::unique_ptr<sync::Session> session_;
  std::vector<sync::Confirmation> said_;
};

}  // namespace lintel::test
