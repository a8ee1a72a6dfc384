#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/doctor/doctor.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/look.hpp"
#include "gateway/sync/verdict.hpp"

namespace lintel::doctor {

/// What several checks need, found out when the first of them asks. Used by one thread.
class Examination {
 public:
  Examination(const config::Config& config, const Patience& patience)
      : config_(config), patience_(patience) {}

  [[nodiscard]] const config::Config& config() const { return config_; }
  [[nodiscard]] const Patience& patience() const { return patience_; }

  /// What the running daemon says (status/facts.hpp). Errors as of status::ask: `misconfigured` nobody runs,
  /// `transient` it hangs, `rejected` it may not be asked.
  const Result<nlohmann::json>& facts();
  [[nodiscard]] bool running() { return facts().has_value(); }
  /// "the gateway hangs": why the daemon cannot be asked; empty: it answers.
  std::string why_no_daemon();

  /// The database, to be read; an error where there is none.
  Result<store::Database>& database();
  /// Everything `lintel status` knows; an error where the database cannot be read.
  const Result<nlohmann::json>& snapshot();

  /// The time, by the gateway's own clock where it runs and knows it, else the machine's.
  UtcMs now();

  /// How HQ is spoken to. Certificates have to be valid at now().
  [[nodiscard]] sync::HttpOptions http_options();
  /// How far a connection to HQ gets. There has to be a URL.
  const sync::Look& hq();
  /// Why HQ need not be asked anything: "no [hq] url is set ...", "its name is not known"; empty: it may.
  std::string why_no_hq();
  /// Asks HQ for a sync that says nothing, with a token or, where it is empty, without: HQ answers and
  /// changes nothing. There has to be a connection.
  sync::Exchange ask_hq(const std::string& token);
  /// Whether the answer without a token was one of PostgREST with Lintel's schema; asked once.
  const std::optional<sync::Verdict>& hq_trouble();

 private:
  const config::Config& config_;
  const Patience patience_;
  std::optional<Result<nlohmann::json>> facts_;
  std::optional<Result<store::Database>> database_;
  std::optional<Result<nlohmann::json>> snapshot_;
  std::optional<sync::Look> hq_;
  std::optional<std::optional<sync::Verdict>> hq_trouble_;
};

// The checks, each in the file of its kind. They tell at least one thing.
void check_disk(Examination& it, const Tell& tell);               // files.cpp
void check_spool(Examination& it, const Tell& tell);              // files.cpp
void check_database(Examination& it, const Tell& tell);           // database.cpp
void check_clock(Examination& it, const Tell& tell);              // clock.cpp
void check_configuration(const Case& patient, const Tell& tell);  // configuration.cpp
void check_daemon(Examination& it, const Tell& tell);             // daemon.cpp
void check_sensors(Examination& it, const Tell& tell);            // daemon.cpp
void check_sync(Examination& it, const Tell& tell);               // daemon.cpp
void check_brokers(Examination& it, const Tell& tell);            // broker.cpp
void check_journals(Examination& it, const Tell& tell);           // journal.cpp
void check_ports(Examination& it, const Tell& tell);              // ports.cpp
void check_dns(Examination& it, const Tell& tell);                // hq.cpp
void check_tls(Examination& it, const Tell& tell);                // hq.cpp
void check_hq(Examination& it, const Tell& tell);                 // hq.cpp
void check_credential(Examination& it, const Tell& tell);         // hq.cpp

/// "12.3 GB", "4.0 MB".
std::string in_bytes(std::uint64_t bytes);

}  // namespace lintel::doctor
