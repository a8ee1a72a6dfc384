# Small disks and names of hosts that nobody but the test sees.
add_library(support_own_mounts STATIC own_mounts.cpp)
target_link_libraries(support_own_mounts PUBLIC lintel_options)
lintel_precompiled(support_own_mounts library)
