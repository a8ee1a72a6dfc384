#include "gateway/health/kinds.hpp"

namespace lintel::health {

namespace {

using namespace std::chrono_literals;

constexpr KindRule kSensorKinds[] = {
    {kind::kOffline, 5min, 15min, 240min}, {kind::kUnreadable, 5min, 60min, 1440min},
    {kind::kClock, 30min, 60min, 0min},    {kind::kGaps, 0min, 60min, 0min},
    {kind::kFault, 5min, 30min, 1440min},  {kind::kTampered, 1min, 30min, 60min},
    {kind::kBattery, 0min, 10min, 0min},   {kind::kZero, 0min, 10min, 240min},
    {kind::kRatio, 0min, 60min, 0min},     {kind::kShare, 0min, 60min, 0min},
    {kind::kBalance, 0min, 60min, 0min},   {kind::kLink, 5min, 10min, 60min},
};

}  // namespace

std::span<const KindRule> sensor_kinds() {
  return kSensorKinds;
}

}  // namespace lintel::health
