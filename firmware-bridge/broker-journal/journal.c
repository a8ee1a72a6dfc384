#include "firmware-bridge/broker-journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
  kAhead = 256 << 10, /* zeros written at a time: a flush of what lies in them has no metadata to write */
  kMostRetired = 16,  /* segments that wait for their last flush */
  kSaidEvery = 60,    /* seconds, of one trouble */
  kAgainAfter = 1,    /* seconds, until what has failed is tried again */
  kPathSize = 4096,
};

struct lintel_journal {
  struct lintel_journal_options options;
  char *directory, *confirmed;

  /* Of the thread that appends. */
  int lock;
  int fd; /* -1: no segment is open */
  struct lintel_segment_header header;
  uint64_t at;       /* where the next record begins */
  uint64_t prepared; /* size of the file; from `at` on it is zeros */
  uint64_t total;    /* of all segments */
  time_t next_try, next_look;
  uint64_t left_out;
  char why[200];
  time_t said;

  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int stopping, dirty, new_segment; /* these and the rest: guarded by mutex */
  int live;
  int retired[kMostRetired], retired_count; /* flushed and closed by the thread */
  int flush_error;
};

static time_t seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

__attribute__((format(printf, 3, 4))) static void say(struct lintel_journal* journal, int is_error,
                                                      const char* format, ...) {
  char text[600];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  journal->options.say(is_error, text);
}

/* --- the directory -------------------------------------------------------------------------------- */

static void name_of(const struct lintel_journal* journal, uint32_t number, char path[kPathSize]) {
  snprintf(path, kPathSize, "%s/%010u.journal", journal->directory, number);
}

static int number_of(const char* name, uint32_t* number) {
  char rest[10] = "";
  return strlen(name) == 18 && sscanf(name, "%10u%9s", number, rest) == 2 && strcmp(rest, ".journal") == 0;
}

struct found {
  uint32_t oldest, newest; /* 0: there is none */
  uint64_t bytes;
};

static struct found look(const struct lintel_journal* journal) {
  struct found found = {0, 0, 0};
  DIR* folder = opendir(journal->directory);
  if (folder == NULL) return found;
  for (struct dirent* entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    uint32_t number = 0;
    struct stat facts;
    if (!number_of(entry->d_name, &number) || number == 0) continue;
    if (fstatat(dirfd(folder), entry->d_name, &facts, 0) == 0) found.bytes += (uint64_t)facts.st_size;
    if (found.oldest == 0 || number < found.oldest) found.oldest = number;
    if (number > found.newest) found.newest = number;
  }
  closedir(folder);
  return found;
}

/* Gives back the zeros behind the last record of a segment that a killed broker left. */
static void trim(int fd) {
  struct stat facts;
  uint8_t head[8];
  off_t at = LINTEL_HEADER_SIZE;
  if (fstat(fd, &facts) != 0) return;
  while (pread(fd, head, sizeof head, at) == (ssize_t)sizeof head) {
    const uint32_t size = lintel_claimed_size(head);
    if (size < LINTEL_HEAD_SIZE || size > facts.st_size - at) break;
    at += size;
  }
  uint8_t piece[4096];
  for (off_t look_at = at; look_at < facts.st_size;) {
    const ssize_t got = pread(fd, piece, sizeof piece, look_at);
    if (got <= 0) return;
    for (ssize_t i = 0; i < got; ++i) {
      if (piece[i] != 0) return; /* something was written there: for the gateway to judge */
    }
    look_at += got;
  }
  if (ftruncate(fd, at) != 0) return; /* it stays as it is */
}

/* The number that all segments of this journal share, from the newest that can be read. */
static uint32_t journal_of(const struct lintel_journal* journal, struct found found) {
  for (uint32_t number = found.newest; number != 0 && number >= found.oldest; --number) {
    char path[kPathSize];
    uint8_t bytes[LINTEL_HEADER_SIZE];
    struct lintel_segment_header header;
    name_of(journal, number, path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) continue;
    const int whole = pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
                      lintel_decode_header(bytes, &header) && header.journal != 0;
    if (whole && number == found.newest) trim(fd);
    close(fd);
    if (whole) return header.journal;
  }
  return 0;
}

static void random_bytes(void* bytes, size_t size) {
  if (getrandom(bytes, size, 0) == (ssize_t)size) return;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (size_t i = 0; i < size; ++i) ((uint8_t*)bytes)[i] = (uint8_t)((uint64_t)now.tv_nsec >> (i % 4 * 8));
}

