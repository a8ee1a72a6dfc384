add_library(support_virtual_store STATIC ledger.cpp virtual_store.cpp virtual_store_payloads.cpp
  virtual_store_people.cpp virtual_store_publisher.cpp virtual_store_pty.cpp)
target_link_libraries(support_virtual_store PUBLIC lintel_core fmt::fmt nlohmann_json::nlohmann_json
  ${PAHO_MQTT_CPP} ${PAHO_MQTT_C} Threads::Threads)
lintel_precompiled(support_virtual_store library)

add_executable(virtual_store virtual_store_main.cpp)
target_link_libraries(virtual_store PRIVATE support_virtual_store Boost::program_options)
lintel_precompiled(virtual_store library)
