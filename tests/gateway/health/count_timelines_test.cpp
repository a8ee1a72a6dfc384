// What counts look like beside what is usual.
#include <doctest/doctest.h>

#include "tests/gateway/health/timeline.hpp"

using lintel::test::check_timelines;
using lintel::test::Told;

namespace {

// clang-format off
const Told kTimelines[] = {
    {"a counter that is stuck while the other door counts", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
08:00 A reports
08:00 B reports
09:00 A counts 27 27
09:00 B counts 27 27
13:00 A counts nobody
17:00 A counts 27 27
19:00 end
)", R"(
08:00 A online
08:00 B online
15:01 A degraded
15:01 + zero_while_open:A warning
17:01 A online
17:11 - zero_while_open:A
)"},
    {"a new store without history accuses nobody", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -20d 0d in 300 out 300
history B -20d 0d in 300 out 300
08:00 A reports
08:00 B reports
09:00 B counts 27 27
20:00 end
)", R"(
08:00 A online
08:00 B online
)"},
    {"a quiet side door that counts three people a day may be empty all day", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 2 out 2
08:00 A reports
08:00 B reports
09:00 A counts 27 27
20:00 end
)", R"(
08:00 A online
08:00 B online
)"},
    {"nobody at any door: the store is empty, and no counter is stuck", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
08:00 A reports
08:00 B reports
20:00 end
)", R"(
08:00 A online
08:00 B online
)"},
    {"the only door of a store has twice the time", R"(
open 09:00-20:00
sensor A every 1m
history A -49d 0d in 300 out 300
08:00 A reports
09:00 A counts 27 27
11:00 A counts nobody
20:00 end
)", R"(
08:00 A online
15:01 A degraded
15:01 + zero_while_open:A warning
19:01 ^ zero_while_open:A critical
)"},
    {"nobody is missed on a closed day", R"(
open 09:00-20:00
closed 2026-07-01
sensor A every 1m
history A -49d 0d in 300 out 300
08:00 A reports
20:00 end
)", R"(
08:00 A online
)"},
    {"a stuck counter at a door that reports only passages", R"(
open 09:00-20:00
sensor A
sensor B
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
09:00 A counts 27 27
09:00 B counts 27 27
13:00 A counts nobody
18:00 end
)", R"(
09:02 B online
09:03 A online
13:28 A unknown
15:01 A degraded
15:01 + zero_while_open:A warning
)"},
    {"stuck overnight: one alert, and no second one in the morning", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
08:00 A reports
08:00 B reports
09:00 A counts 27 27
09:00 B counts 27 27
16:00 A counts nobody
2d 14:00 end
)", R"(
08:00 A online
08:00 B online
18:01 A degraded
18:01 + zero_while_open:A warning
2d 11:01 ^ zero_while_open:A critical
)"},
    {"a restart does not end the alert of a stuck counter", R"(
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
08:00 A reports
08:00 B reports
09:00 A counts 27 27
09:00 B counts 27 27
12:00 A counts nobody
15:00 restart
18:00 end
)", R"(
08:00 A online
08:00 B online
14:01 A degraded
14:01 + zero_while_open:A warning
15:00 A online
17:01 A degraded
)"},
    {"a counter in its own range", R"(
sensor A every 1m
history A -40d 0d in 300 out 280
00:10 A reports
02:00 end
)", R"(
00:10 A online
)"},
    {"a door that was turned round: in and out exchanged for two days", R"(
sensor A every 1m
history A -40d -2d in 400 out 250
history A -2d 0d in 250 out 400
00:10 A reports
02:00 end
)", R"(
00:10 A online
00:11 A degraded
00:11 + counts_ratio:A warning
)"},
    {"a single odd day is none", R"(
sensor A every 1m
history A -40d -2d in 400 out 250
history A -2d -1d in 250 out 400
history A -1d 0d in 400 out 250
00:10 A reports
02:00 end
)", R"(
00:10 A online
)"},
    {"as many come as go, and the day stands on its head: turned round", R"(
sensor A every 1m
history A -40d -2d in 300 out 300
history A -2d 0d in 300 out 300 reversed
00:10 A reports
02:00 end
)", R"(
00:10 A online
00:11 A degraded
00:11 + counts_ratio:A warning
)"},
    {"a slow drift over weeks", R"(
sensor A every 1m
history A -40d -20d in 300 out 300
history A -20d 0d in 300 out 300 to 450 150
00:10 A reports
02:00 end
)", R"(
00:10 A online
00:11 A degraded
00:11 + counts_ratio:A warning
)"},
    {"four points a week, for weeks", R"(
sensor A every 1m
history A -40d 0d in 300 out 300 to 440 160
00:10 A reports
02:00 end
)", R"(
00:10 A online
00:11 A degraded
00:11 + counts_ratio:A warning
)"},
    {"a one-way entrance counts one way, and that is its range", R"(
sensor A every 1m
history A -40d 0d in 300 out 0
00:10 A reports
02:00 end
)", R"(
00:10 A online
)"},
    {"two doors were exchanged", R"(
sensor A every 1m
sensor B every 1m
history A -40d -2d in 500 out 500
history B -40d -2d in 100 out 100
history A -2d 0d in 100 out 100
history B -2d 0d in 500 out 500
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
00:11 A degraded
00:11 B degraded
00:11 + counts_share:A warning
00:11 + counts_share:B warning
)"},
    {"a lens gets dirty: one door's share falls, the other is not accused of rising", R"(
sensor A every 1m
sensor B every 1m
history A -40d -2d in 500 out 500
history B -40d 0d in 300 out 300
history A -2d 0d in 200 out 200
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
00:11 A degraded
00:11 + counts_share:A warning
)"},
    {"a sale: both doors count three times as many, and nobody is accused", R"(
sensor A every 1m
sensor B every 1m
history A -40d -2d in 300 out 300
history B -40d -2d in 200 out 200
history A -2d 0d in 900 out 900
history B -2d 0d in 600 out 600
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
)"},
    {"one door was away for two days: the others' shares say nothing", R"(
sensor A every 1m
sensor B every 1m
history A -40d 0d in 300 out 300
history B -40d -2d in 300 out 300
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
00:11 B degraded
00:11 + counts_share:B warning
)"},
    {"one door was known to be away: its own days without people say nothing either", R"(
sensor A every 1m
sensor B every 1m
history A -40d 0d in 300 out 300
history B -40d -3d in 300 out 300
covered A -40d 0d
covered B -40d -3d
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
)"},
    {"a device that was replaced begins a history of its own", R"(
sensor A every 1m
history A -40d -2d in 400 out 250
history A -2d 0d in 250 out 400
replaced A -2d
00:10 A reports
02:00 end
)", R"(
00:10 A online
)"},
    {"in and out drift apart over a closed set of doors", R"(
region A B
sensor A every 1m
sensor B every 1m
history A -40d 0d in 300 out 260
history B -40d -2d in 200 out 240
history B -2d 0d in 200 out 60
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
00:11 B degraded
00:11 + counts_ratio:B warning
00:11 + counts_balance:A/hall warning
)"},
    {"the same doors without a closed set: what comes in may leave elsewhere", R"(
sensor A every 1m
sensor B every 1m
history A -40d 0d in 300 out 160
history B -40d 0d in 200 out 180
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
)"},
    {"the whole store, where every door is counted", R"(
region all
sensor A every 1m
sensor B every 1m
history A -40d 0d in 300 out 20
history B -40d -2d in 20 out 300
history B -2d 0d in 20 out 200
00:10 A reports
00:10 B reports
02:00 end
)", R"(
00:10 A online
00:10 B online
00:11 B degraded
00:11 + counts_share:B warning
00:11 + counts_balance:store warning
)"},
    {"hours that clocks skip are no norm", R"(
zone Europe/Berlin
from 2026-10-25
open 09:00-20:00
sensor A every 1m
sensor B every 1m
history A -49d 0d in 300 out 300
history B -49d 0d in 300 out 300
08:00 A reports
08:00 B reports
10:00 A counts 27 27
10:00 B counts 27 27
14:00 A counts nobody
19:00 end
)", R"(
08:00 A online
08:00 B online
16:01 A degraded
16:01 + zero_while_open:A warning
)"},
};
// clang-format on

}  // namespace

TEST_CASE("health, counts: every timeline has its log") {
  check_timelines(kTimelines);
}
