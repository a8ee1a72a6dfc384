#include "firmware-bridge/core/topic.hpp"

namespace lintel::bridge {

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (filter.empty()) return true;
  while (true) {
    const auto level = filter.substr(0, filter.find('/'));
    if (level == "#") return true;
    const auto part = topic.substr(0, topic.find('/'));
    if (level != "+" && level != part) return false;
    const bool filter_ends = level.size() == filter.size();
    const bool topic_ends = part.size() == topic.size();
    if (filter_ends || topic_ends) {
      if (filter_ends && topic_ends) return true;
      return topic_ends && filter.substr(level.size()) == "/#";  // "a/#" also means "a"
    }
    filter.remove_prefix(level.size() + 1);
    topic.remove_prefix(part.size() + 1);
  }
}

}  // namespace lintel::bridge
