#include "firmware-bridge/links/journal_follower.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace fs = std::filesystem;

JournalFollower::JournalFollower(Options options, FrameSink& sink)
    : options_(std::move(options)),
      sink_(sink),
      journal_(options_.directory),
      progress_(options_.start.value_or(JournalProgress{})),
      known_(options_.start.has_value()) {}

fs::path JournalFollower::confirmation(const fs::path& directory) {
  return directory / "gateway" / "confirmed";
}

/// Notes and logs a trouble that is new, or that is over.
void JournalFollower::say(std::string& what, const std::string& trouble) {
  {
    const std::lock_guard lock(trouble_mutex_);
    if (what == trouble) return;
    what = trouble;
  }
  if (options_.log) {
    options_.log(fmt::format("link {}: {}", options_.link,
                             trouble.empty() ? "the broker's journal is in order again" : trouble));
  }
}

bool JournalFollower::find_journal() {
  if (const auto seen = journal_.look(); !seen) {
    say(unreadable_,
        seen.error().message +
            "; is the plugin loaded in mosquitto, and may the gateway's user read this folder and its files? "
            "Until then messages count as they come over MQTT");
    begun_ = false;
    return false;
  }
  say(unreadable_, {});
  if (!begun_) begin();
  return true;
}

void JournalFollower::begin() {
  begun_ = true;
  if (!known_) {
    known_ = true;
    // What was written until now came over the network, or is on its way.
    progress_ = journal_.journal() == 0 ? JournalProgress{} : JournalProgress::from_now_on(end_of_journal());
    options_.begun(progress_);
    return;
  }
  // All of another journal than the one we knew is new.
  journal_.go_to(progress_.journal == journal_.journal() ? progress_.next.segment : 0);
}

JournalPlace JournalFollower::end_of_journal() {
  Frame ignored;
  journal_.go_to(journal_.newest());
  while (journal_.next(ignored, buffer_) != BrokerJournal::Outcome::end) {
  }
  return journal_.at();
}

bool JournalFollower::hand_over(const Frame& frame) {
  if (frame.journal.journal == progress_.journal && frame.journal < progress_.next) return true;
  if (frame.topic.empty()) {
    tell_marker(frame.payload);
  } else if (options_.wants(frame.topic)) {
    Frame own = frame;
    own.link = options_.link;
    own.retained = false;  // as published; to those who were listening it was news
    if (!sink_.append(own)) return false;
    handed_over_ = frame.journal;
    frames_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(frame.payload.size(), std::memory_order_relaxed);
  }
  (void)progress_.take(frame);
  return true;
}

/// "COUNT WHY": messages that are not in the journal.
void JournalFollower::tell_marker(std::string_view payload) {
  unsigned long long count = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), count);
  if (error != std::errc{}) return;
  const auto why = payload.substr(static_cast<std::size_t>(end - payload.data()));
  if (count == 0) {
    say(left_out_, fmt::format("the broker's journal {} has stopped taking messages:{}; they come over MQTT "
                               "alone, and are lost if the broker is killed before they are here",
                               options_.directory.string(), why));
    return;
  }
  say(left_out_, {});
  if (options_.log) {
    options_.log(fmt::format("link {}: {} messages were left out of the broker's journal:{}", options_.link,
                             count, why));
  }
}

/// Up to the end, or behind `until`. False: the sink refused.
bool JournalFollower::bring(const JournalPlace* until) {
  Frame frame;
  while (until == nullptr || !(*until < journal_.at())) {
    switch (journal_.next(frame, buffer_)) {
      case BrokerJournal::Outcome::end: return true;
      case BrokerJournal::Outcome::damaged:
        if (options_.log) {
          options_.log(
              fmt::format("link {}: messages in the broker's journal cannot be read: {}; those that "
                          "do not come over MQTT either are lost. Check the disk",
                          options_.link, journal_.harm()));
        }
        break;
      case BrokerJournal::Outcome::record:
        if (hand_over(frame)) break;
        journal_.back();
        return false;
    }
  }
  return true;
}

bool JournalFollower::catch_up() {
  const std::lock_guard lock(mutex_);
  return !find_journal() || bring(nullptr);
}

JournalFollower::Way JournalFollower::way_of(const JournalPlace& place) {
  const std::lock_guard lock(mutex_);
  if (progress_.left_to_network(place)) return Way::network;
  if ((!begun_ || place.journal != journal_.journal()) && !find_journal()) {
    const bool counted = place.journal == progress_.journal && place < progress_.next;
    return counted ? Way::journal : Way::network;
  }
  if (place.journal != journal_.journal()) return Way::network;
  if (!bring(&place)) return Way::refused;
  return place < journal_.at() && !journal_.was_damaged(place) ? Way::journal : Way::network;
}

void JournalFollower::took(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  const bool same = handed_over_.journal == frame.journal.journal;
  handed_over_ = same ? std::max(handed_over_, frame.journal) : frame.journal;
  (void)progress_.take(frame);
  known_ = true;
}

void JournalFollower::confirm() {
  const std::lock_guard lock(mutex_);
  if (!begun_ || journal_.journal() == 0) return;
  const auto stored = options_.stored().value_or(JournalProgress{});
  const bool known = stored.journal == journal_.journal();
  const bool all = handed_over_.journal != journal_.journal() || (known && handed_over_ < stored.next);
  const auto segment = all ? journal_.at().segment : known ? stored.next.segment : 0;
  if (segment == 0 || segment == confirmed_) return;
  const auto file = confirmation(options_.directory);
  const auto fresh = fs::path(file) += ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << fmt::format("{:08x} {}\n", journal_.journal(), segment);
  out.close();
  std::error_code error;
  if (!out) {
    error = {errno, std::generic_category()};
  } else {
    fs::rename(fresh, file, error);
  }
  if (!error) confirmed_ = segment;
  say(unconfirmed_,
      error
          ? fmt::format("the broker cannot be told what is read of its journal: {}: {}; when the journal is "
                        "full it stops taking messages. The gateway's user has to own that folder",
                        file.string(), error.message())
          : std::string());
}

bool JournalFollower::is_settled() {
  const std::lock_guard lock(mutex_);
  return !begun_ || options_.stored().has_value();
}

std::string JournalFollower::trouble() const {
  const std::lock_guard lock(trouble_mutex_);
  for (const auto* trouble : {&unreadable_, &left_out_, &unconfirmed_}) {
    if (!trouble->empty()) return *trouble;
  }
  return {};
}

}  // namespace lintel::bridge::links
