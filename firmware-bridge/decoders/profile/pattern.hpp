#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"

namespace re2 {
class RE2;
}

namespace lintel::bridge::decoders::profile {

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

  /// Fills `parts` with what the groups matched, the first of them the whole text; a group that took no part
  /// is a view without data. False, and `parts` is of no use, where the text does not match.
  bool match(std::string_view text, std::vector<std::string_view>& parts) const;

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
