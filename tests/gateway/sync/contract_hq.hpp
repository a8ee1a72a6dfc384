#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include <nlohmann/json.hpp>

#include "gateway/store/sqlite.hpp"

namespace lintel::test {

/// HQ's half of schema/SYNC.md in memory: what a request says is taken literally, with none of our own
/// code, and kept by natural key. For tests of the gateway's half.
class ContractHq {
 public:
  /// Sensor's public id, is it a region, line or region, start, seq.
  using Key = std::tuple<std::string, bool, std::string, std::int64_t, std::int64_t>;
  struct Content {
    std::int64_t duration = 0;
    std::string in;  ///< "" is null
    std::string out;
    std::int64_t revision = 1;
    std::int64_t flags = 0;
    friend bool operator==(const Content&, const Content&) = default;
  };

  /// The answer to a request's body. Throws when the body breaks the contract; what only newer versions know
  /// than the one it speaks breaks it as well.
  std::string answer(const std::string& body);

  std::map<Key, Content> readings;
  std::set<std::int64_t> applied;
  std::map<std::string, std::int64_t> ids;  ///< public id -> compact id
  std::string history = "history-1";
  nlohmann::json configuration;               ///< null: none
  std::map<std::string, std::string> refuse;  ///< value of `in` -> code of its rejection
  std::int64_t next_id = 100;
  std::int64_t lowest = 1, highest = 2;  ///< versions of the contract it understands
  std::string schema = "1";
  nlohmann::json last_request;

  [[nodiscard]] std::int64_t watermark() const;

 private:
  nlohmann::json ranges() const;
  std::string refusal(std::int64_t speaks, std::int64_t accepts) const;
  nlohmann::json written_out(const nlohmann::json& all_series) const;
  void take_series(const nlohmann::json& series, std::size_t position, nlohmann::json& rejected);
  std::string sensor_of(const nlohmann::json& name) const;
};

/// What the local database holds, in the same form: both must be equal at the end.
std::map<ContractHq::Key, ContractHq::Content> local_readings(store::Database& db);

}  // namespace lintel::test
