#ifndef LINTEL_JOURNAL_RECORD_H
#define LINTEL_JOURNAL_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of a journal segment: those of the gateway's spool, described in
 * firmware-bridge/links/spool_format.hpp, with these meanings:
 *
 *   header   boot, nonce as there; `journal` is a random number that all segments of a journal share
 *   record   link: the publisher's client id; packet id 0; flags: qos and, as published, retained
 *   marker   a record with an empty topic, which MQTT does not know: payload "COUNT WHY", messages left out
 *   the end  zeros, written ahead so that a flush has no file size to write
 */
enum {
  LINTEL_HEADER_SIZE = 48,
  LINTEL_HEAD_SIZE = 28,
};

struct lintel_segment_header {
  uint32_t number;
  uint32_t journal;
  uint8_t boot[16];
  uint64_t nonce;
};

struct lintel_record {
  const char* client; /* "" where it has no name */
  const char* topic;  /* at most 65,535 bytes */
  const void* payload;
  uint32_t payload_size;
  uint8_t qos;
  int retained;
  int64_t arrived_ns; /* CLOCK_BOOTTIME */
};

/* What a record consists of, in the order in which it is written. */
struct lintel_record_bytes {
  uint8_t head[LINTEL_HEAD_SIZE];
  const void* part[3];
  size_t part_size[3];
  size_t size; /* of all */
};

void lintel_encode_header(const struct lintel_segment_header* header, uint8_t bytes[LINTEL_HEADER_SIZE]);
/* 0 if the bytes are no whole, unharmed header. */
int lintel_decode_header(const uint8_t bytes[LINTEL_HEADER_SIZE], struct lintel_segment_header* header);
void lintel_encode_record(const struct lintel_record* record, uint64_t nonce,
                          struct lintel_record_bytes* bytes);
/* The size that a record with these first 8 bytes claims to have. */
uint32_t lintel_claimed_size(const uint8_t bytes[8]);

#endif
