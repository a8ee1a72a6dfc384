#include "gateway/health/words.hpp"

#include <fmt/format.h>

namespace lintel::health {

std::string in_words(Millis span) {
  using namespace std::chrono_literals;
  using std::chrono::floor;
  if (span < 2min) return fmt::format("{} s", floor<std::chrono::seconds>(span).count());
  if (span < 2h) return fmt::format("{} min", floor<std::chrono::minutes>(span).count());
  if (span < 48h) return fmt::format("{} h", floor<std::chrono::hours>(span).count());
  return fmt::format("{} days", floor<std::chrono::hours>(span).count() / 24);
}

std::string counted(std::int64_t number, const std::string& singular) {
  return fmt::format("{} {}{}", number, singular, number == 1 ? "" : "s");
}

}  // namespace lintel::health
