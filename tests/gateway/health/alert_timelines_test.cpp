// What alerts come of conditions: damped, escalated, acknowledged, quiet while the store is closed.
#include <doctest/doctest.h>

#include "tests/gateway/health/timeline.hpp"

using lintel::test::check_timelines;
using lintel::test::Told;

namespace {

// clang-format off
const Told kTimelines[] = {
    {"acknowledged: it does not escalate, and ends by itself", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 ack sensor_offline:A Ann
18:00 A reports
19:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 ! sensor_offline:A
18:00 A online
18:15 - sensor_offline:A
)"},
    {"not acknowledged: critical after four hours", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
18:00 A reports
19:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
13:35 ^ sensor_offline:A critical
18:00 A online
18:15 - sensor_offline:A
)"},
    {"acknowledged, and then it becomes worse: open again", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 12
09:10 ack device_battery:A Ann
10:00 A battery 3
11:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A warning
09:10 ! device_battery:A
10:00 ^ device_battery:A critical
)"},
    {"acknowledged twice is acknowledged once", R"(
sensor A every 1m
08:00 A reports
09:00 A battery 12
09:10 ack device_battery:A Ann
09:20 ack device_battery:A Bob
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:00 + device_battery:A warning
09:10 ! device_battery:A
09:20 nothing to acknowledge
)"},
    {"an acknowledged alert stays so across a restart", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 ack sensor_offline:A Ann
11:00 restart
18:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 ! sensor_offline:A
11:00 A unknown
11:31 A offline
)"},
    {"off and on every hour: ever slower to end, until one alert stays", R"(
sensor A every 1m
00:10 A reports
01:00 A silent
02:00 A reports
02:40 A silent
03:40 A reports
04:20 A silent
05:20 A reports
06:00 A silent
07:00 A reports
07:40 A silent
08:40 A reports
09:20 A silent
10:20 A reports
20:00 end
)", R"(
00:10 A online
01:05 A degraded
01:30 A offline
01:35 + sensor_offline:A warning
02:00 A online
02:15 - sensor_offline:A
02:45 A degraded
03:10 A offline
03:15 + sensor_offline:A warning
03:40 A online
04:10 - sensor_offline:A
04:25 A degraded
04:50 A offline
04:55 + sensor_offline:A warning
05:20 A degraded
05:20 + sensor_gaps:A warning
06:20 - sensor_offline:A
06:30 A offline
06:35 + sensor_offline:A warning
07:00 A degraded
08:10 A offline
08:40 A degraded
09:50 A offline
10:20 A degraded
12:20 - sensor_offline:A
)"},
    {"a connection that comes and goes every three minutes opens nothing", R"(
sensor A
08:00 A back
08:10 A will
08:13 A back
08:16 A will
08:19 A back
08:22 A will
08:25 A back
08:28 A will
08:31 A back
10:00 end
)", R"(
08:00 A online
08:10 A degraded
08:12 A offline
08:13 A online
08:16 A degraded
08:18 A offline
08:19 A online
08:22 A degraded
08:24 A offline
08:25 A online
08:28 A degraded
08:30 A offline
08:31 A online
)"},
    {"back for ten minutes is not resolved", R"(
sensor A
08:00 A back
09:00 A will
09:50 A back
10:00 A will
11:00 A back
12:00 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A offline
09:07 + sensor_offline:A warning
09:50 A online
10:00 A degraded
10:02 A offline
11:00 A online
11:15 - sensor_offline:A
)"},
    {"comes and goes every quarter of an hour all day: one alert", R"(
sensor A
08:00 A back
09:00 A will
09:15 A back
09:25 A will
09:40 A back
09:50 A will
10:05 A back
10:15 A will
10:30 A back
12:00 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A offline
09:07 + sensor_offline:A warning
09:15 A online
09:25 A degraded
09:27 A offline
09:40 A online
09:50 A degraded
09:52 A offline
10:05 A online
10:15 A degraded
10:17 A offline
10:30 A online
10:45 - sensor_offline:A
)"},
    {"resolved, then again: a second alert that takes longer to end", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 A reports
11:00 A silent
12:00 A reports
13:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 A online
10:15 - sensor_offline:A
11:05 A degraded
11:30 A offline
11:35 + sensor_offline:A warning
12:00 A online
12:30 - sensor_offline:A
)"},
    {"goes silent in the night and is back before the store opens", R"(
open 09:00-20:00
sensor A every 1m
19:00 A reports
22:00 A silent
2d 08:30 A reports
2d 12:00 end
)", R"(
19:00 A online
22:05 A degraded
22:30 A offline
2d 08:30 A online
)"},
    {"goes silent in the night and is still silent when the store opens", R"(
open 09:00-20:00
sensor A every 1m
19:00 A reports
22:00 A silent
2d 10:00 A reports
2d 12:00 end
)", R"(
19:00 A online
22:05 A degraded
22:30 A offline
2d 09:05 + sensor_offline:A warning
2d 10:00 A online
2d 10:15 - sensor_offline:A
)"},
    {"sensors that are switched on with the lights are not accused", R"(
open 09:00-20:00
sensor A every 1m
19:00 A reports
20:00 A silent
2d 09:02 A reports
2d 12:00 end
)", R"(
19:00 A online
20:05 A degraded
20:30 A offline
2d 09:02 A online
)"},
    {"a closed day: nothing opens, and the next morning it does", R"(
open 09:00-20:00
closed 2026-07-02
sensor A every 1m
19:00 A reports
20:00 A silent
3d 10:00 end
)", R"(
19:00 A online
20:05 A degraded
20:30 A offline
3d 09:05 + sensor_offline:A warning
)"},
    {"an alert of the day escalates only while the store is open", R"(
open 09:00-20:00
sensor A every 1m
17:00 A reports
18:00 A silent
2d 13:00 end
)", R"(
17:00 A online
18:05 A degraded
18:30 A offline
18:35 + sensor_offline:A warning
2d 11:35 ^ sensor_offline:A critical
)"},
    {"it resolves in the night as well", R"(
open 09:00-20:00
sensor A every 1m
17:00 A reports
18:00 A silent
22:00 A reports
23:00 end
)", R"(
17:00 A online
18:05 A degraded
18:30 A offline
18:35 + sensor_offline:A warning
22:00 A online
22:15 - sensor_offline:A
)"},
    {"a bar that closes at two in the morning is open at one", R"(
open 18:00-02:00
sensor A every 1m
23:00 A reports
2d 00:30 A silent
2d 03:00 end
)", R"(
23:00 A online
2d 00:35 A degraded
2d 01:00 A offline
2d 01:05 + sensor_offline:A warning
)"},
    {"a bar that closes at two in the morning is quiet at three", R"(
open 18:00-02:00
sensor A every 1m
23:00 A reports
2d 02:00 A silent
2d 19:00 end
)", R"(
23:00 A online
2d 02:05 A degraded
2d 02:30 A offline
2d 18:05 + sensor_offline:A warning
)"},
    {"opening hours on the night in which clocks go back: it opens an hour later", R"(
zone Europe/Berlin
from 2026-10-24
open 09:00-20:00
sensor A every 1m
19:00 A reports
20:00 A silent
2d 12:00 end
)", R"(
19:00 A online
20:05 A degraded
20:30 A offline
2d 10:05 + sensor_offline:A warning
)"},
    {"what was open before a reboot is resolved after it", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:50 reboot 2h
11:51 A reports
13:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
11:50 A unknown
11:51 A online
12:06 - sensor_offline:A
)"},
};
// clang-format on

}  // namespace

TEST_CASE("health, alerts: every timeline has its log") {
  check_timelines(kTimelines);
}
