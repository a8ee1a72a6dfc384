#include "firmware-bridge/core/line_framer.hpp"

#include <algorithm>

namespace lintel::bridge {

LineFramer::LineFramer(std::size_t max_line) : max_line_(max_line) {}

bool LineFramer::next(std::string_view& bytes, std::string_view& line, bool& overlong) {
  begin_line_if_done();
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    keep(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    // An empty line is also what stands between CR and LF, so no memory of the CR is needed.
    if (rest(line, overlong)) return true;
  }
  bytes = {};
  return false;
}

bool LineFramer::rest(std::string_view& line, bool& overlong) {
  begin_line_if_done();
  if (buffer_.empty() && !overlong_) return false;
  line = buffer_;
  overlong = overlong_;
  done_ = true;
  return true;
}

void LineFramer::keep(std::string_view part) {
  const std::size_t room = max_line_ - buffer_.size();
  buffer_.append(part.substr(0, std::min(room, part.size())));
  if (part.size() > room) overlong_ = true;
}

// A reported line stays in the buffer until the caller comes back, because its view points there.
void LineFramer::begin_line_if_done() {
  if (!done_) return;
  reset();
}

void LineFramer::reset() {
  buffer_.clear();
  overlong_ = false;
  done_ = false;
}

}  // namespace lintel::bridge