static void read_boot(uint8_t boot[16]) {
  memset(boot, 0, 16);
  FILE* file = fopen("/proc/sys/kernel/random/boot_id", "re");
  if (file == NULL) return;
  int digits = 0;
  for (int c = fgetc(file); c != EOF && digits < 32; c = fgetc(file)) {
    const char *hex = "0123456789abcdef", *found = c != 0 ? strchr(hex, c) : NULL;
    if (found == NULL) continue;
    boot[digits / 2] = (uint8_t)(boot[digits / 2] << 4 | (found - hex));
    ++digits;
  }
  fclose(file);
}

/* Removes the oldest segments that the gateway has confirmed, until there is room for `bytes`. */
static int drop_confirmed(struct lintel_journal* journal, uint64_t bytes) {
  uint32_t id = 0, confirmed = 0;
  const time_t now = seconds();
  if (now < journal->next_look) return 0;
  journal->next_look = now + kAgainAfter;
  FILE* file = fopen(journal->confirmed, "re");
  if (file == NULL) return 0;
  const int read = fscanf(file, "%8x %10u", &id, &confirmed);
  fclose(file);
  if (read != 2 || id != journal->header.journal) return 0;
  struct found found = look(journal);
  journal->total = found.bytes;
  for (; journal->total + bytes > journal->options.limit_bytes; found = look(journal)) {
    char path[kPathSize];
    if (found.oldest == 0 || found.oldest >= confirmed || found.oldest >= journal->header.number) break;
    name_of(journal, found.oldest, path);
    if (unlink(path) != 0) break;
    journal->total = look(journal).bytes;
    journal->next_look = 0; /* there may be more */
  }
  return journal->total + bytes <= journal->options.limit_bytes;
}

/* --- the live segment ------------------------------------------------------------------------------ */

/* From now on the thread has it: it flushes and closes it. 0: it has too many already. */
static int retire(struct lintel_journal* journal) {
  pthread_mutex_lock(&journal->mutex);
  const int has_room = journal->retired_count < kMostRetired;
  if (has_room) {
    journal->retired[journal->retired_count++] = journal->fd;
    journal->live = -1;
    journal->dirty = 1;
    pthread_cond_signal(&journal->changed);
  }
  pthread_mutex_unlock(&journal->mutex);
  if (!has_room) return 0;
  journal->fd = -1;
  return 1;
}

/* Zeros for at least `bytes` behind what is written. 0, with errno, where they could not be written. */
static int prepare(struct lintel_journal* journal, uint64_t bytes) {
  static const uint8_t kZeros[8 << 10]; /* lies in the file as it is */
  const uint64_t end = journal->at + (bytes > kAhead ? bytes : kAhead);
  while (journal->prepared < end) {
    const uint64_t left = end - journal->prepared;
    const size_t piece = left > sizeof kZeros ? sizeof kZeros : (size_t)left;
    const ssize_t wrote = pwrite(journal->fd, kZeros, piece, (off_t)journal->prepared);
    if (wrote <= 0) {
      if (wrote == 0) errno = ENOSPC;
      return 0;
    }
    journal->prepared += (uint64_t)wrote;
    journal->total += (uint64_t)wrote;
  }
  return 1;
}

