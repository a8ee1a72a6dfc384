// What the daemon has to do with the card's identity: keeping it, and telling of it.
#include "gateway/app/daemon.hpp"
#include "gateway/app/log.hpp"
#include "gateway/cli/enrolled.hpp"
#include "gateway/enrol/secret.hpp"

namespace lintel::app {

std::unique_ptr<enrol::CardKeeper> Daemon::keep_card() {
  if (!config_.hq_credential_file.empty()) return nullptr;
  const auto options = sync_options();
  const auto boot = clock::boot_id();
  enrol::CardKeeper::Parts parts{
      enrol::IdentityFile(config_.state_dir),
      {config_.hq_url, config_.hq_api_key, enrol::over_http(options.http, card_stop_), enrol::new_secret,
       [boot] {
         return enrol::Moment{boot, clock::boot_now()};
       }},
      cli::enrolment_token_file(config_),
      options.timing,
      sync::own_random(),
      [](const std::string& text) { log(text); }};
  return std::make_unique<enrol::CardKeeper>(std::move(parts));
}

status::Facts::Hq Daemon::hq_facts() const {
  const auto hq = sync_.status();
  status::Facts::Hq facts{!config_.hq_url.empty(),
                          sync::to_string(hq.state),
                          hq.error,
                          hq.advice,
                          hq.next_try,
                          hq.live > hq.watermark,
                          hq.bytes_sent,
                          hq.bytes_received,
                          sync::to_string(hq.trouble),
                          hq.contract_note,
                          {}};
  if (!card_) return facts;
  const auto card = card_->status();
  const auto wall = [&](const std::optional<BootTime>& at) -> std::optional<UtcMs> {
    const auto time = now();
    if (!time || !at) return std::nullopt;
    return *time + std::chrono::floor<Millis>(*at - clock::boot_now());
  };
  facts.card = {card.enrolled,          card.pending,          card.gateway, card.store,
                wall(card.token_until), wall(card.renewal_at), card.trouble, card.advice};
  return facts;
}

}  // namespace lintel::app
