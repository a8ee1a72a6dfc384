#include "gateway/cli/enrolled.hpp"

#include <ostream>

#include <fmt/format.h>

#include "gateway/config/values.hpp"
#include "gateway/enrol/identity_file.hpp"

namespace lintel::cli {

namespace {

constexpr int kMinutesOfDay = 1440;

void take_store(const enrol::StoreNamed& store, config::Config& config, std::ostream& err) {
  const auto stated = [&](const char* key) { return config.origins.contains(key); };
  if (config.store_id.empty()) config.store_id = store.id;
  if (config.store_id != store.id) {
    err << fmt::format(
        "warning: {}: [store] id is {}, but this card is enrolled for {} (\"{}\"): take the line away\n",
        config.origins.at("store.id"), config.store_id, store.id, store.name);
  }
  // What this machine cannot use must not keep it from counting; HQ's configuration says it again.
  if (!stated("store.name") && config::some_text(store.name)) config.store_name = store.name;
  const bool day_is_sane = store.day_start_minute >= 0 && store.day_start_minute < kMinutesOfDay;
  if (stated("store.timezone") || stated("store.day_start") || !day_is_sane ||
      !config::timezone(store.timezone))
    return;
  config.timezone = store.timezone;
  config.day_start_minute = store.day_start_minute;
}

}  // namespace

std::filesystem::path enrolment_token_file(const config::Config& config) {
  return config.file.empty() ? std::filesystem::path() : config.file.parent_path() / "enrolment_token";
}

void complete_from_identity(config::Config& config, std::ostream& err) {
  if (!config.hq_credential_file.empty()) return;
  const auto identity = enrol::IdentityFile(config.state_dir).read();
  if (!identity) {
    err << "warning: " << identity.error().message << '\n';
    return;
  }
  if (config.hq_url.empty()) config.hq_url = identity->url;
  if (identity->card) take_store(identity->card->store, config, err);
}

}  // namespace lintel::cli