static int begin_segment(struct lintel_journal* journal) {
  struct lintel_segment_header header = journal->header;
  uint8_t bytes[LINTEL_HEADER_SIZE];
  char path[kPathSize];
  if (journal->fd >= 0) {
    if (journal->prepared > journal->at && ftruncate(journal->fd, (off_t)journal->at) == 0) {
      journal->total -= journal->prepared - journal->at;
      journal->prepared = journal->at;
    }
    if (!retire(journal)) return 0;
  }
  ++header.number;
  random_bytes(&header.nonce, sizeof header.nonce);
  name_of(journal, header.number, path);
  const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return 0;
  lintel_encode_header(&header, bytes);
  if (fchmod(fd, 0640) != 0 || pwrite(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
    const int error = errno != 0 ? errno : ENOSPC;
    unlink(path);
    close(fd);
    errno = error;
    return 0;
  }
  journal->header = header;
  journal->fd = fd;
  journal->at = journal->prepared = sizeof bytes;
  journal->total += sizeof bytes;
  pthread_mutex_lock(&journal->mutex);
  journal->live = fd;
  journal->new_segment = 1;
  pthread_mutex_unlock(&journal->mutex);
  return 1;
}

static int write_record(struct lintel_journal* journal, const struct lintel_record_bytes* bytes) {
  struct iovec parts[4] = {{(void*)bytes->head, LINTEL_HEAD_SIZE}};
  for (int i = 0; i < 3; ++i) {
    parts[i + 1].iov_base = (void*)bytes->part[i];
    parts[i + 1].iov_len = bytes->part_size[i];
  }
  const ssize_t wrote = pwritev(journal->fd, parts, 4, (off_t)journal->at);
  if (wrote != (ssize_t)bytes->size) {
    const int error = wrote < 0 ? errno : ENOSPC;
    /* A part of a record must not stay where the next one is to begin. */
    if (ftruncate(journal->fd, (off_t)journal->at) == 0) {
      journal->prepared = journal->at;
    } else {
      retire(journal);
    }
    errno = error;
    return 0;
  }
  journal->at += bytes->size;
  if (journal->prepared < journal->at) {
    journal->total += journal->at - journal->prepared;
    journal->prepared = journal->at;
  }
  pthread_mutex_lock(&journal->mutex);
  if (!journal->dirty) pthread_cond_signal(&journal->changed);
  journal->dirty = 1;
  pthread_mutex_unlock(&journal->mutex);
  return 1;
}

/* --- what is left out ------------------------------------------------------------------------------ */

static int64_t boot_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* May exceed the limit by its own size. */
static void write_marker(struct lintel_journal* journal, uint64_t count, const char* why) {
  struct lintel_record_bytes bytes;
  char text[300];
  if (journal->fd < 0) return;
  snprintf(text, sizeof text, "%llu %s", (unsigned long long)count, why);
  const struct lintel_record marker = {"journal", "", text, (uint32_t)strlen(text), 0, 0, boot_ns()};
  lintel_encode_record(&marker, journal->header.nonce, &bytes);
  write_record(journal, &bytes); /* what cannot be written now is said at least */
}

static int leave_out(struct lintel_journal* journal, const char* why) {
  const time_t now = seconds();
  const int another = journal->left_out == 0 || strcmp(why, journal->why) != 0;
  if (another) {
    if (why != journal->why) snprintf(journal->why, sizeof journal->why, "%s", why);
    write_marker(journal, 0, why);
  }
  ++journal->left_out;
  if (another || now - journal->said >= kSaidEvery) {
    say(journal, 1,
        "lintel: a message is not in the journal %s: %s. Messages go on to subscribers, but are lost if the "
        "broker is killed before the gateway has them (%llu so far)",
        journal->directory, why, (unsigned long long)journal->left_out);
    journal->said = now;
  }
  return 0;
}

static void take_up_again(struct lintel_journal* journal) {
  if (journal->left_out == 0) return;
  write_marker(journal, journal->left_out, journal->why);
  say(journal, 0, "lintel: messages are in the journal %s again; %llu were left out", journal->directory,
      (unsigned long long)journal->left_out);
  journal->left_out = 0;
}

/* --- appending ------------------------------------------------------------------------------------- */

static const char* words(char text[200], const char* what) {
  snprintf(text, 200, "%s: %s", what, strerror(errno));
  return text;
}

static int open_directory(struct lintel_journal* journal) {
  char path[kPathSize];
  mkdir(journal->directory, 0750); /* where it is missing and may be made */
  snprintf(path, sizeof path, "%s/lock", journal->directory);
  journal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (journal->lock < 0) return 0;
  if (flock(journal->lock, LOCK_EX | LOCK_NB) != 0) {
    close(journal->lock);
    journal->lock = -1;
    errno = EBUSY; /* another broker's */
    return 0;
  }
  const struct found found = look(journal);
  journal->total = found.bytes;
  journal->header.number = found.newest;
  journal->header.journal = journal_of(journal, found);
  while (journal->header.journal == 0) random_bytes(&journal->header.journal, 4);
  read_boot(journal->header.boot);
  return 1;
}

/* Null where `size` bytes can be written now, else why not. */
static const char* make_room(struct lintel_journal* journal, uint64_t size, char text[200]) {
  const time_t now = seconds();
  if (journal->fd < 0 && now < journal->next_try) return journal->why;
  journal->next_try = now + kAgainAfter;
  if (journal->lock < 0 && !open_directory(journal)) return words(text, "its folder cannot be used");
  const int next = journal->fd < 0 || journal->at + size > journal->options.segment_bytes;
  if (!next && journal->at + size <= journal->prepared) return NULL;
  const uint64_t more = next ? LINTEL_HEADER_SIZE + kAhead : kAhead;
  if (journal->total + more > journal->options.limit_bytes && !drop_confirmed(journal, more))
    return "it is full, and the gateway has confirmed nothing more of it";
  if (next && !begin_segment(journal)) return words(text, "a file cannot be begun there");
  if (prepare(journal, size)) return NULL;
  return words(text, "it cannot be written");
}

static void tell_of_flush(struct lintel_journal* journal) {
  pthread_mutex_lock(&journal->mutex);
  const int error = journal->flush_error;
  journal->flush_error = 0;
  pthread_mutex_unlock(&journal->mutex);
  if (error == 0) return;
  say(journal, 1, "lintel: the journal %s cannot be flushed to its disk: %s; check the disk",
      journal->directory, strerror(error));
}

int lintel_journal_append(struct lintel_journal* journal, const struct lintel_record* record,
                          struct lintel_place* place) {
  struct lintel_record_bytes bytes;
  char text[200];
  tell_of_flush(journal);
  lintel_encode_record(record, 0, &bytes);
  if (bytes.size > journal->options.segment_bytes / 2)
    return leave_out(journal, "it is larger than what counting sensors send");
  const char* why = make_room(journal, bytes.size + LINTEL_HEAD_SIZE + 300, text);
  if (why != NULL) return leave_out(journal, why);
  take_up_again(journal);
  lintel_encode_record(record, journal->header.nonce, &bytes);
  *place = (struct lintel_place){journal->header.journal, journal->header.number, (uint32_t)journal->at};
  if (journal->fd < 0 || !write_record(journal, &bytes))
    return leave_out(journal, words(text, "it cannot be written"));
  return 1;
}

/* --- flushing -------------------------------------------------------------------------------------- */

static void wait_a_little(struct lintel_journal* journal) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += (long)(journal->options.sync_ms % 1000) * 1000000;
  until.tv_sec += journal->options.sync_ms / 1000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  while (!journal->stopping &&
         pthread_cond_timedwait(&journal->changed, &journal->mutex, &until) != ETIMEDOUT) {
  }
}

