// What devices say of themselves.
#include <doctest/doctest.h>

#include "tests/gateway/health/timeline.hpp"

using lintel::test::check_timelines;
using lintel::test::Told;

namespace {

// clang-format off
const Told kTimelines[] = {
    {"a battery runs low, nearly empty, and is replaced", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 16
10:00 A battery 15
11:00 A battery 5
12:00 A battery 100
13:00 end
)", R"(
08:00 A online
10:00 A degraded
10:00 + device_battery:A warning
11:00 ^ device_battery:A critical
12:00 A online
12:10 - device_battery:A
)"},
    {"a battery that recovers a little is low all the same", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 15
10:00 A battery 18
11:00 A battery 14
12:00 A battery 24
13:00 A battery 25
14:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A warning
13:00 A online
13:10 - device_battery:A
)"},
    {"a low battery is so after a restart, and the alert the same", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 10
10:00 reboot 5m
12:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A warning
)"},
    {"a battery that runs low in the night is told when the store opens", R"(
open 09:00-20:00
sensor A
08:00 A once
22:00 A battery 10
2d 10:00 end
)", R"(
08:00 A online
08:31 A unknown
22:00 A degraded
2d 09:00 + device_battery:A warning
)"},
    {"somebody opens the device, and an hour later nobody has looked", R"(
sensor A every 1m
08:00 A reports
09:00 A tampered
10:30 A untouched
12:00 end
)", R"(
08:00 A online
09:00 A degraded
09:01 + device_tampered:A warning
10:01 ^ device_tampered:A critical
10:30 A online
11:00 - device_tampered:A
)"},
    {"a covered lens is told and is over when the device says so", R"(
sensor A every 1m
08:00 A reports
09:00 A fault lens covered
10:00 A untouched
11:00 end
)", R"(
08:00 A online
09:00 A degraded
09:05 + device_fault:A warning
10:00 A online
10:30 - device_fault:A
)"},
    {"a fault that is stated once is forgotten after six hours", R"(
sensor A every 1m
08:00 A reports
09:00 A fault its infrared transmitter is weak
18:00 end
)", R"(
08:00 A online
09:00 A degraded
09:05 + device_fault:A warning
15:01 A online
15:31 - device_fault:A
)"},
    {"a device that only says that its supply is low", R"(
sensor A every 1m
08:00 A reports
09:00 A fault low supply voltage
10:00 A untouched
11:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A warning
10:00 A online
10:10 - device_battery:A
)"},
    {"unreadable messages count for an hour", R"(
sensor A every 1m
08:00 A reports
09:00 A rejects 2
09:30 A rejects 2
12:00 end
)", R"(
08:00 A online
09:30 A degraded
09:35 + sensor_unreadable:A warning
10:01 A online
11:01 - sensor_unreadable:A
)"},
    {"an offline sensor with a low battery has both alerts", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 4
09:10 A silent
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A critical
09:40 A offline
09:45 + sensor_offline:A warning
)"},
};
// clang-format on

}  // namespace

TEST_CASE("health, devices: every timeline has its log") {
  check_timelines(kTimelines);
}
