#include "firmware-bridge/decoders/place.hpp"

#include <fmt/format.h>

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxPointer = 160;  // the rest of a message has to fit beside it

}  // namespace

void Place::append_to(std::string& pointer) const {
  if (up_ == nullptr) return;
  up_->append_to(pointer);
  pointer += '/';
  if (key_.empty()) {
    pointer += std::to_string(index_);
  } else {
    for (const char c : key_.substr(0, kMaxPointer)) pointer += c >= ' ' && c <= '~' ? c : '?';
  }
}

std::string Place::pointer() const {
  std::string pointer;
  append_to(pointer);
  if (pointer.size() <= kMaxPointer) return pointer;
  return "..." + pointer.substr(pointer.size() - kMaxPointer);
}

void reject(Decoded& out, RejectKind kind, const Place& place, std::string_view what) {
  const std::string pointer = place.pointer();
  out.rejects.push_back({kind, fmt::format("{}: {}", pointer.empty() ? "/" : pointer, what)});
}

}  // namespace lintel::bridge::decoders
