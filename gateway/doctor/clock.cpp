#include <atomic>

#include <fmt/format.h>

#include "gateway/clock/machine.hpp"
#include "gateway/doctor/examination.hpp"
#include "gateway/health/words.hpp"
#include "gateway/sync/web_time.hpp"

namespace lintel::doctor {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr Millis kNoticeable{2'000};
constexpr Millis kWrong{60'000};

const std::atomic<bool> kNever{false};

struct Seen {
  std::string text;
  bool known = true;  ///< somebody vouches for it, or it is believed
};

/// What the daemon goes by.
Seen of_daemon(const json& facts) {
  const auto clock = facts.value("clock", json::object());
  const auto source = clock.value("source", std::string("none"));
  if (source == "none")
    return {"the gateway does not know the time yet: new readings wait until it does", false};
  auto text =
      fmt::format("the gateway goes by {}", source == "ntp"     ? "the time server (NTP)"
                                            : source == "https" ? "HQ's clock"
                                            : source == "host" ? "this machine's clock, which nobody confirms"
                                                               : source);
  const auto off = clock.find("uncertainty_ms");
  if (off != clock.end() && off->is_number_integer())
    text += fmt::format(", right to within {} s", static_cast<double>(off->get<std::int64_t>()) / 1000);
  const auto step = Millis{clock.value("disagreement_ms", std::int64_t{0})};
  if (std::chrono::abs(step) > kNoticeable)
    text += fmt::format("; the machine's own clock is {} off", health::in_words(std::chrono::abs(step)));
  return {text, true};
}

Seen of_machine() {
  const auto sample = clock::sample_machine();
  if (sample.synchronised) {
    return {fmt::format("a time server sets this machine's clock, right to within {} s",
                        static_cast<double>(sample.max_error.count()) / 1000),
            true};
  }
  const auto trust = clock::system_clock_trust("/", clock::build_date());
  return {"no time server has set this machine's clock" + (trust.reason.empty() ? "" : ": " + trust.reason),
          trust.trusted};
}

}  // namespace

void check_clock(Examination& it, const Tell& tell) {
  auto seen = it.running() ? of_daemon(*it.facts()) : of_machine();
  constexpr const char* kGetTime =
      "Connect the gateway to a network with a time server (NTP), or to HQ by https://. Nothing is lost "
      "meanwhile.";
  const auto& url = it.config().hq_url;
  if (!url.starts_with("https://")) {
    seen.text += "; not compared with HQ, whose address is not https://";
    tell({"clock", seen.known ? Outcome::ok : Outcome::attention, seen.text, seen.known ? "" : kGetTime});
    return;
  }
  const auto told = sync::ask_time(url, it.http_options(), clock::build_date(), clock::boot_now, kNever);
  if (!told) {
    seen.text += "; not compared with HQ: " + told.error().message;
    tell({"clock", seen.known ? Outcome::ok : Outcome::attention, seen.text, seen.known ? "" : kGetTime});
    return;
  }
  const auto theirs = told->time + std::chrono::floor<Millis>(clock::boot_now() - told->at);
  const auto off = std::chrono::abs(it.now() - theirs);
  if (off <= kNoticeable + told->uncertainty) {
    tell({"clock", seen.known ? Outcome::ok : Outcome::attention, seen.text + "; HQ's clock agrees",
          seen.known ? "" : kGetTime});
    return;
  }
  tell({"clock", off > kWrong ? Outcome::problem : Outcome::attention,
        fmt::format("{}; HQ's clock differs by {}: here it is {}, there {}", seen.text, health::in_words(off),
                    format_utc(it.now()), format_utc(theirs)),
        "Check which is right. NTP that is allowed through the store's firewall keeps this one right; tell "
        "HQ if it "
        "is theirs."});
}

}  // namespace lintel::doctor
