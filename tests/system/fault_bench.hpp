#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/faulty_proxy.hpp"
#include "tests/support/own_mounts.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/system/store_bench.hpp"

namespace lintel::test {

/// A device that pushes, a gateway in a hurry (hurried_gateway.cpp), a proxy that speaks TLS and misbehaves,
/// and HQ: the real PostgreSQL. Nothing but the proxy is asked to do wrong, the rest is killed, filled and
/// set wrong as it happens outside. The device keeps what the gateway did not take and pushes it again.
class FaultBench {
  const bool mounts_ = own_mounts();  // before there is anybody who is to see them

 public:
  enum class Disks { small, as_they_are };
  explicit FaultBench(Disks disks = Disks::small);
  ~FaultBench();
  FaultBench(const FaultBench&) = delete;
  FaultBench& operator=(const FaultBench&) = delete;

  /// Whether small disks can be filled and names of hosts changed here.
  [[nodiscard]] bool mounts() const { return mounts_; }

  // The door.
  void pass(int windows);      ///< people pass in so many minutes more
  bool push();                 ///< the device delivers what it has; false: the gateway did not take it all
  [[nodiscard]] bool at_hq();  ///< all that passed is there, and nothing twice
  [[nodiscard]] std::string difference();  ///< of what passed and what HQ has
  [[nodiscard]] std::size_t passed() const { return passed_.size(); }
  [[nodiscard]] std::int64_t set_aside() const;

  // The gateway.
  void start_gateway();
  void kill_gateway();
  void wait_for_exchange();  ///< until the gateway turns to HQ again, if it gets through at all
  [[nodiscard]] Answer lintel(std::vector<std::string> words) const;  ///< `lintel WORDS...` at this gateway
  [[nodiscard]] nlohmann::json status() const;                        ///< as `lintel status --json` tells it
  /// What is wrong by it, in one word each, where it also says it to people; "storage" is its own disk.
  [[nodiscard]] std::vector<std::string> troubles() const;
  [[nodiscard]] std::string log() const;

  // What is wrong.
  enum class Certificate { good, expired, of_another, of_a_stranger };
  void present(Certificate certificate);
  void name_leads_to(const std::string& addresses);  ///< in this order
  void skew_hq_clock(const std::string& offset);     ///< "+2d": HQ's web server believes that
  void fair();                                       ///< nothing is wrong any more on the way to HQ

  RealHq hq;
  std::optional<SmallDisk>
      gateway_disk;                  ///< of all the gateway has; absent without mounts() or if not wanted
  std::optional<SmallDisk> hq_disk;  ///< of HQ's tables
  std::unique_ptr<FaultyProxy> proxy;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };
  using Context = std::unique_ptr<SSL_CTX, FreeContext>;
  [[nodiscard]] Context context(const Authority& authority, const std::string& name, int first_year,
                                int last_year);
  void configure();
  void move_tables();

  TempDir dir_;
  std::optional<MountedOver> hosts_;
  Authority ours_, strangers_;
  Context good_, expired_, of_another_, of_a_strangers_;
  std::string host_;
  int ingest_port_ = free_port();
  Process gateway_;
  bool skewed_ = false;
  std::deque<std::string> owed_;  ///< by the device: payloads
  std::vector<Row> passed_;
};

}  // namespace lintel::test
