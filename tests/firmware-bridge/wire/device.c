#include "tests/firmware-bridge/wire/device.h"

#include "firmware-bridge/wire/lintel_wire.h"

static const struct lw_about kAbout = {"DOOR-0042",
                                       "1.4.2",
                                       {{"street", LW_IN | LW_OUT}, {"lift", LW_IN}},
                                       LW_STATES_EVENTS | LW_STATES_TOTALS | LW_SENSES_TAMPERING,
                                       LW_CAUSE_WATCHDOG,
                                       7};

size_t device_size(void) {
  return sizeof(struct lw_device);
}
size_t device_memory_size(void) {
  return sizeof(struct lw_memory);
}
size_t device_ring(void) {
  return LW_RING;
}
void device_start(void* device, void* memory, uint32_t run, uint32_t now) {
  lw_start((struct lw_device*)device, (struct lw_memory*)memory, &kAbout, run, 0, now);
}
void device_event(void* device, uint8_t line, uint32_t in, uint32_t out, uint32_t now) {
  lw_event((struct lw_device*)device, line, in, out, now);
}
void device_total(void* device, uint8_t line, uint32_t in, uint32_t out) {
  lw_total((struct lw_device*)device, line, in, out);
}
void device_health(void* device, uint32_t uptime, uint16_t supply, uint8_t battery, uint16_t faults) {
  struct lw_health health;
  health.uptime = uptime;
  health.supply = supply;
  health.battery = battery;
  health.faults = faults;
  lw_say_health((struct lw_device*)device, &health);
}
void device_receive(void* device, uint8_t byte, uint32_t now) {
  lw_receive((struct lw_device*)device, byte, now);
}
size_t device_next(void* device, uint8_t* packet, uint32_t now) {
  return lw_next((struct lw_device*)device, packet, now);
}
unsigned device_waiting(const void* device) {
  return lw_waiting((const struct lw_device*)device);
}
uint32_t device_acknowledged(const void* device) {
  return ((const struct lw_device*)device)->acknowledged;
}
uint32_t device_people(const void* device, uint32_t number) {
  const struct lw_record* r = lw_place((const struct lw_device*)device, number);
  return (r->what & LW_KIND) == LW_EVENT ? r->in + r->out : 0;
}
uint32_t device_run(const void* device) {
  return ((const struct lw_device*)device)->memory->run;
}
uint32_t device_merged(const void* device) {
  return ((const struct lw_device*)device)->merged;
}
uint32_t device_lost(const void* device) {
  return ((const struct lw_device*)device)->lost;
}
uint64_t device_utc(const void* device, uint32_t now) {
  return lw_utc((const struct lw_device*)device, now);
}
uint16_t device_crc(const uint8_t* bytes, size_t n) {
  return lw_crc(0xffff, bytes, n);
}
