/* A counter with two light barriers, one behind the other, in a door. Who darkens the outer one first and leaves
 * through the inner one has come in; the other way round, gone out. Who turns back is not counted.
 *
 * Runs on anything with a UART and 2 KB of RAM; board.h says what it needs of the board. */
#include "light_barrier.h"

#include "../lintel_wire.h"
#include "board.h"

enum { kOuter = 1, kInner = 2 };
#define BLOCKED_AFTER ((uint32_t)60000)
#define HEALTH_EVERY ((uint32_t)60000)

static const struct lw_about kAbout = {"BARRIER-1",
                                       "example 1.0",
                                       {{"", LW_IN | LW_OUT}},
                                       LW_KEEPS_RECORDS | LW_STATES_EVENTS,
                                       LW_CAUSE_UNKNOWN,
                                       0};

static struct lw_device device;
static uint8_t first, last;      /* which barrier the person darkened first, which ones are dark */
static uint8_t both;             /* both were dark at once: it is a person, not two hands */
static uint32_t started, dark_since, health_at;

void setup(void) {
  started = board_now();
  lw_start(&device, board_memory(), &kAbout, board_new_run(), 0, started);
  health_at = started - HEALTH_EVERY;
}

static void watch_barriers(uint32_t now) {
  const uint8_t dark = board_barriers();
  if (dark == last) return;
  if (last == 0) {
    first = dark;
    both = 0;
    dark_since = now;
  }
  if (dark == (kOuter | kInner)) both = 1;
  if (dark == 0 && both && last != first) {
    if (first == kOuter) lw_event(&device, 0, 1, 0, now);
    if (first == kInner) lw_event(&device, 0, 0, 1, now);
  }
  last = dark;
}

static void say_health(uint32_t now) {
  struct lw_health health = {0, 0, 0, 255};
  if (now - health_at < HEALTH_EVERY) return;
  health_at = now;
  health.uptime = (now - started) / 1000;
  if (last != 0 && now - dark_since >= BLOCKED_AFTER) health.faults = LW_BLOCKED;
  lw_say_health(&device, &health);
}

void loop(void) {
  static uint8_t packet[LW_LARGEST];
  const uint32_t now = board_now();
  size_t n;
  int byte;
  while ((byte = board_read()) >= 0) lw_receive(&device, (uint8_t)byte, now);
  watch_barriers(now);
  say_health(now);
  n = lw_next(&device, packet, now);
  if (n > 0) board_write(packet, n);
}
