# Headquarters as a gateway meets it: PostgreSQL with the central schema behind the stand-in.
add_library(support_real_hq STATIC real_hq.cpp)
target_link_libraries(support_real_hq PUBLIC support_postgres)
lintel_precompiled(support_real_hq library)
target_compile_definitions(support_real_hq PRIVATE LINTEL_STANDIN="$<TARGET_FILE:postgrest_standin>")
add_dependencies(support_real_hq postgrest_standin)
