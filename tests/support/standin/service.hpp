#pragma once

#include <string>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "tests/support/standin/api_error.hpp"
#include "tests/support/standin/database.hpp"
#include "tests/support/standin/jwt.hpp"
#include "tests/support/standin/schema_cache.hpp"
#include "tests/support/standin/transaction.hpp"

namespace lintel::standin {

using Request = boost::beast::http::request<boost::beast::http::string_body>;

struct Response {
  int status = 200;
  std::string reason = {};  ///< empty: the standard one
  Headers headers = {};
  std::string body = {};
};

/// Answers requests as PostgREST documents it: relations are read with GET and HEAD, functions are
/// called under /rpc/. Writing to relations, embedding and logic trees are not part of the stand-in and
/// are refused with an error that says so; the header Range is ignored. Any thread may call.
class Service {
 public:
  struct Settings {
    std::vector<std::string> schemas;  ///< exposed; the first is the default
    std::string anonymous_role;
    std::string pre_request;  ///< SQL name of a function, or empty
  };

  Service(Settings settings, KeyFile& keys, Pool& pool, const SchemaCache& cache);

  Response answer(const Request& request);

 private:
  struct Target;
  Answer<Response> respond(const Request& request);
  Answer<Session> authenticate(const Request& request) const;
  Answer<std::string> chosen_schema(const Request& request) const;
  Answer<Response> call(const Request& request, const Target& target);
  Answer<Response> read(const Request& request, const Target& target);
  static Response describe(const Target& target);

  const Settings settings_;
  KeyFile& keys_;
  Pool& pool_;
  const SchemaCache& cache_;
};

}  // namespace lintel::standin
