#include "gateway/enrol/card_keeper.hpp"

#include <fmt/format.h>

#include "gateway/enrol/secret.hpp"

namespace lintel::enrol {

namespace {

using namespace std::chrono_literals;

constexpr int kMostQuestions = 4;
constexpr auto kPatience = 1s;
/// A gateway that HQ denies asks why with a renewal, but not at every try.
constexpr BootTime kBetweenDenials = 15min;

sync::Verdict moved(const Identity& identity) {
  sync::Verdict out;
  out.course = sync::Course::slow;
  out.trouble = sync::Trouble::identity;
  out.message = fmt::format(
      "this card has been enrolled for another store (\"{}\"), and the database holds the counts of the one "
      "before",
      identity.card->store.name);
  out.advice =
      "restart the gateway (systemctl restart lintel): it puts the old database aside and begins anew";
  return out;
}

}  // namespace

CardKeeper::CardKeeper(Parts parts) : parts_(std::move(parts)) {
  (void)reload();
  publish(std::string());
}

Status CardKeeper::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

tl::expected<std::string, sync::Verdict> CardKeeper::token() {
  auto token = obtain();
  publish(token);
  return token;
}

std::optional<sync::Verdict> CardKeeper::reload() {
  auto mark = parts_.file.mark();
  if (mark == mark_) return std::nullopt;
  auto read = parts_.file.read();
  if (!read) return local_trouble(read.error());
  identity_ = std::move(*read);
  mark_ = std::move(mark);
  failures_ = 0;  // somebody has done something about it
  retry_at_ = {};
  trouble_.clear();
  advice_.clear();
  return std::nullopt;
}

bool CardKeeper::wants_token_file() const {
  if (parts_.token_file.empty() || identity_.pending) return false;
  return !looked_ || !identity_.card || (identity_.refusal && !identity_.refusal->of_enrolment);
}

/// Notes an enrolment with what the token file holds; ask() puts it on disk.
std::optional<sync::Verdict> CardKeeper::look_for_token() {
  looked_ = true;
  const auto about = [&](const Error& error) {
    return local_trouble({error.kind, fmt::format("{}: {}", parts_.token_file.string(), error.message)});
  };
  const auto text = read_token_file(parts_.token_file);
  if (!text) return local_trouble(text.error());
  if (!*text) return std::nullopt;
  const auto token = parse_enrolment_token(**text);
  if (!token) return about(token.error());
  const auto digest = digest_of(*token);
  if (identity_.card && identity_.card->token_digest == digest) {
    const auto gone = destroy(parts_.token_file);  // the power went before it was
    if (!gone) log(gone.error().message);
    return std::nullopt;
  }
  if (identity_.refusal && identity_.refusal->token_digest == digest) return words_for(*identity_.refusal);
  const auto secret = parts_.world.secret();
  if (!secret) return local_trouble(secret.error());
  begin_enrolment(identity_, *token, *secret, true);
  retry_at_ = {};
  return std::nullopt;
}

bool CardKeeper::good(const Moment& now) const {
  return usable(identity_, now) && identity_.token->jwt != distrusted_;
}

Need CardKeeper::due(const Moment& now) const {
  const auto needed = need(identity_, now);
  return needed == Need::nothing && identity_.card && !good(now) ? Need::renew : needed;
}

/// Under the file's lock, and with what another process may have written in between.
Asked CardKeeper::ask_once(Need wanted) {
  const auto lock = parts_.file.lock(kPatience);
  if (!lock) return {Outcome::unclear, local_trouble(lock.error())};
  if (parts_.file.mark() != mark_) {
    if (auto wrong = reload()) return {Outcome::unclear, std::move(*wrong)};
    return {Outcome::again, {}};
  }
  auto out = ask(parts_.file, identity_, wanted, parts_.world);
  mark_ = parts_.file.mark();
  return out;
}

void CardKeeper::granted(bool enrolled_now, bool from_file) {
  failures_ = 0;
  retry_at_ = {};
  distrusted_.clear();
  trouble_.clear();
  advice_.clear();
  if (!enrolled_now) return;
  log(fmt::format("enrolled at {} as the gateway of \"{}\"", sync::shown_url(parts_.world.url),
                  identity_.card->store.name));
  if (!from_file) return;
  if (const auto gone = destroy(parts_.token_file); !gone) {
    log(gone.error().message);
    trouble_ = gone.error().message;
  }
}

void CardKeeper::failed(const sync::Verdict& why, const Moment& now) {
  ++failures_;
  const sync::Backoff backoff(parts_.timing.backoff_base, parts_.timing.backoff_cap);
  retry_at_ = now.at + backoff.wait(failures_, parts_.random());
  if (trouble_ != why.message && good(now)) {
    log(fmt::format("the token could not be renewed yet, the one in hand is still good: {}", why.message));
  }
  trouble_ = why.message;
  advice_ = why.advice;
}

CardKeeper::Token CardKeeper::in_hand(const Moment& now) const {
  if (identity_.card && !identity_.moved_from.empty()) return tl::unexpected(moved(identity_));
  if (good(now)) return identity_.token->jwt;
  if (identity_.refusal) return tl::unexpected(words_for(*identity_.refusal));
  return tl::unexpected(not_enrolled());
}

CardKeeper::Token CardKeeper::obtain() {
  if (auto wrong = reload()) return tl::unexpected(std::move(*wrong));
  std::optional<sync::Verdict> token_file_trouble;
  if (wants_token_file()) token_file_trouble = look_for_token();
  for (int questions = 0; questions < kMostQuestions; ++questions) {
    const auto now = parts_.world.now();
    const auto needed = due(now);
    if (needed == Need::nothing || (good(now) && now.at < retry_at_)) break;
    const bool from_file = identity_.pending && identity_.pending->from_file;
    const auto asked = ask_once(needed);
    if (asked.outcome == Outcome::granted) granted(needed == Need::enrol, from_file);
    if (asked.outcome == Outcome::granted || asked.outcome == Outcome::again) continue;
    failed(asked.why, now);
    // A token that HQ does not want leaves the card as it was.
    if (asked.outcome == Outcome::refused && needed == Need::enrol && identity_.card) continue;
    const bool hopeless = asked.outcome == Outcome::refused && asked.why.course == sync::Course::people;
    if (!hopeless && good(now)) break;
    if (hopeless && identity_.token) distrusted_ = identity_.token->jwt;  // HQ takes none of this card
    return tl::unexpected(asked.why);
  }
  auto token = in_hand(parts_.world.now());
  if (!token && token_file_trouble && !identity_.card) return tl::unexpected(std::move(*token_file_trouble));
  if (token_file_trouble) {
    trouble_ = token_file_trouble->message;
    advice_ = token_file_trouble->advice;
  }
  return token;
}

bool CardKeeper::refused(const std::string& token, bool denied) {
  if (!identity_.token || identity_.token->jwt != token) return false;
  const auto now = parts_.world.now().at;
  if (denied && denied_at_ && now - *denied_at_ < kBetweenDenials) return false;
  if (denied) denied_at_ = now;
  distrusted_ = token;
  retry_at_ = {};
  return true;
}

void CardKeeper::publish(const Token& token) {
  Status now;
  now.enrolled = identity_.card.has_value();
  now.pending = identity_.pending.has_value();
  if (identity_.card) {
    now.gateway = identity_.card->gateway;
    now.store = identity_.card->store.name;
  }
  const auto moment = parts_.world.now();
  if (const auto left = remaining(identity_, moment)) {
    now.token_until = moment.at + left->life;
    now.renewal_at = moment.at + left->until_renewal;
  }
  now.trouble = token ? trouble_ : token.error().message;
  now.advice = token ? advice_ : token.error().advice;
  const std::lock_guard lock(mutex_);
  status_ = std::move(now);
}

void CardKeeper::log(const std::string& line) const {
  if (parts_.log) parts_.log(line);
}

}  // namespace lintel::enrol
