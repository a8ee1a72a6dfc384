# Certificates that a test makes for itself.
find_package(OpenSSL REQUIRED)
add_library(support_authority STATIC authority.cpp)
target_link_libraries(support_authority PUBLIC lintel_options lintel_core OpenSSL::SSL OpenSSL::Crypto)
lintel_precompiled(support_authority library)
