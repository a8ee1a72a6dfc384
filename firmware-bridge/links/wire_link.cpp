#include "firmware-bridge/links/wire_link.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;
using boost::system::error_code;
using wire::Conversation;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 5'000ms;
constexpr auto kTick = 500ms;
constexpr std::size_t kMostOutgoing = 32;  ///< beyond it a device that does not read misses answers
constexpr std::uint64_t kDamagedInARow =
    5;  ///< between two ticks without a whole packet: not the odd disturbance

}  // namespace

WireLink::WireLink(boost::asio::io_context& loop, Options options, FrameSink& sink, Commits& commits)
    : options_(std::move(options)),
      sink_(sink),
      port_(loop),
      timer_(loop),
      conversation_(surroundings(commits)),
      pause_(kShortestPause) {}

Conversation::Surroundings WireLink::surroundings(Commits& commits) {
  Conversation::Surroundings around;
  around.keep = [this](std::string_view packet) { return keep(packet); };
  around.when_committed = [&commits](std::function<void()> done) { commits.when_committed(std::move(done)); };
  around.send = [this](std::string bytes) { send(std::move(bytes)); };
  around.utc = [this] { return options_.utc ? options_.utc() : std::nullopt; };
  return around;
}

void WireLink::start() {
  open();
}

void WireLink::stop() {
  stopped_ = true;
  error_code ignored;
  timer_.cancel();
  port_.close(ignored);
}

LinkState WireLink::state() const {
  const std::lock_guard lock(mutex_);
  return {options_.name, "serial", up_, trouble_, frames_, bytes_};
}

void WireLink::say(bool up, const std::string& trouble) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = up_ != up || trouble_ != trouble;
    up_ = up;
    trouble_ = trouble;
  }
  if (!news || !options_.log) return;
  options_.log(fmt::format("link {}: {}", options_.name,
                           trouble.empty() ? "reading " + options_.device.string() : trouble));
}

void WireLink::open() {
  auto fd = open_serial(options_.device, options_.format);
  if (!fd) {
    say(false, fd.error().message);
    retry_open();
    return;
  }
  error_code error;
  port_.assign(fd->get(), error);
  if (error) {
    say(false, fmt::format("{}: {}", options_.device.string(), error.message()));
    retry_open();
    return;
  }
  (void)fd->release();
  opened_at_ = std::chrono::steady_clock::now();
  outgoing_.clear();
  say(true, {});
  conversation_.open(Conversation::Clock::now());
  read();
  tick();
}

void WireLink::retry_open() {
  timer_.expires_after(pause_);
  pause_ = std::min(2 * pause_, std::chrono::milliseconds(kLongestPause));
  timer_.async_wait([this](const error_code& error) {
    if (!error && !stopped_) open();
  });
}

void WireLink::lost(const std::string& why) {
  if (!port_.is_open()) return;  // the reading or the writing end has said so
  error_code ignored;
  timer_.cancel();
  port_.close(ignored);
  if (std::chrono::steady_clock::now() - opened_at_ > kLongestPause) pause_ = kShortestPause;
  say(false, fmt::format("{} went away ({}): check cable and power; it is opened again when it is back",
                         options_.device.string(), why));
  retry_open();
}

void WireLink::read() {
  port_.async_read_some(boost::asio::buffer(buffer_), [this](const error_code& error, std::size_t bytes) {
    if (stopped_ || error == boost::asio::error::operation_aborted) return;
    if (error) {
      lost(error.message());
      return;
    }
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    pause_ = kShortestPause;
    conversation_.receive({buffer_.data(), bytes}, Conversation::Clock::now());
    if (port_.is_open()) read();
  });
}

void WireLink::send(std::string bytes) {
  if (!port_.is_open() || outgoing_.size() >= kMostOutgoing) return;
  outgoing_.push_back(std::move(bytes));
  if (outgoing_.size() == 1) write();
}

void WireLink::write() {
  boost::asio::async_write(port_, boost::asio::buffer(outgoing_.front()),
                           [this](const error_code& error, std::size_t) {
                             if (stopped_ || error == boost::asio::error::operation_aborted) return;
                             if (error) {
                               lost(error.message());
                               return;
                             }
                             outgoing_.pop_front();
                             if (!outgoing_.empty()) write();
                           });
}

void WireLink::tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const error_code& error) {
    if (error || stopped_) return;
    conversation_.tick(Conversation::Clock::now());
    report();
    tick();
  });
}

bool WireLink::keep(std::string_view packet) {
  Frame frame;
  frame.link = options_.name;
  frame.payload = packet;
  frame.boot = options_.boot;
  frame.arrived = options_.boot_clock();
  if (!sink_.append(frame)) {
    say(true, "what arrives cannot be kept at the moment, so it is not acknowledged and the device keeps it");
    return false;
  }
  frames_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// Says what is wrong with a line on which nothing whole arrives.
void WireLink::report() {
  const auto& facts = conversation_.facts();
  const bool kept = facts.kept != judged_kept_;
  const auto damaged = facts.damaged - judged_damaged_;
  if (kept) {
    say(true, {});
  } else if (damaged >= kDamagedInARow) {
    say(true,
        fmt::format("bytes arrive on {}, but none are whole packets of the lintel wire ({}): check baud "
                    "rate, ground and cable, and that the device speaks this protocol",
                    options_.device.string(), facts.flaw));
  } else if (damaged == 0) {
    return;
  }
  judged_kept_ = facts.kept;
  judged_damaged_ = facts.damaged;
}

}  // namespace lintel::bridge::links
