#include "gateway/app/heard.hpp"

#include <algorithm>
#include <new>

namespace lintel::app {

bool Heard::append(const bridge::Frame& frame) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    Key key{std::string(frame.link), std::string(frame.topic.substr(0, 1024))};
    auto found = topics_.find(key);
    if (found == topics_.end()) {
      if (topics_.size() >= kMostTopics) drop_stalest();
      found = topics_.emplace(std::move(key), Topic{}).first;
      found->second.link = found->first.first;
      found->second.topic = found->first.second;
    }
    Topic& topic = found->second;
    topic.payload.assign(frame.payload.substr(0, kLongestPayload));
    topic.last = frame.arrived;
    topic.retained = frame.retained;
    ++topic.messages;
  } catch (const std::bad_alloc&) {
    // Discovery may miss a message; it must not take the gateway with it.
  }
  return true;
}

/// Makes room for an eighth more, so that a device that invents topics costs one search in many.
void Heard::drop_stalest() {
  std::vector<BootTime> ages;
  for (const auto& [key, topic] : topics_) ages.push_back(topic.last);
  const auto place = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 8);
  std::nth_element(ages.begin(), place, ages.end());
  left_out_ += std::erase_if(topics_, [&](const auto& entry) { return entry.second.last <= *place; });
}

std::vector<Heard::Topic> Heard::topics() const {
  const std::lock_guard lock(mutex_);
  std::vector<Topic> result;
  for (const auto& [key, topic] : topics_) result.push_back(topic);
  return result;
}

std::uint64_t Heard::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

}  // namespace lintel::app
