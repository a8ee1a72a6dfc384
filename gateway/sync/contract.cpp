#include "gateway/sync/contract.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::sync {

std::string note_on(const Versions& hq, const Versions& ours) {
  if (hq.highest == ours.highest) return {};
  const bool behind = hq.highest > ours.highest;
  return fmt::format(
      "HQ speaks version {} of the sync contract, this gateway {}: they work in {}, everything counted "
      "arrives. {}",
      hq.highest, ours.highest, std::min(hq.highest, ours.highest),
      behind ? "Update this gateway when it suits." : "HQ's schema is to be updated when it suits.");
}

}  // namespace lintel::sync
