#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "gateway/enrol/identity_file.hpp"
#include "gateway/enrol/steps.hpp"
#include "gateway/sync/http.hpp"
#include "gateway/sync/verdict.hpp"

namespace lintel::enrol {

/// What a question to HQ needs of the world.
struct World {
  std::string url;      ///< HQ's base address
  std::string api_key;  ///< Supabase's `apikey` header, if any
  std::function<sync::Exchange(const std::string& url, const std::vector<std::string>& headers,
                               const std::string& body)>
      post;
  std::function<Result<std::string>()> secret;  ///< 64 digits that nobody has seen
  std::function<Moment()> now;
};

/// The way over the network, on a connection of its own; made by one thread and used by one. `stop` ends a
/// request within a second and has to outlive it.
[[nodiscard]] decltype(World::post) over_http(sync::HttpOptions options, const std::atomic<bool>& stop);

struct Asked {
  Outcome outcome = Outcome::unclear;
  sync::Verdict why{};  ///< unless it was granted: for people, without secrets
};

/// Asks HQ once for what is needed, from disk to disk: what is sent is in the file before, what came back is
/// in it when this returns (if the disk refuses that, the same question may be asked again: nothing is lost).
/// The caller holds the file's lock and has read `identity` under it.
[[nodiscard]] Asked ask(const IdentityFile& file, Identity& identity, Need need, const World& world);

/// A disk or file that stands in the way, as sync tells it.
[[nodiscard]] sync::Verdict local_trouble(const Error& error);

}  // namespace lintel::enrol
