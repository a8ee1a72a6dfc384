# A Modbus bus of pseudo terminals, and a device on it.
add_library(support_serial_bus STATIC serial_bus.cpp)
target_link_libraries(support_serial_bus PUBLIC lintel_options Threads::Threads)
lintel_precompiled(support_serial_bus library)

add_executable(modbus_slave modbus_slave.cpp)
target_link_libraries(modbus_slave PRIVATE lintel_options ${MODBUS})
