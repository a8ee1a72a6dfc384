#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/app/discovery.hpp"
#include "gateway/app/heard.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/config/config.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// What people ask of the store: `discover`, `adopt`, `sensors-set`, `correct`, `quarantine-replay`,
/// `sync-verify`, `sync-retry`, `alerts-ack`, and walk tests (walks.hpp). In the
/// daemon on the writer thread inside its batch; in a command that found no daemon under the writer's lock.
/// Requests and answers are JSON objects, as they cross the control socket. Nothing is written when one
/// fails; what changed something is in the audit log, with `actor`.
class Administration {
 public:
  struct Parts {
    const config::Config& config;
    store::Store& store;
    Pipeline& pipeline;
    const bridge::decoders::Registry& registry;
    const Heard* heard = nullptr;  ///< null: no daemon is running
    /// Makes a link listen to one more topic; empty where the next start does.
    std::function<void(const std::string& link, const std::string& topic)> listen{};
  };

  /// What run() knows.
  static std::span<const std::string_view> verbs();

  explicit Administration(Parts parts) : parts_(std::move(parts)) {}

  Result<nlohmann::json> run(std::string_view verb, const nlohmann::json& request, UtcMs now);

 private:
  Result<nlohmann::json> carry_out(std::string_view verb, const nlohmann::json& request, UtcMs now);
  Result<nlohmann::json> discover();
  Result<nlohmann::json> adopt(const nlohmann::json& request, UtcMs now);
  Result<nlohmann::json> set(const nlohmann::json& request, UtcMs now);
  Result<nlohmann::json> correct(const nlohmann::json& request, UtcMs now);
  Result<nlohmann::json> verify_days(const nlohmann::json& request);
  Result<nlohmann::json> acknowledge(const nlohmann::json& request, UtcMs now);
  Result<nlohmann::json> replay(const nlohmann::json& request);
  Result<nlohmann::json> walk_test(std::string_view verb, const nlohmann::json& request, UtcMs now);

  /// How a device is to be taken into service.
  struct Plan {
    std::string serial;
    std::string name;
    std::string link;
    std::string decoder;
    std::string topic;  ///< empty: it is counted without a route of its own
  };
  Result<Plan> plan_adoption(const nlohmann::json& request);
  Result<void> check_link(const Plan& plan) const;
  Result<void> choose_decoder(const nlohmann::json& request, const Candidate* candidate, Plan& plan) const;
  [[nodiscard]] Error unknown_device(const std::string& serial, const std::vector<Candidate>& all) const;
  std::vector<std::string> lines_of(std::int64_t sensor);
  Result<store::Sensor*> find_sensor(const std::string& word);
  [[nodiscard]] const config::Sensor* file_of(std::string_view serial) const;
  void replay_one(const store::Quarantined& frame, const bridge::Decoder* with, Trial* trial, bool named,
                  nlohmann::json& answer);

  Parts parts_;
  std::optional<Trial> trial_;  ///< of a dry run that goes on over several requests
};

/// Applies `key=value` to settings and name, as `lintel sensors set` takes them; an empty value takes back
/// what was said here or by HQ. `change` gets old and new. `misconfigured` says what was expected.
Result<void> apply_setting(const std::string& word, const Mapping& mapping, store::SensorColumns& columns,
                           nlohmann::json& change);

}  // namespace lintel::app
