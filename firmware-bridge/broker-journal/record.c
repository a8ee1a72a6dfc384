#include "firmware-bridge/broker-journal/record.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the journal's bytes are little-endian"
#endif

static const char kMagic[8] = {'L', 'N', 'T', 'L', 'S', 'P', 'L', '1'};

enum { kRetained = 8 };

static void put16(uint8_t* at, uint16_t value) {
  memcpy(at, &value, sizeof value);
}
static void put32(uint8_t* at, uint32_t value) {
  memcpy(at, &value, sizeof value);
}
static void put64(uint8_t* at, uint64_t value) {
  memcpy(at, &value, sizeof value);
}

static uint32_t get32(const uint8_t* at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

/* Castagnoli's CRC, half a byte at a time: the messages are small, and the table stays in the cache. */
static uint32_t crc32c(uint32_t seed, const void* bytes, size_t size) {
  static const uint32_t kTable[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                      0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                      0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
  uint32_t crc = ~seed;
  const uint8_t* at = bytes;
  for (; size > 0; --size, ++at) {
    crc ^= *at;
    crc = (crc >> 4) ^ kTable[crc & 15];
    crc = (crc >> 4) ^ kTable[crc & 15];
  }
  return ~crc;
}

void lintel_encode_header(const struct lintel_segment_header* header, uint8_t bytes[LINTEL_HEADER_SIZE]) {
  memset(bytes, 0, LINTEL_HEADER_SIZE);
  memcpy(bytes, kMagic, sizeof kMagic);
  put32(bytes + 8, header->number);
  put32(bytes + 12, header->journal);
  memcpy(bytes + 16, header->boot, sizeof header->boot);
  put64(bytes + 32, header->nonce);
  put32(bytes + 44, crc32c(0, bytes, 44));
}

int lintel_decode_header(const uint8_t bytes[LINTEL_HEADER_SIZE], struct lintel_segment_header* header) {
  if (memcmp(bytes, kMagic, sizeof kMagic) != 0 || get32(bytes + 44) != crc32c(0, bytes, 44)) return 0;
  header->number = get32(bytes + 8);
  header->journal = get32(bytes + 12);
  memcpy(header->boot, bytes + 16, sizeof header->boot);
  memcpy(&header->nonce, bytes + 32, sizeof header->nonce);
  return 1;
}

void lintel_encode_record(const struct lintel_record* record, uint64_t nonce,
                          struct lintel_record_bytes* bytes) {
  const char* client = record->client[0] != '\0' ? record->client : "?";
  size_t client_size = strlen(client);
  if (client_size > 255) client_size = 255;
  bytes->part[0] = client;
  bytes->part_size[0] = client_size;
  bytes->part[1] = record->topic;
  bytes->part_size[1] = strlen(record->topic);
  bytes->part[2] = record->payload;
  bytes->part_size[2] = record->payload_size;
  bytes->size = LINTEL_HEAD_SIZE;
  for (int i = 0; i < 3; ++i) bytes->size += bytes->part_size[i];

  uint8_t* head = bytes->head;
  memset(head, 0, LINTEL_HEAD_SIZE);
  put32(head + 4, (uint32_t)bytes->size);
  head[8] = (uint8_t)((record->qos & 3) | (record->retained ? kRetained : 0));
  head[9] = (uint8_t)client_size;
  put16(head + 12, (uint16_t)bytes->part_size[1]);
  put64(head + 16, (uint64_t)record->arrived_ns);
  put32(head + 24, record->payload_size);
  uint32_t crc = crc32c(0, head + 4, LINTEL_HEAD_SIZE - 4);
  for (int i = 0; i < 3; ++i) crc = crc32c(crc, bytes->part[i], bytes->part_size[i]);
  put32(head, crc ^ (uint32_t)nonce);
}

uint32_t lintel_claimed_size(const uint8_t bytes[8]) {
  return get32(bytes + 4);
}
