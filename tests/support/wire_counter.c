/* The example firmware on this machine: its UART is a tty, its lasting memory a file, its door standard input.
 *   wire_counter TTY MEMORY_FILE      each line "in" or "out" is a person; prints "counted" when one has passed */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "firmware-bridge/wire/example/light_barrier.h"

#include "firmware-bridge/wire/example/board.h"
#include "firmware-bridge/wire/lintel_wire.h"

struct lasting {
  uint32_t run;
  struct lw_memory memory;
};

static int uart;
static struct lasting* lasting;
static const char* steps = ""; /* of the person in the door: which barriers are dark */

uint32_t board_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}
uint8_t board_barriers(void) {
  static uint8_t dark;
  if (*steps) dark = (uint8_t)(*steps++ - '0');
  return dark;
}
int board_read(void) {
  uint8_t byte;
  return read(uart, &byte, 1) == 1 ? byte : -1;
}
void board_write(const uint8_t* bytes, size_t n) {
  if (write(uart, bytes, n) < 0) return; /* a full line loses it; the record is sent again */
}
uint32_t board_new_run(void) {
  return ++lasting->run;
}
struct lw_memory* board_memory(void) {
  return &lasting->memory;
}

static void take_people(void) {
  static char line[16];
  static size_t n;
  char c;
  while (*steps == '\0' && read(STDIN_FILENO, &c, 1) == 1) {
    if (c != '\n' && n + 1 < sizeof line) {
      line[n++] = c;
      continue;
    }
    line[n] = '\0';
    n = 0;
    steps = strcmp(line, "in") == 0 ? "1320" : strcmp(line, "out") == 0 ? "2310" : "";
  }
}

static int open_board(const char* tty, const char* file) {
  struct termios raw;
  const int memory = open(file, O_RDWR | O_CREAT, 0600);
  if (memory < 0 || ftruncate(memory, sizeof *lasting) != 0) return 0;
  lasting = (struct lasting*)mmap(NULL, sizeof *lasting, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  uart = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (lasting == MAP_FAILED || uart < 0 || tcgetattr(uart, &raw) != 0) return 0;
  cfmakeraw(&raw);
  return tcsetattr(uart, TCSANOW, &raw) == 0 && fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == 0;
}

int main(int argc, char** argv) {
  const struct timespec moment = {0, 200000};
  if (argc != 3 || !open_board(argv[1], argv[2])) {
    perror("usage: wire_counter TTY MEMORY_FILE");
    return 2;
  }
  setup();
  for (;;) {
    const int inside = *steps != '\0';
    loop();
    if (inside && *steps == '\0') {
      puts("counted");
      fflush(stdout);
    }
    if (*steps == '\0') take_people();
    nanosleep(&moment, NULL);
  }
}
