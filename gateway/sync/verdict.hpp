#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/sync/http.hpp"
#include "gateway/sync/response.hpp"

namespace lintel::sync {

/// What to do after an attempt, by the table of schema/SYNC.md.
enum class Course {
  confirmed,  ///< HQ answered with the contract
  back_off,   ///< full jitter
  halve,      ///< a smaller request, after a back-off
  renew,      ///< read the credential again; back off if it is the same
  slow,       ///< only a change at HQ (or of the configuration) can help: try now and then
  people,     ///< HQ will not have this gateway: only a person can help, try once a day
  stopped,    ///< we gave up ourselves
};

/// A stable word for scripts and translations.
enum class Trouble {
  none,
  stopped,
  unreachable,  ///< no name, no connection, time-out, cut
  tls,
  wrong_address,  ///< something else than PostgREST answers
  captive_portal,
  not_contract,     ///< PostgREST, but not what schema/SYNC.md says
  refused_request,  ///< HQ did not understand the request
  credential,
  permission,
  schema_older,  ///< the function is not there
  version,       ///< no version of the contract in common
  overloaded,    ///< 429, 503, 504, statement time-out
  hq_error,
  local,     ///< this machine: database, CA file, credential file
  identity,  ///< HQ knows more of this file than the file itself
};

[[nodiscard]] const char* to_string(Trouble trouble);

struct Verdict {
  Course course = Course::back_off;
  Trouble trouble = Trouble::none;
  std::string message;  ///< what happened, to which address
  std::string advice;   ///< what to try
  std::optional<std::chrono::seconds> retry_after;
  std::optional<Answer> answer;  ///< only with `confirmed`
};

/// Judges an exchange. `url` as shown to people (shown_url); `secrets` are blotted out of anything that
/// the other side or a library said. Pure.
[[nodiscard]] Verdict judge(const Exchange& exchange, const std::string& url,
                            const std::vector<std::string>& secrets, const Versions& ours = kContract);

/// The same of any of HQ's functions, but for a 200 that is no web page: nothing, what it says is the
/// caller's to judge.
[[nodiscard]] std::optional<Verdict> judge_transport(const Exchange& exchange, const std::string& url,
                                                     const std::vector<std::string>& secrets);

}  // namespace lintel::sync
