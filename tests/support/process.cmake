# Fixtures that tests share: processes, brokers, temporary directories.
add_library(lintel_test_support STATIC process.cpp mosquitto.cpp)
target_link_libraries(lintel_test_support PUBLIC lintel_options Threads::Threads)
lintel_precompiled(lintel_test_support library)
