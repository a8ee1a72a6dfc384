#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Why a frame could not be counted.
struct Refusal {
  std::string_view decoder;
  std::string_view kind;  ///< length, integrity, sanity, unsupported, crash
  std::string_view reason;
};

/// Frames that could not be decoded or accepted, kept with the reason: the newest of each link, and so
/// many a minute that a babbling device neither fills the disk nor starves the others. What is not
/// kept is counted, and the next kept frame says how many. Writer thread only, inside its transaction.
class Quarantine {
 public:
  static constexpr std::int64_t kMostPerLink = 500;
  static constexpr std::size_t kLongestPayload = 65'536;
  static constexpr double kPerSecond = 2;
  static constexpr double kBurst = 100;

  explicit Quarantine(Database& db);

  void keep(const bridge::Frame& frame, const Refusal& refusal, UtcMs now);
  void load();

  /// Refused since the process started, kept or not.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Budget {
    double tokens = kBurst;
    BootTime refilled{};
    std::uint64_t left_out = 0;
    std::int64_t rows = 0;
  };
  bool spend(Budget& budget, BootTime arrived);

  Statement count_, insert_, trim_;
  std::map<std::string, Budget, std::less<>> budgets_;
  std::uint64_t refused_ = 0;
};

}  // namespace lintel::store
