/* The device's side of the lintel wire, version 1: what a microcontroller counts reaches the gateway, each passage
 * exactly once, over any two-way serial line. WIRE.md describes the bytes and the state machines of both sides.
 *
 * One header, C99 or C++, freestanding: no heap, no library, no floating point, fixed buffers. All calls are for one
 * thread, none for an interrupt: let the interrupt set a flag and call from the main loop.
 *
 *   lw_start(&device, &memory, &about, run, 0, now);
 *   for (;;) {
 *     while (the uart has a byte) lw_receive(&device, byte, now);
 *     if (somebody passed) lw_event(&device, 0, 1, 0, now);
 *     n = lw_next(&device, packet, now);                    packet: LW_LARGEST bytes
 *     if (n) write n bytes of packet to the uart;
 *   }
 *
 * `now` is a clock in milliseconds; it may wrap. example/light_barrier.c is a whole firmware. */
#ifndef LINTEL_WIRE_H
#define LINTEL_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Sizes; define them before including to change them. A record takes 17 bytes of memory, 20 on 32-bit devices. */
#ifndef LW_LINES
#define LW_LINES 2 /* counting lines (doors, lanes), 1 to 6 */
#endif
#ifndef LW_RING
#define LW_RING 24 /* records kept until they are acknowledged, at most 255 */
#endif
#ifndef LW_WINDOW
#define LW_WINDOW 4 /* records sent ahead of their acknowledgement */
#endif
/* Milliseconds. */
#ifndef LW_RESEND_FIRST
#define LW_RESEND_FIRST 1000 /* until what was not acknowledged is sent again; doubles up to LW_RESEND_LAST */
#endif
#ifndef LW_RESEND_LAST
#define LW_RESEND_LAST 16000
#endif
#ifndef LW_HELLO_AGAIN
#define LW_HELLO_AGAIN 1000 /* between hellos until the gateway answers */
#endif

#if LW_LINES < 1 || LW_LINES > 6
#error "LW_LINES must be 1 to 6"
#endif
#if LW_WINDOW < 1 || LW_RING > 255 || LW_RING < LW_WINDOW + 3 * LW_LINES
#error "LW_RING must be at most 255 and hold LW_WINDOW and three more records for each line"
#endif

enum {
  LW_NAME = 12, /* bytes of a serial, of a version, of a line's name */
  LW_LARGEST = 46 + LW_NAME * LW_LINES + 3, /* of a packet as sent: a hello, stuffed, with both delimiters */
  LW_LARGEST_RECEIVED = 48, /* the gateway's are shorter; the rest is for later versions */

  /* what a line tells apart; a single light barrier: LW_IN */
  LW_IN = 0x10, LW_OUT = 0x20,
  /* abilities */
  LW_KEEPS_RECORDS = 1, LW_STATES_EVENTS = 2, LW_STATES_TOTALS = 4, LW_WANTS_TIME = 8, LW_SENSES_TAMPERING = 16,
  /* faults; 0x100 to 0x8000 are the maker's own */
  LW_BLOCKED = 1, LW_SENSOR_FAULT = 2, LW_WEAK_SIGNAL = 4, LW_TAMPERED = 8, LW_LOW_SUPPLY = 16, LW_MEMORY_FAULT = 32,
  /* why it started */
  LW_CAUSE_UNKNOWN = 0, LW_CAUSE_POWER = 1, LW_CAUSE_PIN = 2, LW_CAUSE_WATCHDOG = 3, LW_CAUSE_BROWNOUT = 4,
  LW_CAUSE_SOFTWARE = 5,

  /* packets */
  LW_HELLO = 0x11, LW_RECORD = 0x12, LW_HEALTH = 0x13, LW_ASK = 0x19, LW_WELCOME = 0x1a, LW_ACK = 0x1b,
  LW_HEAD = 1 + LW_NAME + 4,
  /* what a record is: kind, marks, and LW_IN, LW_OUT */
  LW_NOTHING = 0, LW_EVENT = 1, LW_TOTAL = 2, LW_KIND = 3, LW_MERGED = 4, LW_AGED = 0x40
};

