#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"

namespace re2 {
class RE2;
}

namespace lintel::bridge::decoders::profile {

/// What the groups of a pattern matched, the first of them the whole text; a group that took no part is a
/// view without data.
class Groups {
 public:
  static constexpr std::size_t kMost = 17;

  [[nodiscard]] std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t i) const { return groups_[i]; }
  [[nodiscard]] const std::string_view* begin() const { return groups_.data(); }
  [[nodiscard]] const std::string_view* end() const { return groups_.data() + size_; }

 private:
  friend class Pattern;
  std::array<std::string_view, kMost> groups_;
  std::size_t size_ = 0;
};

/// A regular expression of a profile, in RE2's dialect: no back references, no look-around, and therefore
/// time in proportion to the text, whatever expression and text somebody made up. It has to match the whole
/// text. Immutable and thread-safe.
class Pattern {
 public:
  /// `misconfigured`, and what is wrong with it, for an expression that RE2 refuses or that is longer than
  /// 1000 characters.
  static Result<Pattern> compile(std::string_view expression);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  [[nodiscard]] bool matches(std::string_view text) const;

  /// False, and `groups` is of no use, where the text does not match.
  bool match(std::string_view text, Groups& groups) const;

  /// Names of the groups by their number; group 0 and groups without a name are empty.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> expression);

  std::unique_ptr<re2::RE2> expression_;
  std::vector<std::string> names_;
};

/// Longest text that any pattern is tried on; longer ones do not match.
inline constexpr std::size_t kMaxMatchedText = 4096;

}  // namespace lintel::bridge::decoders::profile
