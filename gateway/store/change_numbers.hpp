#pragma once

#include <cstdint>

namespace lintel::store {

/// Hands out the numbers of changes owed to HQ. Saved with every commit, so none is used twice.
class ChangeNumbers {
 public:
  std::int64_t take() { return next_++; }
  [[nodiscard]] std::int64_t next() const { return next_; }
  void restore(std::int64_t next) { next_ = next; }

 private:
  std::int64_t next_ = 1;
};

}  // namespace lintel::store