/* What the device says of itself. Constant; must outlive the device. */
struct lw_line {
  const char* name;   /* up to 12 printable ASCII characters; "" for the only line of a device */
  uint8_t directions; /* LW_IN, LW_OUT or both */
};
struct lw_about {
  const char* serial;   /* 1 to 12 of A-Z a-z 0-9 - _ . and like that of no other device */
  const char* firmware; /* version, up to 12 printable ASCII characters */
  struct lw_line lines[LW_LINES];
  uint8_t abilities;
  uint8_t cause;   /* of this start */
  uint16_t starts; /* how often it was started; 0: not counted */
};
struct lw_health {
  uint32_t uptime; /* seconds */
  uint16_t supply; /* millivolts; 0: not measured */
  uint16_t faults;
  uint8_t battery; /* per cent; 255: none */
};

/* What may lie in memory that survives a reset (.noinit, battery-backed RAM, FRAM). Each piece has a check of its
 * own: a reset in the middle of a write costs at most the record being written. */
struct lw_record {
  uint32_t born; /* on the device's clock */
  uint32_t in, out;
  uint16_t check;
  uint8_t what, line, life;
};
struct lw_marks {
  uint32_t acknowledged; /* the first record that is not */
  uint32_t sent;         /* the first record that never was */
  uint16_t check;
};
struct lw_memory {
  uint32_t run;
  uint16_t check;
  uint8_t life[2];           /* starts in this run, twice */
  struct lw_marks marks[2];  /* written in turn: one of them is always whole */
  struct lw_record records[LW_RING]; /* number n in place n % LW_RING */
};

struct lw_device {
  const struct lw_about* about;
  struct lw_memory* memory;
  struct lw_health health;
  uint32_t acknowledged, sent; /* as in the marks */
  uint32_t next;               /* number of the next record */
  uint32_t cursor;             /* record to be sent next */
  uint32_t sent_at, hello_at, aged_at, resend_after;
  uint32_t merged; /* passages added to an earlier record, because the memory was nearly full */
  uint32_t lost;   /* passages without a place, and records that were damaged in memory */
  uint32_t total_in[LW_LINES], total_out[LW_LINES];
  uint32_t total_record[LW_LINES]; /* states the line's total and is not acknowledged, if total_held */
  uint64_t utc;                    /* at utc_at; 0: not told */
  uint32_t utc_at;
  uint16_t damaged; /* packets that came and did not check */
  uint8_t total_new[LW_LINES], total_held[LW_LINES];
  uint8_t welcomed, hello_due, health_due, turn;
  uint8_t length, overlong;
  uint8_t received[LW_LARGEST_RECEIVED];
};

/* ---- bytes ---- */

