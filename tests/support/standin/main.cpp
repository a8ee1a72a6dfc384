// A stand-in for PostgREST, for tests and the demo, not for production. PostgREST is not among Debian's
// packages; this speaks the part of its documented HTTP interface that Lintel uses, over libpq.

#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include <boost/program_options.hpp>

#include "tests/support/standin/server.hpp"

namespace {

namespace options = boost::program_options;
using namespace lintel::standin;

constexpr const char* kBanner =
    "postgrest_standin: a stand-in for PostgREST for tests and the demo, not for production";

options::options_description description() {
  options::options_description all("Options");
  all.add_options()("help", "this text")                                                                 //
      ("db", options::value<std::string>()->required(), "libpq connection string of the authenticator")  //
      ("listen", options::value<std::string>()->default_value("127.0.0.1:3000"),
       "ADDRESS:PORT; port 0 takes a free one, which is printed")                                          //
      ("schema", options::value<std::string>()->default_value("api"), "exposed schemas, comma separated")  //
      ("jwt-secret-file", options::value<std::string>()->required(),
       "file with the HS256 secret, 32 characters or more, or a JWK set; read anew when it changes")  //
      ("anon-role", options::value<std::string>()->default_value("anon"),
       "role of requests without a token")                                                      //
      ("pool", options::value<std::size_t>()->default_value(10), "database connections")        //
      ("pool-timeout", options::value<double>()->default_value(10), "seconds to wait for one")  //
      ("db-channel-enabled", options::value<bool>()->default_value(true),
       "whether to listen for notify pgrst")  //
      ("pre-request", options::value<std::string>()->default_value(""),
       "schema.function called before each request")  //
      ("fault-file", options::value<std::string>()->default_value(""),
       "TEST ONLY: misbehave as this file says, read for every request; lines: delay-ms N, "
       "status CODE [RETRY-AFTER], html, cut-after-bytes N, drop-after-commit; `once` before a line uses it "
       "up");
  return all;
}

std::vector<std::string> split_names(const std::string& list) {
  std::vector<std::string> names(1);
  for (const char c : list) {
    if (c == ',')
      names.emplace_back();
    else if (c != ' ')
      names.back() += c;
  }
  return names;
}

/// `schema.function` with both parts quoted.
std::string quoted_function(const std::string& name) {
  const auto dot = name.find('.');
  if (name.empty()) return "";
  if (dot == std::string::npos) return quote_identifier(name);
  return quote_identifier(name.substr(0, dot)) + "." + quote_identifier(name.substr(dot + 1));
}

void serve(const options::variables_map& given) {
  const auto text = [&](const char* name) { return given[name].as<std::string>(); };
  const std::chrono::duration<double> timeout(given["pool-timeout"].as<double>());
  Pool pool(text("db"), given["pool"].as<std::size_t>(),
            std::chrono::duration_cast<std::chrono::milliseconds>(timeout));
  const auto schemas = split_names(text("schema"));
  SchemaCache cache(text("db"), schemas, given["db-channel-enabled"].as<bool>());
  KeyFile keys(text("jwt-secret-file"));
  Service service({schemas, text("anon-role"), quoted_function(text("pre-request"))}, keys, pool, cache);
  FaultFile faults(text("fault-file"));
  Server server(text("listen"), service, faults);
  cache.wait_for_first_attempt();
  std::cout << "listening on " << server.url() << std::endl;
  server.run([&pool] { pool.cancel_all(); });
}

}  // namespace

int main(int argc, char** argv) {
  std::cout << kBanner << std::endl;
  try {
    const auto all = description();
    options::variables_map given;
    options::store(options::parse_command_line(argc, argv, all), given);
    if (given.contains("help")) {
      std::cout << all;
      return EXIT_SUCCESS;
    }
    options::notify(given);
    serve(given);
    return EXIT_SUCCESS;
  } catch (const options::error& error) {
    std::cerr << "postgrest_standin: " << error.what() << "; try --help\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "postgrest_standin: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
