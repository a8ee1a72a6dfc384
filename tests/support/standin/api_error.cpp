#include "tests/support/standin/api_error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

namespace lintel::standin {
namespace {

using Json = nlohmann::json;

struct Mapping {
  std::string_view prefix;  ///< of the SQLSTATE; the first that fits decides
  int status;
};

constexpr std::array kMappings{
    Mapping{"08", 503},    Mapping{"09", 500},    Mapping{"0L", 403},    Mapping{"0P", 403},
    Mapping{"21000", 500}, Mapping{"23503", 409}, Mapping{"23505", 409}, Mapping{"25006", 405},
    Mapping{"25", 500},    Mapping{"28", 403},    Mapping{"2D", 500},    Mapping{"38", 500},
    Mapping{"39", 500},    Mapping{"3B", 500},    Mapping{"40", 500},    Mapping{"53400", 500},
    Mapping{"53", 503},    Mapping{"54", 500},    Mapping{"55", 500},    Mapping{"57P01", 503},
    Mapping{"57", 500},    Mapping{"58", 500},    Mapping{"F0", 500},    Mapping{"HV", 500},
    Mapping{"P0001", 400}, Mapping{"P0", 500},    Mapping{"XX", 500},    Mapping{"42883", 404},
    Mapping{"42P01", 404}, Mapping{"42P17", 500},
};

bool unknown_role(const SqlError& error) {
  return error.sqlstate == "22023" && error.message.starts_with("role") &&
         error.message.ends_with("does not exist");
}

int status_of(const SqlError& error, bool authenticated) {
  if (error.sqlstate == "42501") return authenticated ? 403 : 401;
  if (unknown_role(error)) return 401;
  const auto found = std::find_if(kMappings.begin(), kMappings.end(), [&](const Mapping& mapping) {
    return error.sqlstate.starts_with(mapping.prefix);
  });
  return found == kMappings.end() ? 400 : found->status;
}

/// `PTxyz` names the status itself; anything but three digits is a 500.
int status_of_pt(const std::string& sqlstate) {
  const std::string digits = sqlstate.substr(2);
  const bool number = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const int status = number ? std::stoi(digits) : 500;
  return status >= 100 && status <= 599 ? status : 500;
}

std::optional<std::string> text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

ApiError unreadable_raise(std::string details, std::string hint) {
  return {500, "PGRST121", "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error", std::move(details),
          std::move(hint)};
}

/// `raise sqlstate 'PGRST'`: the message is the error object, the detail says status and headers.
ApiError raised_response(const SqlError& error) {
  const Json message = Json::parse(error.message, nullptr, false);
  if (!message.is_object() || !text_member(message, "code") || !text_member(message, "message"))
    return unreadable_raise("Invalid JSON value for MESSAGE: '" + error.message + "'",
                            "MESSAGE must be a JSON object with the keys 'code' and 'message'.");
  if (!error.detail) return unreadable_raise("DETAIL is missing in the RAISE statement", "Add a DETAIL.");
  const Json detail = Json::parse(*error.detail, nullptr, false);
  const bool usable = detail.is_object() && detail.contains("status") &&
                      detail["status"].is_number_integer() && detail.contains("headers") &&
                      detail["headers"].is_object();
  if (!usable)
    return unreadable_raise("Invalid JSON value for DETAIL: '" + *error.detail + "'",
                            "DETAIL must be a JSON object with the keys 'status' and 'headers'.");
  ApiError answer{detail["status"].get<int>(), *text_member(message, "code"),
                  *text_member(message, "message"), text_member(message, "details"),
                  text_member(message, "hint")};
  for (const auto& [name, value] : detail["headers"].items())
    answer.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  answer.reason = text_member(detail, "status_text").value_or("");
  return answer;
}

ApiError connection_trouble(const SqlError& error) {
  switch (error.origin) {
    case SqlError::Origin::pool:
      return {504, "PGRST003", "Timed out acquiring connection from connection pool."};
    case SqlError::Origin::connect:
      return {503, "PGRST000", "Database connection error. Retrying the connection.", error.message};
    default: return {503, "PGRST001", "Database client error. Retrying the connection.", error.message};
  }
}

}  // namespace

std::string to_json(const ApiError& error) {
  const auto or_null = [](const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
  };
  return Json{{"code", error.code},
              {"details", or_null(error.details)},
              {"hint", or_null(error.hint)},
              {"message", error.message}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

ApiError to_api_error(const SqlError& error, bool authenticated) {
  if (error.origin != SqlError::Origin::statement) return connection_trouble(error);
  if (error.sqlstate == "PGRST") return raised_response(error);
  ApiError answer{status_of(error, authenticated), error.sqlstate, error.message, error.detail, error.hint};
  if (error.sqlstate.starts_with("PT")) {
    answer.status = status_of_pt(error.sqlstate);
    answer.reason = error.message;
  }
  if (answer.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

ApiError no_schema_cache() {
  return {503, "PGRST002", "Could not query the database for the schema cache. Retrying."};
}

ApiError refused_token(std::string code, std::string message, std::optional<std::string> details) {
  std::string challenge = "Bearer error=\"invalid_token\", error_description=\"" + message + '"';
  return {401,
          std::move(code),
          std::move(message),
          std::move(details),
          std::nullopt,
          {{"WWW-Authenticate", std::move(challenge)}}};
}

}  // namespace lintel::standin
