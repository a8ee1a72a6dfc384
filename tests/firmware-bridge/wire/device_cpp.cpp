// The same header as C++: firmware for Arduino is.
#include "tests/firmware-bridge/wire/device.c"  // NOLINT(bugprone-suspicious-include)
