// What the running gateway says of itself, its sensors and what it owes to HQ.
#include <fmt/format.h>

#include "gateway/doctor/examination.hpp"
#include "gateway/health/words.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/members.hpp"
#include "gateway/sync/http.hpp"

namespace lintel::doctor {

namespace {

using health::counted;
using nlohmann::json;
using status::text_of;

/// "  " -> ends with a full stop, for a text that others go on from.
std::string sentence(std::string text) {
  if (!text.empty() && !text.ends_with('.')) text += '.';
  return text;
}

Check of_sensor(const json& sensor) {
  const auto status = text_of(sensor, "status"), cause = text_of(sensor, "cause");
  Check check{"sensor:" + text_of(sensor, "serial"), Outcome::ok, "", text_of(sensor, "advice")};
  if (status == "offline") check.outcome = Outcome::problem;
  if (status == "degraded") check.outcome = Outcome::attention;
  check.evidence = fmt::format("\"{}\" is {}", text_of(sensor, "name"), status);
  if (!cause.empty()) check.evidence += ": " + cause;
  if (const auto last = text_of(sensor, "last_data"); !last.empty() && cause.empty())
    check.evidence += ", last heard " + last;
  return check;
}

}  // namespace

void check_daemon(Examination& it, const Tell& tell) {
  const auto& facts = it.facts();
  if (facts) {
    const auto uptime = std::chrono::seconds{facts->value("uptime_s", std::int64_t{0})};
    auto text = fmt::format("running for {} and answering", health::in_words(uptime));
    if (const auto error = text_of(*facts, "storage_error"); !error.empty()) {
      tell({"daemon", Outcome::problem, text + ", but it cannot store: " + error,
            "See disk and database. Messages wait in memory and are not lost yet."});
      return;
    }
    const auto notice = text_of(*facts, "notice");
    if (!notice.empty()) text += ". " + notice;
    tell({"daemon", notice.empty() ? Outcome::ok : Outcome::attention, text,
          notice.empty() ? "" : "Keep the old file for support; counting goes on."});
    return;
  }
  switch (facts.error().kind) {
    case ErrorKind::transient:
      tell({"daemon", Outcome::problem,
            fmt::format("it runs, but does not answer within {} ms: it hangs", it.patience().daemon.count()),
            "Wait a minute; if it stays so, `lintel support-bundle`, then systemctl restart lintel."});
      return;
    case ErrorKind::rejected: tell({"daemon", Outcome::skipped, facts.error().message, ""}); return;
    default:
      tell({"daemon", Outcome::problem, "the gateway is not running: nobody is being counted",
            "Start it with systemctl start lintel; `lintel run` shows why it does not start."});
  }
}

void check_sensors(Examination& it, const Tell& tell) {
  const auto& snapshot = it.snapshot();
  if (!snapshot) {
    tell({"sensor", Outcome::skipped, snapshot.error().message, ""});
    return;
  }
  const auto& sensors = (*snapshot)["sensors"];
  if (const auto why = it.why_no_daemon(); !why.empty()) {
    tell({"sensor", Outcome::skipped,
          fmt::format("{}, so nobody can say how its {} are", why,
                      counted(static_cast<std::int64_t>(sensors.size()), "sensor")),
          ""});
    return;
  }
  if (sensors.empty()) {
    tell({"sensor", Outcome::attention, "no sensor has reported yet",
          "Walk through a door once. If nothing appears, see broker and port, and `lintel discover`."});
    return;
  }
  for (const auto& sensor : sensors) tell(of_sensor(sensor));
}

void check_sync(Examination& it, const Tell& tell) {
  if (it.config().hq_url.empty()) {
    tell({"sync", Outcome::skipped, it.why_no_hq() + ": readings are kept here and sent nowhere", ""});
    return;
  }
  const auto& snapshot = it.snapshot();
  if (!snapshot) {
    tell({"sync", Outcome::skipped, snapshot.error().message, ""});
    return;
  }
  const auto& hq = (*snapshot)["hq"];
  const auto& backlog = (*snapshot)["backlog"];
  const auto changes = backlog.value("changes", std::int64_t{0});
  auto text =
      fmt::format("{} to be sent to {}", counted(changes, "change"), sync::shown_url(it.config().hq_url));
  if (const auto oldest = status::instant_of(backlog, "oldest"))
    text += fmt::format(", the oldest {} old", health::in_words(std::max(it.now() - *oldest, Millis{0})));
  const auto contact = status::instant_of(hq, "last_contact");
  text += contact ? fmt::format(", last contact {} ago",
                                health::in_words(std::max(it.now() - *contact, Millis{0})))
                  : ", never in contact";
  if (const auto refused = hq.value("refused_readings", std::int64_t{0}); refused > 0) {
    tell({"sync", Outcome::attention, fmt::format("{}; HQ refused {}", text, counted(refused, "reading")),
          "They are kept: `lintel sync` says why, `lintel sync retry` sends them once more."});
    return;
  }
  auto why = text_of(hq, "error");
  if (changes > 0 && !it.running()) why = it.why_no_daemon() + ", and only a running one sends";
  if (why.empty()) {
    tell({"sync", Outcome::ok, text, ""});
    return;
  }
  auto advice = sentence(text_of(hq, "advice"));
  if (advice.empty()) advice = "See dns, tls, hq and credential.";
  tell({"sync", Outcome::attention, text + "; it does not move: " + why,
        advice + " Nothing is lost meanwhile."});
}

}  // namespace lintel::doctor
