#pragma once

#include <cstdint>
#include <string>

namespace lintel::sync {

/// Versions of the sync contract (schema/SYNC.md, "Versions") that one end understands, both included.
struct Versions {
  std::int64_t lowest = 1;
  std::int64_t highest = 1;

  [[nodiscard]] bool contains(std::int64_t version) const { return version >= lowest && version <= highest; }

  friend bool operator==(const Versions&, const Versions&) = default;
};

/// What this gateway understands.
inline constexpr Versions kContract{1, 2};

/// From this version on a request tells series with keys in common as one, and counts as digits in a row.
inline constexpr std::int64_t kSharedKeys = 2;

/// Codes with which an end says that the other one is too old for it.
inline constexpr const char* kGatewayTooOld = "gateway_too_old";
inline constexpr const char* kHqTooOld = "hq_too_old";

/// What people should know of an HQ whose newest version is not ours, although both work; empty: it is.
[[nodiscard]] std::string note_on(const Versions& hq, const Versions& ours);

}  // namespace lintel::sync
