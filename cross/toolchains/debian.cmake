# What every toolchain here has in common: Debian's cross compiler of LINTEL_TRIPLET, its libraries where multiarch
# puts them, and qemu for what has to run. Included, never used by itself.
set(CMAKE_C_COMPILER ${LINTEL_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${LINTEL_TRIPLET}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${LINTEL_TRIPLET})
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${LINTEL_TRIPLET}/pkgconfig:/usr/share/pkgconfig)
find_program(LINTEL_EMULATOR ${LINTEL_QEMU})
if(LINTEL_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${LINTEL_EMULATOR})
endif()
