#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "gateway/enrol/ask.hpp"
#include "gateway/sync/credential.hpp"
#include "gateway/sync/options.hpp"
#include "gateway/sync/pacing.hpp"

namespace lintel::enrol {

/// What a status page says of the card. Never a secret.
struct Status {
  bool enrolled = false;
  bool pending = false;                 ///< an enrolment waits for HQ
  std::string gateway;                  ///< uuid
  std::string store;                    ///< name
  std::optional<BootTime> token_until;  ///< boot clock
  std::optional<BootTime> renewal_at;   ///< likewise; later ones only if this one fails
  std::string trouble;                  ///< why the token was not renewed, or what is odd; empty: all is well
  std::string advice;
};

/// Keeps this card enrolled and its token fresh, for the thread of sync: renewal well before the token ends,
/// after any time off, and at once when HQ refuses it. While a token is good, trouble with its renewal holds
/// nothing up. Everything but status() and stop() on one thread.
class CardKeeper : public sync::Credentials {
 public:
  struct Parts {
    IdentityFile file;
    World world;
    std::filesystem::path
        token_file;  ///< an enrolment token put there is used once and destroyed; may be empty
    sync::Timing timing;
    std::function<double()> random;
    std::function<void(const std::string&)> log;
  };

  explicit CardKeeper(Parts parts);

  [[nodiscard]] tl::expected<std::string, sync::Verdict> token() override;
  [[nodiscard]] bool refused(const std::string& token, bool denied) override;

  [[nodiscard]] Status status() const;

 private:
  using Token = tl::expected<std::string, sync::Verdict>;

  [[nodiscard]] Token obtain();
  [[nodiscard]] std::optional<sync::Verdict> reload();
  [[nodiscard]] std::optional<sync::Verdict> look_for_token();
  [[nodiscard]] bool wants_token_file() const;
  [[nodiscard]] Need due(const Moment& now) const;
  [[nodiscard]] bool good(const Moment& now) const;
  [[nodiscard]] Asked ask_once(Need wanted);
  void granted(bool enrolled_now, bool from_file);
  void failed(const sync::Verdict& why, const Moment& now);
  [[nodiscard]] Token in_hand(const Moment& now) const;
  void publish(const Token& token);
  void log(const std::string& line) const;

  const Parts parts_;
  Identity identity_;
  std::string mark_;        ///< of the file that identity_ is from
  bool looked_ = false;     ///< for the token file, since the start
  std::string distrusted_;  ///< a token that HQ refused
  std::optional<BootTime> denied_at_;
  BootTime retry_at_{};
  int failures_ = 0;
  std::string trouble_, advice_;

  mutable std::mutex mutex_;
  Status status_;  // guarded by mutex_
};

}  // namespace lintel::enrol
