#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lintel::bridge::decoders::profile {

/// A set of keys that every key of every message is looked up in. Most are not in it, and of most of those
/// not one byte is compared. Immutable and thread-safe.
class KeyTable {
 public:
  KeyTable() = default;
  /// `names` without repetition.
  explicit KeyTable(std::vector<std::string> names) : names_(std::move(names)) {
    std::size_t size = 4;
    while (size < names_.size() * 4) size *= 2;
    slots_.resize(size);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::size_t slot = first_slot(names_[i]);
      while (slots_[slot] != kFree) slot = (slot + 1) % size;
      slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }

  [[nodiscard]] bool contains(std::string_view key) const {
    if (names_.empty()) return false;
    for (std::size_t slot = first_slot(key); slots_[slot] != kFree; slot = (slot + 1) & (slots_.size() - 1))
      if (names_[slots_[slot] - 1] == key) return true;
    return false;
  }

 private:
  static constexpr std::uint32_t kFree = 0;

  [[nodiscard]] std::size_t first_slot(std::string_view key) const {
    if (key.empty()) return 0;
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(key[i]));
    };
    const std::size_t mixed =
        key.size() * 7 + byte(0) * 31 + byte(key.size() / 2) * 131 + byte(key.size() - 1) * 521;
    return (mixed ^ (mixed >> 7)) & (slots_.size() - 1);
  }

  std::vector<std::string> names_;
  std::vector<std::uint32_t> slots_;  ///< a power of two; numbers of names, counted from 1
};

}  // namespace lintel::bridge::decoders::profile
