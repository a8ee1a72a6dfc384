# Raspberry Pi 3, 4, 5, Zero 2 W with a 64-bit system, virtual machines: from Debian's compilers and multiarch libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(LINTEL_TRIPLET aarch64-linux-gnu)
set(LINTEL_QEMU qemu-aarch64-static)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
