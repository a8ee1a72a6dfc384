/* Call setup() once, then loop() for ever, at least a hundred times a second. */
#ifndef LINTEL_EXAMPLE_LIGHT_BARRIER_H
#define LINTEL_EXAMPLE_LIGHT_BARRIER_H

#define LW_LINES 1

void setup(void);
void loop(void);

#endif
