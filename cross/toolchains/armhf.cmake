# ARMv7 with a 32-bit system: Raspberry Pi 2 and later, BeagleBone. Not the first Raspberry Pi and the first Zero (ARMv6).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(LINTEL_TRIPLET arm-linux-gnueabihf)
set(LINTEL_QEMU qemu-arm-static)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE armhf)
# Files of more than 2 GB, as a database may be. No note on what GCC 7.1 changed, at every second call.
set(CMAKE_C_FLAGS_INIT -D_FILE_OFFSET_BITS=64)
set(CMAKE_CXX_FLAGS_INIT "-D_FILE_OFFSET_BITS=64 -Wno-psabi")
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
