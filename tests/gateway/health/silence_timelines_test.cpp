// Whether a sensor is there, by its silence: restarts, clocks, rhythms.
#include <doctest/doctest.h>

#include "tests/gateway/health/timeline.hpp"

using lintel::test::check_timelines;
using lintel::test::Told;

namespace {

// clang-format off
const Told kTimelines[] = {
    {"a sensor reports on time, day and night", R"(
sensor A every 1m
08:00 A reports
2d 08:00 end
)", R"(
08:00 A online
)"},
    {"late, offline after half an hour, alert five minutes later, and back", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 A reports
11:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 A online
10:15 - sensor_offline:A
)"},
    {"one lost message is nothing", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:04 A reports
10:00 end
)", R"(
08:00 A online
)"},
    {"a slow sensor has three of its intervals", R"(
sensor A every 20m
08:00 A reports
12:00 A silent
14:00 end
)", R"(
08:00 A online
12:41 A offline
12:46 + sensor_offline:A warning
)"},
    {"a rhythm is learned where nobody states one", R"(
sensor A
06:00 A reports
09:00 A silent
11:00 end
)", R"(
06:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
)"},
    {"a quiet side door is never called offline", R"(
sensor A
08:00 A once
08:01 A once
3d 08:00 end
)", R"(
08:00 A online
08:32 A unknown
)"},
    {"a sensor that never reported is unknown, not offline", R"(
sensor A every 1m
08:00 link broker up
14:00 end
)", R"(
)"},
    {"the gateway restarts within a minute: nobody is accused", R"(
sensor A every 1m
08:00 A reports
09:00 restart
10:00 end
)", R"(
08:00 A online
)"},
    {"the gateway was off for three hours, the sensor too: it has half an hour to come back", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:01 reboot 3h
12:20 A reports
13:00 end
)", R"(
08:00 A online
12:01 A unknown
12:20 A online
)"},
    {"the gateway was off for three hours, the sensor stays away", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:01 reboot 3h
13:00 end
)", R"(
08:00 A online
12:01 A unknown
12:32 A offline
12:37 + sensor_offline:A warning
)"},
    {"an offline sensor stays offline across a restart: its alert neither ends nor comes twice", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 restart
10:40 reboot 5m
12:00 A reports
13:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 A unknown
10:31 A offline
10:45 A unknown
11:16 A offline
12:00 A online
12:15 - sensor_offline:A
)"},
    {"a sensor that is switched off is not accused, and its alert ends", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 A off
11:00 A on
11:05 A reports
12:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 A disabled
10:15 - sensor_offline:A
11:00 A offline
11:05 A online
)"},
    {"the wall clock jumps a day ahead", R"(
sensor A every 1m
08:00 A reports
09:00 clock +24h
10:00 end
)", R"(
08:00 A online
)"},
    {"the wall clock jumps back by hours while a sensor is silent", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:20 clock -5h
10:00 A reports
11:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
10:00 A online
10:15 - sensor_offline:A
)"},
    {"the wall clock jumps ahead while a sensor is offline: it escalates no sooner", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
10:00 clock +12h
12:00 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
09:35 + sensor_offline:A warning
)"},
    {"while the time is not known, states are told and no alert opens", R"(
sensor A every 1m
08:00 clock unknown
08:00 A reports
09:00 A silent
11:00 clock known
11:30 end
)", R"(
08:00 A online
09:05 A degraded
09:30 A offline
11:05 + sensor_offline:A warning
)"},
    {"the day on which clocks go ahead", R"(
zone Europe/Berlin
from 2026-03-29
sensor A every 1m
01:00 A reports
05:00 A silent
06:00 end
)", R"(
01:00 A online
05:05 A degraded
05:30 A offline
05:35 + sensor_offline:A warning
)"},
    {"the day on which clocks go back", R"(
zone Europe/Berlin
from 2026-10-25
sensor A every 1m
01:00 A reports
05:00 A silent
06:00 end
)", R"(
01:00 A online
05:05 A degraded
05:30 A offline
05:35 + sensor_offline:A warning
)"},
    {"three breaks in a day are no accident", R"(
sensor A every 1m
08:00 A reports
09:00 A silent
09:10 A reports
11:00 A silent
11:12 A reports
13:00 A silent
13:15 A reports
2d 15:00 end
)", R"(
08:00 A online
09:05 A degraded
09:10 A online
11:05 A degraded
11:12 A online
13:05 A degraded
13:15 + sensor_gaps:A warning
2d 09:11 A online
2d 10:11 - sensor_gaps:A
)"},
};
// clang-format on

}  // namespace

TEST_CASE("health, silence: every timeline has its log") {
  check_timelines(kTimelines);
}