/* CRC-16/IBM-3740: polynomial 0x1021, initial value 0xffff, not reflected, no final XOR; "123456789": 0x29b1. */
static inline uint16_t lw_crc_byte(uint16_t crc, uint8_t byte) {
  uint8_t x = (uint8_t)((crc >> 8) ^ byte);
  x = (uint8_t)(x ^ (x >> 4));
  return (uint16_t)(((uint16_t)(crc << 8)) ^ ((uint16_t)(x << 12)) ^ ((uint16_t)(x << 5)) ^ x);
}
static inline uint16_t lw_crc(uint16_t crc, const uint8_t* bytes, size_t n) {
  for (; n > 0; --n) crc = lw_crc_byte(crc, *bytes++);
  return crc;
}
static inline uint16_t lw_crc_number(uint16_t crc, uint32_t number) {
  uint8_t i;
  for (i = 0; i < 4; ++i, number >>= 8) crc = lw_crc_byte(crc, (uint8_t)number);
  return crc;
}
static inline uint8_t* lw_put(uint8_t* to, uint32_t number, uint8_t bytes) {
  for (; bytes > 0; --bytes, number >>= 8) *to++ = (uint8_t)number;
  return to;
}
static inline uint8_t* lw_put_name(uint8_t* to, const char* name) {
  uint8_t i;
  for (i = 0; i < LW_NAME; ++i) {
    *to++ = (uint8_t)*name;
    if (*name) ++name;
  }
  return to;
}
static inline uint32_t lw_get(const uint8_t* from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}
/* Every packet begins behind two bytes left free for the delimiter and the first code. */
static inline uint8_t* lw_begin(const struct lw_device* d, uint8_t* packet, uint8_t type) {
  packet[2] = type;
  return lw_put(lw_put_name(packet + 3, d->about->serial), d->memory->run, 4);
}
/* Appends the check and stuffs in place: below 254 bytes that makes of every 0 the distance to the next. */
static inline size_t lw_end(uint8_t* packet, uint8_t* to) {
  uint8_t *code = packet + 1, *at;
  const uint16_t crc = lw_crc(0xffff, packet + 2, (size_t)(to - packet) - 2);
  *to++ = (uint8_t)(crc >> 8);
  *to++ = (uint8_t)crc;
  packet[0] = 0;
  for (at = packet + 2; at < to; ++at) {
    if (*at == 0) {
      *code = (uint8_t)(at - code);
      code = at;
    }
  }
  *code = (uint8_t)(to - code);
  *to++ = 0;
  return (size_t)(to - packet);
}
/* Unstuffs in place; returns the length, 0 if the codes do not fit the bytes. */
static inline uint8_t lw_unstuff(uint8_t* bytes, uint8_t n) {
  uint8_t from = 0, to = 0, code;
  while (from < n) {
    code = bytes[from++];
    if (code == 0 || code - 1 > n - from) return 0;
    while (--code > 0) bytes[to++] = bytes[from++];
    if (from < n) bytes[to++] = 0;
  }
  return to;
}

/* ---- memory ---- */

static inline uint16_t lw_run_check(const struct lw_memory* m) {
  return lw_crc_number(0x4c57, m->run);
}
static inline uint16_t lw_marks_check(const struct lw_memory* m, const struct lw_marks* marks) {
  return lw_crc_number(lw_crc_number(lw_crc_number(0x4d4b, m->run), marks->acknowledged), marks->sent);
}
static inline uint16_t lw_record_check(const struct lw_memory* m, const struct lw_record* r, uint32_t number) {
  uint16_t crc = lw_crc_number(lw_crc_number(0x5243, m->run), number);
  crc = lw_crc_number(lw_crc_number(lw_crc_number(crc, r->born), r->in), r->out);
  return lw_crc_byte(lw_crc_byte(lw_crc_byte(crc, r->what), r->line), r->life);
}
static inline struct lw_record* lw_place(const struct lw_device* d, uint32_t number) {
  return &d->memory->records[number % LW_RING];
}
static inline uint8_t lw_is_whole(const struct lw_device* d, uint32_t number) {
  return lw_place(d, number)->check == lw_record_check(d->memory, lw_place(d, number), number);
}
static inline void lw_seal(const struct lw_device* d, uint32_t number) {
  lw_place(d, number)->check = lw_record_check(d->memory, lw_place(d, number), number);
}
static inline void lw_keep_marks(struct lw_device* d) {
  struct lw_marks* marks;
  d->turn = (uint8_t)!d->turn;
  marks = &d->memory->marks[d->turn];
  marks->acknowledged = d->acknowledged;
  marks->sent = d->sent;
  marks->check = lw_marks_check(d->memory, marks);
}
/* Begins a run in memory that holds nothing of use. The run's own check comes last. */
static inline void lw_forget(struct lw_device* d, uint32_t run) {
  struct lw_memory* m = d->memory;
  uint8_t i;
  m->run = run;
  m->check = (uint16_t)~lw_run_check(m);
  m->life[0] = m->life[1] = 0;
  for (i = 0; i < LW_RING; ++i) {
    m->records[i].what = LW_NOTHING;
    m->records[i].check = (uint16_t)~lw_record_check(m, &m->records[i], i);
  }
  lw_keep_marks(d);
  lw_keep_marks(d);
  m->check = lw_run_check(m);
}
/* Finds the newest whole marks; 0 if the memory holds none. */
static inline uint8_t lw_find_marks(struct lw_device* d) {
  const struct lw_memory* m = d->memory;
  uint8_t i, found = 0;
  if (m->check != lw_run_check(m)) return 0;
  for (i = 0; i < 2; ++i) {
    const struct lw_marks* marks = &m->marks[i];
    if (marks->check != lw_marks_check(m, marks) || marks->sent - marks->acknowledged > LW_RING) continue;
    if (found && (marks->acknowledged < d->acknowledged || marks->sent < d->sent)) continue;
    d->acknowledged = marks->acknowledged;
    d->sent = marks->sent;
    d->turn = i;
    found = 1;
  }
  return found;
}
/* Takes over the records of before the reset. A damaged one keeps its number and states nothing, so that no number
 * is ever given twice. */
