#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "firmware-bridge/links/device_key.hpp"

namespace lintel::bridge::links {

/// Scheme, host and port of a URL: what a person calls the device.
std::string device_of(std::string_view url);
/// Path and query of a URL, at least "/".
std::string target_of(std::string_view url);

/// Sentences for the person who has to put it right. None of them holds user, secret or a query.
struct PollAttempt {
  std::string device;  ///< device_of()
  std::string path;    ///< without the query
  std::string link;
  std::string user;
  std::chrono::milliseconds timeout{};
  std::string detail;  ///< curl's words
};

std::string explain_curl(const PollAttempt& attempt, int curl_code);
std::string explain_status(const PollAttempt& attempt, long status, std::string_view location);
/// Why a device is not talked to whose key nobody has vouched for, and how to do that.
std::string explain_first_contact(const PollAttempt& attempt, const DeviceKey& key);

}  // namespace lintel::bridge::links