static int flush_folder(const char* path) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = fsync(fd) != 0 ? errno : 0;
  close(fd);
  return error;
}

/* With the mutex held, which it gives up meanwhile. Only this thread closes segments. */
static void flush(struct lintel_journal* journal) {
  int fds[kMostRetired];
  const int count = journal->retired_count, live = journal->live, folder = journal->new_segment;
  memcpy(fds, journal->retired, sizeof fds);
  journal->retired_count = journal->dirty = journal->new_segment = 0;
  pthread_mutex_unlock(&journal->mutex);
  int error = folder ? flush_folder(journal->directory) : 0;
  for (int i = 0; i < count; ++i) {
    if (fdatasync(fds[i]) != 0) error = errno;
    close(fds[i]);
  }
  if (live >= 0 && fdatasync(live) != 0) error = errno;
  pthread_mutex_lock(&journal->mutex);
  if (error != 0) journal->flush_error = error;
}

static void* run(void* context) {
  struct lintel_journal* journal = context;
  pthread_mutex_lock(&journal->mutex);
  while (!journal->stopping || journal->dirty) {
    while (!journal->stopping && !journal->dirty) pthread_cond_wait(&journal->changed, &journal->mutex);
    wait_a_little(journal);
    if (journal->dirty) flush(journal);
  }
  pthread_mutex_unlock(&journal->mutex);
  return NULL;
}

/* --- opening and closing --------------------------------------------------------------------------- */

static int start(struct lintel_journal* journal) {
  pthread_condattr_t clock;
  sigset_t all, before;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_mutex_init(&journal->mutex, NULL);
  pthread_cond_init(&journal->changed, &clock);
  pthread_condattr_destroy(&clock);
  sigfillset(&all); /* the broker's signals are the broker's */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int failed = pthread_create(&journal->thread, NULL, run, journal);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failed == 0;
}

struct lintel_journal* lintel_journal_open(const struct lintel_journal_options* options) {
  struct lintel_journal* journal = calloc(1, sizeof *journal);
  if (journal == NULL) return NULL;
  journal->options = *options;
  journal->directory = strdup(options->directory);
  journal->confirmed = strdup(options->confirmed);
  journal->lock = journal->fd = journal->live = -1;
  if (journal->directory == NULL || journal->confirmed == NULL || !start(journal)) {
    free(journal->directory);
    free(journal->confirmed);
    free(journal);
    return NULL;
  }
  char text[200];
  const char* why = make_room(journal, LINTEL_HEAD_SIZE, text);
  if (why != NULL) {
    snprintf(journal->why, sizeof journal->why, "%s", why);
    say(journal, 1, "lintel: the journal %s cannot take messages yet: %s", journal->directory, why);
  }
  return journal;
}

void lintel_journal_close(struct lintel_journal* journal) {
  if (journal->fd >= 0 && ftruncate(journal->fd, (off_t)journal->at) != 0) {
    /* The zeros stay. */
  }
  pthread_mutex_lock(&journal->mutex);
  journal->stopping = journal->dirty = 1;
  pthread_cond_signal(&journal->changed);
  pthread_mutex_unlock(&journal->mutex);
  pthread_join(journal->thread, NULL);
  if (journal->fd >= 0) close(journal->fd);
  if (journal->lock >= 0) close(journal->lock);
  pthread_mutex_destroy(&journal->mutex);
  pthread_cond_destroy(&journal->changed);
  free(journal->directory);
  free(journal->confirmed);
  free(journal);
}
