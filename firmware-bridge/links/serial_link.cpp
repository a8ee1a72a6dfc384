#include "firmware-bridge/links/serial_link.hpp"

#include <sys/ioctl.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 5'000ms;
constexpr auto kOfferAgain = 200ms;
/// After which a line may be taken without its end: longer than anybody's pause inside a line.
constexpr auto kLineSilence = 250ms;
/// Adapters hand bytes on in bursts, up to 16 ms apart; on top of that come a few characters of the line.
constexpr auto kPacketSilence = 50ms;
constexpr unsigned kBitsOfSilence = 4 * 11;

std::chrono::milliseconds silence_of(const SerialLink::Options& options) {
  if (!options.framer.packets()) return kLineSilence;
  return kPacketSilence + std::chrono::milliseconds(1000 * kBitsOfSilence / options.format.baud);
}

}  // namespace

SerialLink::SerialLink(boost::asio::io_context& loop, Options options, FrameSink& sink)
    : options_(std::move(options)),
      silence_lasts_(silence_of(options_)),
      sink_(sink),
      port_(loop),
      timer_(loop),
      silence_(loop),
      framer_(options_.framer),
      pause_(kShortestPause) {}

void SerialLink::start() {
  open();
}

void SerialLink::stop() {
  stopped_ = true;
  error_code ignored;
  timer_.cancel();
  silence_.cancel();
  port_.close(ignored);
}

LinkState SerialLink::state() const {
  const std::lock_guard lock(mutex_);
  return {options_.name, "serial", up_, trouble_, frames_, bytes_};
}

void SerialLink::say(bool up, const std::string& trouble) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = up_ != up || trouble_ != trouble;
    up_ = up;
    trouble_ = trouble;
  }
  if (!news || !options_.log) return;
  options_.log(
      fmt::format("link {}: {}", options_.name, up ? "reading " + options_.device.string() : trouble));
}

void SerialLink::open() {
  flush();  // frames of before the device went away need no device
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
  framer_.reset();
  (void)fd->release();
  opened_at_ = std::chrono::steady_clock::now();
  offer();
}

void SerialLink::retry_open() {
  timer_.expires_after(pause_);
  pause_ = std::min(2 * pause_, std::chrono::milliseconds(kLongestPause));
  timer_.async_wait([this](const error_code& error) {
    if (!error && !stopped_) open();
  });
}

void SerialLink::lost(const std::string& why) {
  error_code ignored;
  silence_.cancel();
  port_.close(ignored);
  if (std::chrono::steady_clock::now() - opened_at_ > kLongestPause) pause_ = kShortestPause;
  say(false, fmt::format("{} went away ({}): check cable and power; it is opened again when it is back",
                         options_.device.string(), why));
  retry_open();
}

void SerialLink::read() {
  reading_ = true;
  port_.async_read_some(boost::asio::buffer(buffer_), [this](const error_code& error, std::size_t bytes) {
    reading_ = false;
    if (stopped_) return;
    if (error) {
      lost(error.message());
      return;
    }
    received(bytes);
  });
}

void SerialLink::received(std::size_t bytes) {
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  pause_ = kShortestPause;
  framer_.feed({buffer_.data(), bytes}, [this](std::string_view frame, bool) { hold(frame); });
  await_silence();
  offer();
}

void SerialLink::await_silence() {
  silence_.expires_after(silence_lasts_);
  silence_.async_wait([this](const error_code& error) {
    if (!error && !stopped_) passed_silence();
  });
}

void SerialLink::passed_silence() {
  // A loop that was busy comes late: what waits in the kernel was no silence.
  int unread = 0;
  if (::ioctl(port_.native_handle(), FIONREAD, &unread) == 0 && unread > 0) return await_silence();
  const auto before = waiting_.size();
  framer_.silence([this](std::string_view frame, bool) { hold(frame); });
  if (waiting_.size() > before) offer();
}

void SerialLink::hold(std::string_view frame) {
  waiting_.push_back({std::string(frame), options_.boot_clock()});
}

bool SerialLink::append(const Held& held) {
  Frame frame;
  frame.link = options_.name;
  frame.payload = held.bytes;
  frame.boot = options_.boot;
  frame.arrived = held.arrived;
  if (!sink_.append(frame)) return false;
  frames_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool SerialLink::flush() {
  while (!waiting_.empty() && append(waiting_.front())) waiting_.pop_front();
  return waiting_.empty();
}

/// Passes on what has been read; goes on reading only when all of it was taken.
void SerialLink::offer() {
  if (flush()) {
    say(true, {});
    if (!reading_) read();
    return;
  }
  say(true, "what arrives cannot be kept at the moment, so the line is not being read");
  timer_.expires_after(kOfferAgain);
  timer_.async_wait([this](const error_code& error) {
    if (!error && !stopped_) offer();
  });
}

}  // namespace lintel::bridge::links
