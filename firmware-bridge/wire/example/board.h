/* What the example asks of a board. Implement these six for yours. */
#ifndef LINTEL_EXAMPLE_BOARD_H
#define LINTEL_EXAMPLE_BOARD_H

#include <stddef.h>
#include <stdint.h>

struct lw_memory;

uint32_t board_now(void);                  /* milliseconds since the start; may wrap */
uint8_t board_barriers(void);              /* bit 0: the outer light barrier is dark, bit 1: the inner one */
int board_read(void);                      /* the next byte from the gateway, -1: none */
void board_write(const uint8_t* bytes, size_t n);
uint32_t board_new_run(void);              /* never the same twice: count in EEPROM, and return the new value */
struct lw_memory* board_memory(void);      /* room for the records, best in memory that survives a reset */

#endif
