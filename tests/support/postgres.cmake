pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
add_library(support_postgres STATIC postgres.cpp)
target_link_libraries(support_postgres PUBLIC lintel_test_support fmt::fmt PRIVATE PkgConfig::LIBPQ)
target_compile_definitions(support_postgres PRIVATE LINTEL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