static inline void lw_take_over(struct lw_device* d, uint8_t clock_went_on) {
  uint32_t n;
  d->next = d->sent;
  for (n = d->acknowledged; n - d->acknowledged < LW_RING; ++n) {
    if (n >= d->next && lw_is_whole(d, n)) d->next = n + 1;
  }
  for (n = d->acknowledged; n != d->next; ++n) {
    struct lw_record* r = lw_place(d, n);
    if (!lw_is_whole(d, n)) {
      r->what = LW_NOTHING;
      r->line = 0;
      r->born = r->in = r->out = 0;
      ++d->lost;
    }
    if (!clock_went_on) r->what = (uint8_t)(r->what & ~LW_AGED);
    if ((r->what & LW_KIND) == LW_TOTAL && r->line < LW_LINES) {
      d->total_record[r->line] = n;
      d->total_held[r->line] = 1;
    }
    lw_seal(d, n);
  }
  d->memory->life[0] = d->memory->life[1] =
      (uint8_t)((d->memory->life[0] > d->memory->life[1] ? d->memory->life[0] : d->memory->life[1]) + 1);
}

/* ---- what the program calls ---- */

/* Begins, or goes on where the memory left off. `run` must differ from those of all starts before: a counter in
 * EEPROM, or a true random number. `clock_went_on`: `now` is a clock that no reset stops; otherwise records of
 * before the reset have no time but that of their arrival. */
static inline void lw_start(struct lw_device* d, struct lw_memory* memory, const struct lw_about* about,
                            uint32_t run, uint8_t clock_went_on, uint32_t now) {
  uint8_t* byte = (uint8_t*)d;
  size_t i;
  for (i = 0; i < sizeof *d; ++i) byte[i] = 0;
  d->about = about;
  d->memory = memory;
  d->health.battery = 255;
  if (lw_find_marks(d)) {
    lw_take_over(d, clock_went_on);
  } else {
    d->acknowledged = d->sent = 0;
    lw_forget(d, run);
  }
  d->cursor = d->acknowledged;
  d->hello_due = 1;
  d->hello_at = d->sent_at = d->aged_at = now;
  d->resend_after = LW_RESEND_FIRST;
}

/* Records that the gateway has not acknowledged yet. */
static inline uint8_t lw_waiting(const struct lw_device* d) {
  return (uint8_t)(d->next - d->acknowledged);
}

static inline void lw_append(struct lw_device* d, uint8_t kind, uint8_t line, uint32_t in, uint32_t out,
                             uint32_t now) {
  struct lw_record* r = lw_place(d, d->next);
  r->born = now;
  r->in = in;
  r->out = out;
  r->what = (uint8_t)(kind | LW_AGED | d->about->lines[line].directions);
  r->line = line;
  r->life = d->memory->life[0];
  lw_seal(d, d->next);
  ++d->next;
}

/* Somebody passed line `line`, now. When the memory is nearly full, the passage is added to the line's newest
 * record that was never sent: no person is lost, only the moment is. */
