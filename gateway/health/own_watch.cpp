#include "gateway/health/own_watch.hpp"

#include <fstream>
#include <system_error>

#include "gateway/store/salvage.hpp"
#include "gateway/store/store.hpp"

namespace lintel::health {

namespace {

using namespace std::chrono_literals;

constexpr BootTime kBetweenLooks = 10s;
constexpr BootTime kBetweenReckonings = 1min;  // how long the room lasts is a query

constexpr KindRule kOwnKinds[] = {
    {"read_only", 0min, 10min, 0min, true},    {"storage", 1min, 10min, 0min, true},
    {"disk_low", 10min, 60min, 0min, true},    {"inodes_low", 10min, 60min, 0min, true},
    {"temperature", 10min, 60min, 0min, true}, {"undervoltage", 1min, 60min, 1440min, true},
    {"card_wear", 60min, 1440min, 0min, true}, {"room_short", 10min, 60min, 0min, true},
    {"setup_refused", 0min, 0min, 0min, true}, {"database_damaged", 0min, 0min, 0min, true},
};

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);)
    if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::span<const KindRule> own_kinds() {
  return kOwnKinds;
}

OwnWatch::OwnWatch(Options options)
    : options_(std::move(options)), machine_(options_.root, options_.state_dir), alerts_(own_kinds()) {}

OwnFacts OwnWatch::facts_of(store::Database& db, const Surroundings& surroundings) {
  OwnFacts facts;
  std::error_code error;
  const auto space = std::filesystem::space(options_.state_dir, error);
  if (!error) {
    facts.disk_free = space.available;
    facts.disk_bytes = space.capacity;
  }
  facts.machine = machine_.look(surroundings.now);
  if (options_.card_endurance > 0) facts.card_endurance = options_.card_endurance;
  facts.storage_error = surroundings.storage_error;
  facts.clock_known = surroundings.wall.has_value();
  facts.damaged_databases = store::damaged_beside(store::database_path(options_.state_dir));
  if (!options_.setup_problems.empty()) facts.setup_problems = lines_of(options_.setup_problems);
  if (!reckoned_ || surroundings.now - *reckoned_ >= kBetweenReckonings) {
    reckoned_ = surroundings.now;
    const auto room = store::room_of(db, store::database_path(options_.state_dir), options_.limits);
    const auto alone = store::days_alone(db, room);
    days_alone_ = alone ? std::optional(static_cast<double>(alone->count())) : std::nullopt;
  }
  facts.days_alone = days_alone_;
  return facts;
}

void OwnWatch::refresh(store::Database& db, const Surroundings& surroundings) {
  if (looked_ && surroundings.now - *looked_ < kBetweenLooks) return;
  looked_ = surroundings.now;
  const auto facts = facts_of(db, surroundings);
  Found found{facts.machine, judge_own(facts)};
  Judgement judgement;
  for (const auto& condition : found.conditions) {
    judgement.conditions.push_back({condition.kind, "gateway", condition.severity,
                                    condition.what + " " + condition.advice, std::nullopt});
  }
  {
    const std::lock_guard lock(mutex_);
    found_ = found;
  }
  alerts_.look(db, judgement, {surroundings.now, surroundings.wall, true});
}

OwnWatch::Found OwnWatch::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

}  // namespace lintel::health
