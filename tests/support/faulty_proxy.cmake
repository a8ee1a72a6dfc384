# A proxy between gateway and HQ that does to their bytes what a test asks for.
find_package(OpenSSL REQUIRED)
add_library(support_faulty_proxy STATIC byte_stream.cpp faulty_proxy.cpp)
target_link_libraries(support_faulty_proxy PUBLIC lintel_options OpenSSL::SSL Threads::Threads)
lintel_precompiled(support_faulty_proxy library)
