#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "firmware-bridge/core/time.hpp"
#include "gateway/sync/confirmation.hpp"
#include "gateway/sync/contract.hpp"
#include "gateway/sync/http.hpp"

namespace lintel::sync {

class Credentials;

/// How long sync waits for what. The defaults are those of the contract.
struct Timing {
  Millis interval{60'000};  ///< between two requests while there is no backlog
  Millis backoff_base{1'000};
  Millis backoff_cap{300'000};
  Millis slow_retry{300'000};       ///< where only a change at HQ helps
  Millis people_retry{86'400'000};  ///< where HQ will not have this gateway
  Millis longest_wait{3'600'000};   ///< of what HQ may ask for (Retry-After, pace_ms)
  Millis store_timeout{180'000};  ///< for the writer to keep an answer; more than its longest commit interval
  Millis liveness_every{900'000};    ///< full liveness and health while readings flow
  Millis counters_every{3'600'000};  ///< totals that HQ could reckon itself
};

struct Options {
  std::string url;      ///< base URL; empty: sync is off
  std::string api_key;  ///< Supabase's `apikey` header, if any
  std::filesystem::path credential_file;
  std::filesystem::path database;  ///< the local database, written by somebody else
  std::string version = LINTEL_VERSION;
  HttpOptions http;
  Timing timing;
  Versions contract = kContract;  ///< of the sync contract
};

/// What sync needs of the world. `post` and `log` are called on the sync thread.
struct Surroundings {
  std::function<void(Confirmation)> post;  ///< hands to the writer; must not wait for its commit
  std::function<UtcMs()> utc;              ///< wall time as the gateway believes it
  std::function<std::chrono::steady_clock::time_point()> steady;  ///< default: the machine's
  std::function<double()> random;               ///< uniform in [0, 1); default: a generator of its own
  std::function<void(const std::string&)> log;  ///< one line when trouble begins, changes or ends; optional
  std::function<void(const std::string&)> damaged{};  ///< the local database contradicts itself; optional
  Credentials* credentials = nullptr;                 ///< outlives sync; null: Options::credential_file
};

}  // namespace lintel::sync
