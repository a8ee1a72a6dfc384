#ifndef LINTEL_JOURNAL_H
#define LINTEL_JOURNAL_H

#include <stdint.h>

#include "firmware-bridge/broker-journal/record.h"

/* The journal of a broker: a row of segment files (record.h) in a directory, `0000000007.journal`. A message
 * that was appended survives the end of the process at any instant, and the loss of power once it was
 * flushed, which a thread does every `sync_ms`. One thread appends. */
struct lintel_journal;

struct lintel_journal_options {
  const char* directory;
  const char* confirmed;  /* file of the gateway's: what it has taken and need not be kept */
  uint64_t limit_bytes;   /* of all segments together */
  uint32_t segment_bytes; /* one is followed by the next about there */
  uint32_t sync_ms;
  /* Told what a person should know, in a sentence. On the thread that appends. */
  void (*say)(int is_error, const char* text);
};

/* Names a message for as long as the journal lives. */
struct lintel_place {
  uint32_t journal, segment, offset;
};

/* Never fails: what cannot be opened now is tried again with later messages. Null without memory or thread.
 */
struct lintel_journal* lintel_journal_open(const struct lintel_journal_options* options);

/* 1: it is in the journal, at `place`. 0: it was left out, because the journal is full and the gateway has
 * confirmed nothing of it, because it cannot be written, or because the payload is larger than a segment.
 * What is left out is counted, said, and told by a marker in the journal. Does not wait for the medium. */
int lintel_journal_append(struct lintel_journal* journal, const struct lintel_record* record,
                          struct lintel_place* place);

/* Flushes, and ends the thread. */
void lintel_journal_close(struct lintel_journal* journal);

#endif
