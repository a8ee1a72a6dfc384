# A stand-in for PostgREST: tests and the demo run it, no product part links it.
find_package(PostgreSQL REQUIRED)
find_package(OpenSSL REQUIRED)

add_executable(postgrest_standin standin/main.cpp standin/api_error.cpp standin/call.cpp
  standin/database.cpp standin/faults.cpp standin/jwt.cpp standin/read_query.cpp
  standin/schema_cache.cpp standin/server.cpp standin/service.cpp standin/transaction.cpp)
target_link_libraries(postgrest_standin PRIVATE lintel_options PostgreSQL::PostgreSQL OpenSSL::Crypto
  nlohmann_json::nlohmann_json Boost::program_options Threads::Threads)
lintel_precompiled(postgrest_standin library)
lintel_asio(postgrest_standin)
