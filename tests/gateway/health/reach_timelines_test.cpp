// Whether a sensor is there, by its will, its poll, its bus and its link.
#include <doctest/doctest.h>

#include "tests/gateway/health/timeline.hpp"

using lintel::test::check_timelines;
using lintel::test::Told;

namespace {

// clang-format off
const Told kTimelines[] = {
    {"a last will: gone at once, offline after two minutes", R"(
sensor A
08:00 A back
08:05 A once
09:00 A will
10:00 A back
11:00 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A offline
09:07 + sensor_offline:A warning
10:00 A online
10:15 - sensor_offline:A
)"},
    {"a connection that breaks and is back within a minute", R"(
sensor A
08:00 A back
09:00 A will
09:01 A back
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:01 A online
)"},
    {"who holds the connection is online, also where nobody passes", R"(
sensor A
08:00 A back
2d 08:00 end
)", R"(
08:00 A online
)"},
    {"data after a last will shows that it is there", R"(
sensor A every 1m
08:00 A reports
09:00 A will
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:01 A online
)"},
    {"a will of before the restart: the device has two minutes to say otherwise", R"(
sensor A
08:00 A back
08:30 A will
08:31 restart
08:32 A back
09:00 end
)", R"(
08:00 A online
08:30 A degraded
08:32 A online
)"},
    {"a will of before the restart, and nobody is back", R"(
sensor A
08:00 A back
08:05 A once
08:30 A will
08:31 restart
09:00 end
)", R"(
08:00 A online
08:30 A degraded
08:33 A offline
08:38 + sensor_offline:A warning
)"},
    {"the broker is down: one alert for the link, none for its sensors", R"(
sensor A every 1m
sensor B every 1m
sensor C
08:00 A reports
08:00 B reports
08:00 C once
09:00 link broker down
09:00 A silent
09:00 B silent
11:00 link broker up
11:01 A reports
11:01 B reports
12:00 end
)", R"(
08:00 A online
08:00 B online
08:00 C online
08:31 C unknown
09:00 A degraded
09:00 B degraded
09:05 + link_down:broker warning
09:30 A offline
09:30 B offline
09:31 C offline
10:05 ^ link_down:broker critical
11:00 A unknown
11:00 B unknown
11:00 C unknown
11:01 A online
11:01 B online
11:10 - link_down:broker
)"},
    {"the broker is back, one of its sensors is not", R"(
sensor A every 1m
sensor B every 1m
08:00 A reports
08:00 B reports
09:00 link broker down
09:00 A silent
09:00 B silent
10:00 link broker up
10:01 A reports
12:00 end
)", R"(
08:00 A online
08:00 B online
09:00 A degraded
09:00 B degraded
09:05 + link_down:broker warning
09:30 A offline
09:30 B offline
10:00 A unknown
10:00 B unknown
10:01 A online
10:10 - link_down:broker
10:31 B offline
10:36 + sensor_offline:B warning
)"},
    {"a link that is down for two minutes is not told", R"(
sensor A every 1m
08:00 A reports
09:00 link broker down
09:02 link broker up
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A online
)"},
    {"a sensor was offline before its link broke: its alert waits", R"(
sensor A every 1m
sensor B every 1m
08:00 A reports
08:00 B reports
09:00 A silent
10:00 link broker down
10:00 B silent
12:00 link broker up
12:00 B reports
12:10 A reports
13:00 end
)", R"(
08:00 A online
08:00 B online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 B degraded
10:05 + link_down:broker warning
10:30 B offline
11:05 ^ link_down:broker critical
12:00 A unknown
12:00 B online
12:10 A online
12:10 - link_down:broker
12:25 - sensor_offline:A
)"},
    {"a poll that fails twice is no failure", R"(
sensor A every 1m on poll
08:00 A reports
09:00 A silent
09:00 poll poll fails 1
09:01 poll poll fails 2
09:02 poll poll answers
09:02 A reports
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A online
)"},
    {"a poll that fails again and again: offline by time and by rounds", R"(
sensor A every 1m on poll
08:00 A reports
09:00 A silent
09:00 poll poll fails 1
09:01 poll poll fails 2
09:02 poll poll fails 3
09:30 poll poll answers
09:30 A reports
10:30 end
)", R"(
08:00 A online
09:00 A degraded
09:02 A offline
09:07 + sensor_offline:A warning
09:30 A online
09:45 - sensor_offline:A
)"},
    {"three rounds within the minute are not enough: time has to pass as well", R"(
sensor A every 1m on poll
08:00 A reports
09:00 A silent
09:00 A once
09:00 poll poll fails 3
10:00 end
)", R"(
08:00 A online
09:00 A degraded
09:01 A offline
09:06 + sensor_offline:A warning
)"},
    {"a polled device that answers and counts nobody is online", R"(
sensor A on poll
08:00 poll poll answers
08:00 A once
2d 08:00 end
)", R"(
08:00 A online
)"},
    {"a unit is silent among live ones on its bus", R"(
sensor A every 1m on bus
sensor B every 1m on bus
08:00 A reports
08:00 B reports
09:00 A silent
09:01 bus bus misses A
10:00 bus bus answers
10:00 A reports
11:00 end
)", R"(
08:00 A online
08:00 B online
09:01 A offline
09:06 + sensor_offline:link:bus/A warning
10:00 A online
10:15 - sensor_offline:link:bus/A
)"},
    {"a bus on which nobody answers is one broken link", R"(
sensor A every 1m on bus
sensor B every 1m on bus
08:00 A reports
08:00 B reports
09:00 link bus down
09:00 A silent
09:00 B silent
11:00 end
)", R"(
08:00 A online
08:00 B online
09:00 A degraded
09:00 B degraded
09:05 + link_down:bus warning
09:30 A offline
09:30 B offline
10:05 ^ link_down:bus critical
)"},
    {"a device that is asked never answered since the restart", R"(
sensor A every 1m on poll
08:00 A reports
09:00 A silent
09:00 poll poll fails 3
09:01 restart
09:30 end
)", R"(
08:00 A online
09:00 A offline
09:01 A degraded
09:02 A offline
09:07 + sensor_offline:A warning
)"},
};
// clang-format on

}  // namespace

TEST_CASE("health, reach: every timeline has its log") {
  check_timelines(kTimelines);
}
