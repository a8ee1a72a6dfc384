#include "firmware-bridge/wire/conversation.hpp"

#include <algorithm>
#include <utility>

namespace lintel::bridge::wire {

namespace {

using namespace std::chrono_literals;

constexpr auto kAskAgain = 500ms;
constexpr auto kTellTime = 1h;

}  // namespace

void Conversation::open(Clock::time_point now) {
  now_ = now;
  cutter_.reset();
  present_ = false;
  asked_.reset();
  ask();
}

void Conversation::receive(std::string_view bytes, Clock::time_point now) {
  now_ = now;
  cutter_.feed(bytes, [this](std::string_view stuffed) { take(stuffed); });
}

void Conversation::tick(Clock::time_point now) {
  now_ = now;
  if (!present_) return ask();
  if (now_ - told_time_ >= kTellTime || (!time_told_ && around_.utc())) welcome();
}

void Conversation::take(std::string_view stuffed) {
  auto packet = unstuff(stuffed, packet_)
                    ? read_packet(packet_)
                    : tl::unexpected<Reject>({RejectKind::integrity, "bytes that are no packet"});
  if (!packet) {
    ++facts_.damaged;
    facts_.flaw = packet.error().message;
    return;
  }
  facts_.flaw.clear();
  switch (packet->type) {
    case Type::hello: return take_hello(*packet, packet_);
    case Type::record: return take_record(*packet, packet_);
    case Type::health:
      if (!is_known(*packet)) return ask();
      keep(packet_);
      return;
    case Type::ask:
    case Type::welcome:
    case Type::ack: return;  // our own, from a line that echoes
  }
}

bool Conversation::is_known(const Packet& packet) const {
  return present_ && packet.run == run_ && packet.serial == serial_;
}

bool Conversation::keep(std::string_view bytes) {
  const bool kept = around_.keep(bytes);
  ++(kept ? facts_.kept : facts_.refused);
  return kept;
}

/// A hello that goes back behind what was kept may be an old one, or that of a device which uses its run
/// again for other records: the next hello tells.
void Conversation::take_hello(const Packet& packet, std::string_view bytes) {
  const auto hello = read_hello(packet);
  if (!hello) {
    keep(bytes);
    return;
  }
  const bool same = packet.run == run_ && packet.serial == serial_;
  const bool went_back = same && hello->next < expected_;
  if (went_back && !std::exchange(doubted_, true)) {
    asked_.reset();
    return ask();
  }
  if (!keep(bytes)) return;
  doubted_ = false;
  if (!same || went_back) {
    serial_ = packet.serial;
    run_ = packet.run;
    expected_ = committed_ = hello->oldest;
    awaiting_ = false;
    ++*alive_;
    facts_.serial = serial_;
  } else if (hello->oldest > expected_) {
    expected_ = committed_ = hello->oldest;
  }
  present_ = true;
  welcome();
}

void Conversation::take_record(const Packet& packet, std::string_view bytes) {
  if (!is_known(packet)) return ask();
  const auto record = read_record(packet);
  if (!record) {
    ++facts_.damaged;
    facts_.flaw = record.error().message;
    return;
  }
  if (record->number < expected_) {
    ++facts_.repeats;
    if (record->number < committed_) acknowledge();
    return;
  }
  if (record->number > expected_) {
    ++facts_.out_of_order;
    if (record->oldest() > expected_) ask();  // its hello says where to go on
    return;
  }
  if (!keep(bytes)) return;
  ++expected_;
  await_commit();
}

void Conversation::await_commit() {
  if (std::exchange(awaiting_, true)) return;
  around_.when_committed([this, alive = std::weak_ptr<int>(alive_), device = *alive_, next = expected_] {
    const auto still = alive.lock();
    if (!still || *still != device) return;
    awaiting_ = false;
    committed_ = std::max(committed_, next);
    acknowledge();
    if (expected_ > committed_) await_commit();
  });
}

void Conversation::acknowledge() {
  around_.send(make_ack(serial_, run_, committed_));
}

void Conversation::ask() {
  if (asked_ && now_ - *asked_ < kAskAgain) return;
  asked_ = now_;
  around_.send(make_ask());
}

void Conversation::welcome() {
  const auto utc = around_.utc ? around_.utc() : std::nullopt;
  time_told_ = utc.has_value();
  told_time_ = now_;
  around_.send(make_welcome(serial_, run_, utc));
}

}  // namespace lintel::bridge::wire