static inline void lw_event(struct lw_device* d, uint8_t line, uint32_t in, uint32_t out, uint32_t now) {
  const uint8_t room = (uint8_t)(LW_RING - lw_waiting(d));
  uint32_t n;
  if (line >= LW_LINES || (in == 0 && out == 0)) return;
  for (n = d->next; room <= 2 * LW_LINES && n != d->sent && n != d->acknowledged; --n) {
    struct lw_record* r = lw_place(d, n - 1);
    if ((r->what & LW_KIND) != LW_EVENT || r->line != line) continue;
    r->born = now;
    r->in += in;
    r->out += out;
    r->what = (uint8_t)(r->what | LW_MERGED | LW_AGED);
    lw_seal(d, n - 1);
    d->merged += in + out;
    return;
  }
  if (room == 0) {
    d->lost += in + out;
    return;
  }
  lw_append(d, LW_EVENT, line, in, out, now);
}

/* The line's running totals since this start. The newest count; one at a time waits to be acknowledged. */
static inline void lw_total(struct lw_device* d, uint8_t line, uint32_t in, uint32_t out) {
  if (line >= LW_LINES) return;
  d->total_in[line] = in;
  d->total_out[line] = out;
  d->total_new[line] = 1;
}

/* To be sent once, soon. Once a minute is enough. */
static inline void lw_say_health(struct lw_device* d, const struct lw_health* health) {
  d->health = *health;
  d->health_due = 1;
}

/* Milliseconds since 1970 by the gateway's clock; 0 while it has not told. */
static inline uint64_t lw_utc(const struct lw_device* d, uint32_t now) {
  return d->utc == 0 ? 0 : d->utc + (uint32_t)(now - d->utc_at);
}

static inline void lw_acknowledged(struct lw_device* d, uint32_t next, uint32_t now) {
  uint8_t line;
  if (next <= d->acknowledged || next > d->sent) return;
  d->acknowledged = next;
  if (d->cursor < next) d->cursor = next;
  for (line = 0; line < LW_LINES; ++line) {
    if (d->total_record[line] < next) d->total_held[line] = 0;
  }
  d->sent_at = now;
  d->resend_after = LW_RESEND_FIRST;
  lw_keep_marks(d);
}

static inline void lw_take(struct lw_device* d, const uint8_t* packet, uint8_t n, uint32_t now) {
  const char* name = d->about->serial;
  const uint8_t* body = packet + LW_HEAD;
  uint8_t i, mine = 1, nobody = 1;
  for (i = 0; i < LW_NAME; ++i) {
    if (packet[1 + i] != 0) nobody = 0;
    if (packet[1 + i] != (uint8_t)*name) mine = 0;
    if (*name) ++name;
  }
  if (packet[0] == LW_ASK && (mine || nobody)) {
    d->welcomed = 0;
    d->hello_due = 1;
    return;
  }
  if (!mine || lw_get(packet + 1 + LW_NAME) != d->memory->run) return;
  if (packet[0] == LW_ACK && n >= LW_HEAD + 4 + 2) {
    lw_acknowledged(d, lw_get(body), now);
  } else if (packet[0] == LW_WELCOME && n >= LW_HEAD + 6 + 2) {
    d->utc = (uint64_t)((uint16_t)(body[4] | (uint16_t)(body[5] << 8))) << 32 | lw_get(body);
    d->utc_at = now;
    if (!d->welcomed) {
      d->cursor = d->acknowledged;
      d->resend_after = LW_RESEND_FIRST;
    }
    d->welcomed = 1;
  }
}

/* A byte from the gateway. */
static inline void lw_receive(struct lw_device* d, uint8_t byte, uint32_t now) {
  if (byte != 0) {
    if (d->length < LW_LARGEST_RECEIVED) {
      d->received[d->length++] = byte;
    } else {
      d->overlong = 1;
    }
    return;
  }
  if (d->length > 0) {
    const uint8_t n = d->overlong ? 0 : lw_unstuff(d->received, d->length);
    if (n >= LW_HEAD + 2 && lw_crc(0xffff, d->received, n) == 0) {
      lw_take(d, d->received, n, now);
    } else {
      ++d->damaged;
    }
  }
  d->length = d->overlong = 0;
}

