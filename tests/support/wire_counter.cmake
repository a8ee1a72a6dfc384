# The example firmware as a program, for tests and demonstrations of the wire.
add_executable(wire_counter wire_counter.c ${CMAKE_SOURCE_DIR}/firmware-bridge/wire/example/light_barrier.c)
target_include_directories(wire_counter PRIVATE ${CMAKE_SOURCE_DIR})
set_target_properties(wire_counter PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON)
target_compile_options(wire_counter PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Werror)
