#pragma once

#include <cstdint>

namespace lintel::test::truth {

/// Random numbers that are the same on every machine for the same seed (SplitMix64).
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// 0 to n - 1.
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
  }
  /// Both ends are possible.
  std::int64_t between(std::int64_t from, std::int64_t to) { return from + below(to - from + 1); }
  bool percent(std::int64_t share) { return below(100) < share; }

  template <std::size_t N>
  std::int64_t one_of(const std::int64_t (&choice)[N]) {
    return choice[below(N)];
  }
  /// A stream of its own, so that what one part draws does not move the others.
  Chance fork(std::uint64_t name) { return Chance(next() ^ (name * 0xd1342543de82ef95)); }

 private:
  std::uint64_t state_;
};

}  // namespace lintel::test::truth