static inline size_t lw_say_hello(const struct lw_device* d, uint8_t* packet) {
  uint8_t* to = lw_begin(d, packet, LW_HELLO);
  uint8_t i;
  *to++ = d->about->abilities;
  to = lw_put(to, d->about->starts, 2);
  *to++ = d->about->cause;
  to = lw_put(to, d->acknowledged, 4);
  to = lw_put(to, d->next, 4);
  to = lw_put(to, LW_RING, 2);
  to = lw_put_name(to, d->about->firmware);
  *to++ = LW_LINES;
  for (i = 0; i < LW_LINES; ++i) to = lw_put_name(to, d->about->lines[i].name);
  return lw_end(packet, to);
}
static inline size_t lw_send_health(const struct lw_device* d, uint8_t* packet) {
  uint8_t* to = lw_begin(d, packet, LW_HEALTH);
  to = lw_put(to, d->health.uptime, 4);
  to = lw_put(to, d->health.supply, 2);
  *to++ = d->health.battery;
  to = lw_put(to, d->health.faults, 2);
  to = lw_put(to, d->merged, 4);
  to = lw_put(to, d->lost, 4);
  to = lw_put(to, d->damaged, 2);
  *to++ = lw_waiting(d);
  return lw_end(packet, to);
}
static inline size_t lw_send_record(const struct lw_device* d, uint32_t number, uint8_t* packet, uint32_t now) {
  const struct lw_record* r = lw_place(d, number);
  uint8_t* to = lw_put(lw_begin(d, packet, LW_RECORD), number, 4);
  *to++ = (uint8_t)(number - d->acknowledged);
  *to++ = r->what;
  *to++ = r->line;
  *to++ = r->life;
  to = lw_put(to, r->what & LW_AGED ? now - r->born : 0, 4);
  to = lw_put(to, r->what & LW_IN ? r->in : 0, 4);
  to = lw_put(to, r->what & LW_OUT ? r->out : 0, 4);
  return lw_end(packet, to);
}

/* States totals that wait, and takes the age from records so old that the clock's wrap would make them young. */
static inline void lw_tend(struct lw_device* d, uint32_t now) {
  uint8_t line;
  uint32_t n;
  for (line = 0; line < LW_LINES; ++line) {
    if (!d->total_new[line] || d->total_held[line] || lw_waiting(d) >= LW_RING) continue;
    d->total_new[line] = 0;
    d->total_held[line] = 1;
    d->total_record[line] = d->next;
    lw_append(d, LW_TOTAL, line, d->total_in[line], d->total_out[line], now);
  }
  if (now - d->aged_at < 0x20000000UL) return;
  d->aged_at = now;
  for (n = d->acknowledged; n != d->next; ++n) {
    struct lw_record* r = lw_place(d, n);
    if (now - r->born < 0x80000000UL) continue;
    r->what = (uint8_t)(r->what & ~LW_AGED);
    lw_seal(d, n);
  }
}

/* The next packet to send, into LW_LARGEST bytes; returns its length, 0 if nothing is to be sent now. Send all of
 * it before the next call. */
static inline size_t lw_next(struct lw_device* d, uint8_t* packet, uint32_t now) {
  lw_tend(d, now);
  if (d->hello_due || (!d->welcomed && now - d->hello_at >= LW_HELLO_AGAIN)) {
    d->hello_due = 0;
    d->hello_at = now;
    return lw_say_hello(d, packet);
  }
  if (!d->welcomed) return 0;
  if (d->health_due) {
    d->health_due = 0;
    return lw_send_health(d, packet);
  }
  if (d->cursor != d->acknowledged && now - d->sent_at >= d->resend_after) {
    d->cursor = d->acknowledged;
    d->resend_after = d->resend_after < LW_RESEND_LAST / 2 ? 2 * d->resend_after : LW_RESEND_LAST;
  }
  if (d->cursor == d->next || d->cursor - d->acknowledged >= LW_WINDOW) return 0;
  if (d->cursor == d->acknowledged) d->sent_at = now;
  if (d->cursor == d->sent) {
    ++d->sent;
    lw_keep_marks(d);
  }
  return lw_send_record(d, d->cursor++, packet, now);
}

#endif
