# HTTP from both ends: a client by libcurl, and a small device that serves what a test's script says.
add_library(support_http STATIC http_client.cpp http_device.cpp)
target_link_libraries(support_http PUBLIC lintel_options Boost::headers OpenSSL::SSL OpenSSL::Crypto CURL::libcurl
  Threads::Threads)
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/http_device.cpp
  PROPERTIES COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-Wno-null-dereference>")
