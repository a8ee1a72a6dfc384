#include "gateway/health/own.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace lintel::health {

namespace {

constexpr std::uint64_t kMegabyte = 1ull << 20;
constexpr std::uint64_t kGigabyte = 1'000'000'000;
constexpr std::uint64_t kLittleDisk = 200 * kMegabyte;
constexpr std::uint64_t kNoDisk = 50 * kMegabyte;
constexpr double kFewInodes = 0.05;
constexpr double kHot = 75, kTooHot = 82;  // a Raspberry Pi slows down from 80 on, by its documentation
constexpr double kFewDays = 7, kOneDay = 1;
constexpr double kShortLife = 365;
constexpr int kManyDamaged = 3;

void look_at_disk(const OwnFacts& facts, std::vector<Condition>& found) {
  if (facts.machine.read_only.value_or(false)) {
    found.push_back(
        {"read_only", Severity::critical, "The disk takes nothing any more: it is read-only.",
         "A card does that at the end of its life, and after an error of its file system. Replace "
         "the card; what could not be stored waits in memory until then."});
  }
  if (!facts.storage_error.empty()) {
    found.push_back(
        {"storage", Severity::critical, fmt::format("Readings cannot be stored: {}.", facts.storage_error),
         "Messages wait in memory and are not lost yet. Free space on the disk, or replace a card "
         "that has become read-only."});
  }
  if (facts.damaged_databases > 0) {
    found.push_back(
        {"database_damaged", facts.damaged_databases < kManyDamaged ? Severity::warning : Severity::critical,
         fmt::format("Damaged databases that were set aside: {}. Counting goes on with what could be read.",
                     facts.damaged_databases),
         "A card that is failing does that: replace it soon. Then keep lintel.db.corrupt-* in the gateway's "
         "state directory elsewhere or delete it: this ends when it is gone."});
  }
  if (facts.disk_free && *facts.disk_free < kLittleDisk) {
    found.push_back({"disk_low", *facts.disk_free < kNoDisk ? Severity::critical : Severity::warning,
                     fmt::format("Only {} MB are free on the disk.", *facts.disk_free / kMegabyte),
                     "Remove what does not belong to the gateway, or fit a larger card."});
  }
  if (facts.machine.inodes_free && *facts.machine.inodes_free < kFewInodes) {
    found.push_back({"inodes_low", Severity::warning,
                     fmt::format("The disk has room for few more files ({:.0f} % of them are left).",
                                 100 * *facts.machine.inodes_free),
                     "Something beside the gateway keeps very many small files: remove them."});
  }
}

void look_at_machine(const Machine& machine, std::vector<Condition>& found) {
  if (machine.temperature && *machine.temperature >= kHot) {
    const bool too_hot = *machine.temperature >= kTooHot;
    found.push_back({"temperature", too_hot ? Severity::critical : Severity::warning,
                     fmt::format("The gateway is {:.0f} degrees Celsius hot{}.", *machine.temperature,
                                 too_hot ? " and slows itself down" : ""),
                     "Give it air: not above a lamp, not in a closed box, not in the sun."});
  }
  if (machine.undervoltage.value_or(false)) {
    found.push_back({"undervoltage", Severity::warning, "The gateway gets too little voltage.",
                     "Use the power supply made for it and a short, thick cable. Cards lose data this way."});
  }
}

void look_at_wear(const OwnFacts& facts, std::vector<Condition>& found) {
  if (!facts.card_endurance || !facts.machine.written_day || *facts.machine.written_day == 0) return;
  const auto days =
      static_cast<double>(*facts.card_endurance) / static_cast<double>(*facts.machine.written_day);
  if (days >= kShortLife) return;
  found.push_back(
      {"card_wear", Severity::warning,
       fmt::format("At {:.1f} GB a day the card will last about {:.0f} days from new (an estimate).",
                   static_cast<double>(*facts.machine.written_day) / kGigabyte, std::floor(days)),
       "See what else writes on this machine; [storage] durability = relaxed writes far less."});
}

void look_at_room(const OwnFacts& facts, std::vector<Condition>& found) {
  if (!facts.days_alone || *facts.days_alone >= kFewDays) return;
  found.push_back(
      {"room_short", *facts.days_alone < kOneDay ? Severity::critical : Severity::warning,
       fmt::format(
           "Without HQ the room lasts for {:.1f} days; then the oldest readings that HQ lacks have to go.",
           *facts.days_alone),
       "Bring the gateway's line to HQ back, or give it more room: [storage] database_mb, a larger card."});
}

void look_at_setup(const OwnFacts& facts, std::vector<Condition>& found) {
  constexpr std::size_t kShown = 3;
  if (facts.setup_problems.empty()) return;
  std::string what = "The setup file on the card was not taken.";
  for (std::size_t i = 0; i < std::min(kShown, facts.setup_problems.size()); ++i)
    what += " " + facts.setup_problems[i] + ".";
  if (facts.setup_problems.size() > kShown)
    what += fmt::format(" And {} more.", facts.setup_problems.size() - kShown);
  found.push_back(
      {"setup_refused", Severity::warning, std::move(what),
       "Switch the gateway off, correct lintel-setup.txt on its card (lintel-setup-report.txt beside it "
       "says the same), and switch it on again."});
}

}  // namespace

std::vector<Condition> judge_own(const OwnFacts& facts) {
  std::vector<Condition> found;
  look_at_disk(facts, found);
  if (!facts.running) return found;
  look_at_machine(facts.machine, found);
  look_at_wear(facts, found);
  look_at_room(facts, found);
  look_at_setup(facts, found);
  if (!facts.clock_known) {
    found.push_back(
        {"clock_unknown", Severity::warning, "The time is not known yet: new readings wait until it is.",
         "Connect the gateway to a network with a time server (NTP), or to HQ by https://. Nothing "
         "is lost meanwhile."});
  }
  return found;
}

}  // namespace lintel::health
