#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/health/alerts.hpp"
#include "gateway/health/own.hpp"
#include "gateway/store/retention.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// The kinds that the gateway's own conditions have.
std::span<const KindRule> own_kinds();

/// Watches the gateway itself: collects the facts, judges them, and makes alerts of what stays so. Owned by
/// the writer thread, apart from found().
class OwnWatch {
 public:
  struct Options {
    std::filesystem::path root = "/";
    std::filesystem::path state_dir;
    store::RetentionLimits limits;
    std::filesystem::path
        setup_problems;                ///< file with what was wrong with the setup file, where there is one
    std::uint64_t card_endurance = 0;  ///< bytes; 0: not known
  };
  struct Surroundings {
    BootTime now{};
    std::optional<UtcMs> wall{};  ///< absent: not known
    std::string storage_error;
  };
  /// What was found last.
  struct Found {
    Machine machine;
    std::vector<Condition> conditions;
  };

  explicit OwnWatch(Options options);

  /// Looks every ten seconds, however often it is called. SqliteError leaves it.
  void refresh(store::Database& writer_db, const Surroundings& surroundings);
  void rolled_back() { alerts_.forget(); }

  /// A copy; any thread.
  [[nodiscard]] Found found() const;

 private:
  [[nodiscard]] OwnFacts facts_of(store::Database& db, const Surroundings& surroundings);

  const Options options_;
  MachineWatch machine_;
  Alerts alerts_;
  std::optional<BootTime> looked_;
  std::optional<BootTime> reckoned_;
  std::optional<double> days_alone_;

  mutable std::mutex mutex_;
  Found found_;  // guarded by mutex_
};

}  // namespace lintel::health
