// The journal that a broker on this machine keeps for the gateway.
#include <unistd.h>

#include <fmt/format.h>

#include "firmware-bridge/links/journal_follower.hpp"
#include "gateway/doctor/examination.hpp"

namespace lintel::doctor {

namespace {

constexpr const char* kRights =
    "The broker's user writes that folder, and the gateway's group reads it: firmware-bridge/broker-journal/"
    "README.md says how to make it. Then restart the gateway.";

/// What is odd about a link that is up; empty: nothing, or nobody runs.
std::string trouble_of(Examination& it, const std::string& link) {
  if (!it.running()) return {};
  for (const auto& one : it.facts()->value("links", nlohmann::json::array())) {
    if (one.value("name", "") == link && one.value("up", false)) return one.value("trouble", "");
  }
  return {};
}

Check check_journal(Examination& it, const config::Link& link) {
  const auto name = "journal:" + link.name;
  if (const auto trouble = trouble_of(it, link.name); !trouble.empty())
    return {name, Outcome::problem, trouble, kRights};
  bridge::links::BrokerJournal journal(link.journal);
  if (const auto seen = journal.look(); !seen) {
    if (!it.running()) return {name, Outcome::problem, seen.error().message, kRights};
    return {name, Outcome::skipped,
            fmt::format("this user may not read {}, but the gateway does", link.journal.string()), ""};
  }
  if (journal.journal() == 0) {
    return {name, Outcome::attention,
            fmt::format("{} is empty: the broker has written nothing there yet", link.journal.string()),
            "Is the plugin in mosquitto's configuration, with this folder? The broker's log says so at its "
            "start."};
  }
  const auto text = fmt::format("{} of messages in {} files at {}", in_bytes(journal.bytes()),
                                journal.segments(), link.journal.string());
  const auto folder = bridge::links::JournalFollower::confirmation(link.journal).parent_path();
  if (::access(folder.c_str(), F_OK) != 0) {
    return {
        name, Outcome::attention, text + fmt::format(", but there is no {}", folder.string()),
        "The gateway cannot tell the broker what it has read, and when the journal is full it stops taking "
        "messages: make that folder, owned by the gateway's user."};
  }
  return {name, Outcome::ok, text, ""};
}

}  // namespace

void check_journals(Examination& it, const Tell& tell) {
  bool any = false;
  for (const auto& link : it.config().links) {
    if (link.journal.empty()) continue;
    any = true;
    tell(check_journal(it, link));
  }
  if (!any) tell({"journal", Outcome::skipped, "no link in links.d has a journal at its broker", ""});
}

}  // namespace lintel::doctor
