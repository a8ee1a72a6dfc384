#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace lintel::sync {

/// What one request takes of something that HQ is told by rising revisions.
template <typename Item>
struct Owed {
  std::vector<Item> items;
  std::int64_t revision = 0;  ///< of the newest of them: with it HQ has been told all up to there
  bool more = false;          ///< there are others, which the next request takes

  [[nodiscard]] bool empty() const { return items.empty(); }
};

/// Reads rows of which the first column is the revision, at most `most`: `add(owed, row)` makes items of one.
template <typename Item, typename Rows, typename Add>
Owed<Item> read_owed(Rows& rows, std::size_t most, Add add) {
  Owed<Item> owed;
  for (std::size_t read = 0; rows.step(); ++read) {
    if (read == most) {
      owed.more = true;
      break;
    }
    owed.revision = rows.integer(0);
    add(owed.items, rows);
  }
  rows.reset();
  return owed;
}

/// How far HQ has been told of something, whether there is news of it, and when it may be spoken of again: an
/// HQ that does not know it is left alone for a while.
class Telling {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// The local database has `newest`, and knows that HQ has been told up to `told`.
  void look(std::int64_t newest, std::int64_t told, Instant now) {
    told_ = std::max(told_, told);
    news_ = newest > told_ && may(now);
  }
  /// There was something HQ should hear of, at the last look.
  [[nodiscard]] bool news() const { return news_; }
  [[nodiscard]] bool may(Instant now) const { return now >= not_before_; }
  [[nodiscard]] std::int64_t told() const { return told_; }

  void tell(std::int64_t revision) { told_ = revision; }
  void wait_until(Instant then) { not_before_ = then; }
  /// HQ is another one, or asks for all of it again.
  void forget() { told_ = 0; }

 private:
  std::int64_t told_ = 0;
  bool news_ = false;
  Instant not_before_{};
};

}  // namespace lintel::sync
