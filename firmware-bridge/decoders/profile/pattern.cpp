#include "firmware-bridge/decoders/profile/pattern.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <re2/re2.h>

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxExpression = 1000;
constexpr std::int64_t kMaxMemory = 1 << 20;  ///< of the compiled expression, bytes
constexpr int kMaxGroups = Groups::kMost - 1;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
  if (expression.size() > kMaxExpression)
    return fail(ErrorKind::misconfigured,
                fmt::format("a regular expression may have {} characters, this one has {}", kMaxExpression,
                            expression.size()));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_unique<re2::RE2>(piece(expression), options);
  if (!compiled->ok())
    return fail(ErrorKind::misconfigured, fmt::format("not a regular expression: {}", compiled->error()));
  if (compiled->NumberOfCapturingGroups() > kMaxGroups)
    return fail(ErrorKind::misconfigured, fmt::format("more than {} groups", kMaxGroups));
  return Pattern(std::move(compiled));
}

Pattern::Pattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {
  names_.resize(static_cast<std::size_t>(expression_->NumberOfCapturingGroups()) + 1);
  for (const auto& [number, name] : expression_->CapturingGroupNames())
    names_[static_cast<std::size_t>(number)] = name;
}

Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::matches(std::string_view text) const {
  return text.size() <= kMaxMatchedText && re2::RE2::FullMatch(piece(text), *expression_);
}

bool Pattern::match(std::string_view text, Groups& groups) const {
  if (text.size() > kMaxMatchedText) return false;
  std::array<re2::StringPiece, Groups::kMost> pieces;
  const auto count = static_cast<int>(names_.size());
  if (!expression_->Match(piece(text), 0, text.size(), re2::RE2::ANCHOR_BOTH, pieces.data(), count))
    return false;
  groups.size_ = names_.size();
  for (std::size_t i = 0; i < groups.size_; ++i) groups.groups_[i] = {pieces[i].data(), pieces[i].size()};
  return true;
}

}  // namespace lintel::bridge::decoders::profile
