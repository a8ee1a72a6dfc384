#include "gateway/app/outbox.hpp"

namespace lintel::app {

void Outbox::offer(std::string_view link, const bridge::Outbound& message) {
  if (!send_) return;
  const BootTime now = now_();
  std::erase_if(sent_, [&](const auto& entry) { return now - entry.second >= kPause; });
  if (sent_.size() >= kMostTopics) return;
  if (!sent_.try_emplace({std::string(link), message.topic}, now).second) return;
  send_(link, message);
}

}  // namespace lintel::app
