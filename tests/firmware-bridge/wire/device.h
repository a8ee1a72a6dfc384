#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* lintel_wire.h as firmware uses it, compiled as freestanding C and handed to the tests through plain
 * functions. Two lines: "street" tells in from out and states events, "lift" only counts in and states
 * totals. */
enum { kDevicePacket = 128 };

size_t device_size(void);
size_t device_memory_size(void);
size_t device_ring(void);
void device_start(void* device, void* memory, uint32_t run, uint32_t now);
void device_event(void* device, uint8_t line, uint32_t in, uint32_t out, uint32_t now);
void device_total(void* device, uint8_t line, uint32_t in, uint32_t out);
void device_health(void* device, uint32_t uptime, uint16_t supply, uint8_t battery, uint16_t faults);
void device_receive(void* device, uint8_t byte, uint32_t now);
size_t device_next(void* device, uint8_t* packet, uint32_t now);
unsigned device_waiting(const void* device);
uint32_t device_acknowledged(const void* device);
/* People in an event that waits under this number; 0 for other records. */
uint32_t device_people(const void* device, uint32_t number);
uint32_t device_run(const void* device);
uint32_t device_merged(const void* device);
uint32_t device_lost(const void* device);
uint64_t device_utc(const void* device, uint32_t now);
uint16_t device_crc(const uint8_t* bytes, size_t n);

#ifdef __cplusplus
}
#endif
