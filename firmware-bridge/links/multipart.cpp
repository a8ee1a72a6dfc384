#include "firmware-bridge/links/multipart.hpp"

#include <algorithm>
#include <charconv>

#include "firmware-bridge/links/http_fields.hpp"

namespace lintel::bridge::links {

namespace {

constexpr std::size_t kLongestHead = 8192;
constexpr std::size_t kLongestPadding = 256;
/// Text has no NUL, and what is none shows it early.
constexpr std::size_t kLookedAt = 512;
/// Behind so many bytes nothing shows any more what a file is.
constexpr std::size_t kMagic = 12;

}  // namespace

MultipartSplitter::MultipartSplitter(Options options, OnPart on_part)
    : options_(std::move(options)), on_part_(std::move(on_part)), delimiter_("--" + options_.boundary) {}

bool MultipartSplitter::feed(std::string_view bytes) {
  // In pieces, so that a body that arrives in one does not stand in memory twice.
  while (!bytes.empty() && state_ != State::broken && state_ != State::ended) {
    const auto piece = bytes.substr(0, kLongestHead);
    bytes.remove_prefix(piece.size());
    pending_ += piece;
    while (step()) {
    }
  }
  return state_ != State::broken;
}

void MultipartSplitter::finish() {
  if (state_ == State::body && (!counted_ || remaining_ == 0)) {
    keep(pending_.size());
    end_part();
  }
  pending_.clear();
  state_ = State::ended;
}

/// True when something was understood, so that more may be.
bool MultipartSplitter::step() {
  switch (state_) {
    case State::between: return find_boundary();
    case State::boundary: return after_boundary();
    case State::head: return read_head();
    case State::body: return counted_ ? read_counted() : read_body();
    case State::ended:
    case State::broken: pending_.clear(); return false;
  }
  return false;
}

/// Before the first part and after one that stated its length: skips line by line.
bool MultipartSplitter::find_boundary() {
  if (at_line_start_) {
    const std::string_view rest(pending_);
    // Some devices state the two dashes as part of the boundary.
    const bool stated =
        !begun() && options_.boundary.starts_with("--") && rest.starts_with(options_.boundary);
    if (stated && !rest.starts_with(delimiter_)) delimiter_ = options_.boundary;
    if (rest.starts_with(delimiter_)) {
      pending_.erase(0, delimiter_.size());
      state_ = State::boundary;
      return true;
    }
    if (rest.size() < delimiter_.size() && rest.find('\n') == std::string_view::npos) return false;
  }
  const auto end = pending_.find('\n');
  at_line_start_ = end != std::string::npos;
  pending_.erase(0, at_line_start_ ? end + 1 : pending_.size());
  return at_line_start_;
}

/// Behind a boundary: "--" ends the body, else the rest of the line is padding.
bool MultipartSplitter::after_boundary() {
  if (pending_.size() < 2) return false;
  if (pending_.starts_with("--")) {
    state_ = State::ended;
    return true;
  }
  const auto end = pending_.find('\n');
  if (end == std::string::npos) {
    if (pending_.size() > kLongestPadding) state_ = State::broken;
    return false;
  }
  pending_.erase(0, end + 1);
  state_ = State::head;
  return true;
}

bool MultipartSplitter::read_head() {
  part_.clear();
  picture_ = too_long_ = counted_ = body_begun_ = false;
  std::size_t at = 0;
  for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', at)) {
    auto line = std::string_view(pending_).substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      pending_.erase(0, at);
      state_ = State::body;
      too_long_ = counted_ && remaining_ > options_.part_limit;
      return true;
    }
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(std::min(colon + 1, line.size())));
    if (same_word(name, "Content-Type")) picture_ = media_type(value).picture();
    if (same_word(name, "Content-Length")) {
      const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), remaining_);
      counted_ = error == std::errc{} && rest == value.data() + value.size();
    }
  }
  if (pending_.size() > kLongestHead) state_ = State::broken;
  return false;
}

bool MultipartSplitter::read_counted() {
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, pending_.size()));
  keep(bytes);
  remaining_ -= bytes;
  if (remaining_ > 0) return false;
  end_part();
  state_ = State::between;
  at_line_start_ = true;
  return true;
}

bool MultipartSplitter::read_body() {
  if (!body_begun_ && std::string_view(pending_).starts_with(delimiter_)) {  // an empty part
    pending_.erase(0, delimiter_.size());
    end_part();
    state_ = State::boundary;
    return true;
  }
  const auto mark = "\n" + delimiter_;
  const auto found = pending_.find(mark);
  if (found == std::string::npos) {
    // What may be the beginning of the boundary, and the CR before it, waits.
    const auto wait = mark.size() + 1;
    if (pending_.size() > wait) keep(pending_.size() - wait);
    return false;
  }
  const auto end = found > 0 && pending_[found - 1] == '\r' ? found - 1 : found;
  keep(end);
  pending_.erase(0, found - end + mark.size());
  end_part();
  state_ = State::boundary;
  return true;
}

/// Moves bytes from what arrived to the part, unless nobody wants them.
void MultipartSplitter::keep(std::size_t bytes) {
  body_begun_ = body_begun_ || bytes > 0;
  if (!picture_ && !too_long_) {
    const bool beginning = part_.size() < kMagic;
    part_.append(pending_, 0, bytes);
    picture_ = beginning && looks_like_picture(part_);
    too_long_ = part_.size() > options_.part_limit;
    if (picture_ || too_long_) part_ = {};
  }
  pending_.erase(0, bytes);
}

void MultipartSplitter::end_part() {
  const bool binary = part_.substr(0, kLookedAt).find('\0') != std::string::npos;
  if (picture_ || binary) {
    ++pictures_;
  } else if (too_long_) {
    ++overlong_;
  } else {
    ++parts_;
    if (!part_.empty()) on_part_(part_);
  }
  part_.clear();
}

}  // namespace lintel::bridge::links
