#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/store_under_test.hpp"
#include "tests/support/real_hq.hpp"

namespace lintel::test {

inline constexpr std::int64_t kMinute = 60'000;

/// HQ refuses what lies far off, so readings are of the last days, from a full hour on.
inline std::int64_t days_ago(std::int64_t days) {
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds{1};
  return (now / 3'600'000 - 24 * days) * 3'600'000;
}

inline bool ready() {
  if (RealHq::available()) return true;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody writes the environment
  REQUIRE_MESSAGE(std::getenv("LINTEL_TEST_REQUIRE_ALL") == nullptr,
                  "PostgreSQL 15 or sqitch is not installed");
  MESSAGE("SKIPPED: PostgreSQL 15 and sqitch are not installed");
  return false;
}

/// One random mishap between gateway and database.
inline void mishap(RealHq& hq, std::minstd_rand& random) {
  switch (random() % 8) {
    case 0: hq.misbehave_once("drop-after-commit"); break;
    case 1:
    case 2:
    case 3: hq.misbehave_once(fmt::format("cut-after-bytes {}", random() % 600)); break;
    case 4: hq.misbehave_once("html"); break;
    case 5: hq.misbehave_once(fmt::format("status {}", random() % 2 == 0 ? 502 : 403)); break;
    case 6: hq.misbehave_once(fmt::format("delay-ms {}", random() % 50)); break;
    default: break;
  }
}

/// The readings HQ holds, as local_readings() gives those of the gateway.
[[nodiscard]] std::map<ContractHq::Key, ContractHq::Content> readings_at(RealHq& hq);
/// How many hours, and days, of lines differ from what the raw rows add up to.
[[nodiscard]] std::string wrong_hours(RealHq& hq);
[[nodiscard]] std::string wrong_days(RealHq& hq);

}  // namespace lintel::test
