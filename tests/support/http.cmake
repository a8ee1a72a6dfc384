# HTTP from both ends: a client by libcurl, and a small device that serves what a test's script says.
add_library(support_http STATIC http_client.cpp http_device.cpp)
target_link_libraries(support_http PUBLIC lintel_options Boost::headers OpenSSL::SSL OpenSSL::Crypto CURL::libcurl
  Threads::Threads)
lintel_precompiled(support_http library)
lintel_asio(support_http)
