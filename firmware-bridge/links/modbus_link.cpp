#include "firmware-bridge/links/modbus_link.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;
using Failure = ModbusBus::Failure;

constexpr auto kShortestPause = 200ms;
constexpr auto kLongestPause = 5'000ms;
constexpr auto kOfferAgain = 200ms;
constexpr int kAttempts = 2;
// A line on which one question in five goes wrong is worth a look, once enough were asked.
constexpr unsigned kRemembered = 200;
constexpr unsigned kFewest = 20;
constexpr unsigned kSpoiltShare = 5;

}  // namespace

ModbusLink::ModbusLink(Options options, FrameSink& sink)
    : options_(std::move(options)),
      sink_(sink),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      backoff_(kShortestPause) {
  for (const auto address : options_.units) units_.push_back({address});
}

ModbusLink::~ModbusLink() {
  stop();
}

void ModbusLink::start() {
  thread_ = std::thread([this] { run(); });
}

void ModbusLink::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

LinkState ModbusLink::state() const {
  const std::lock_guard lock(mutex_);
  LinkState state{options_.name, "modbus", up_, trouble_, frames_, bytes_};
  state.silent = silent_;
  return state;
}

void ModbusLink::run() {
  while (!stopping_) {
    if (!bus_ && !open()) {
      if (!pause(backoff_)) return;
      backoff_ = std::min(2 * backoff_, std::chrono::milliseconds(kLongestPause));
      continue;
    }
    const auto began = Clock::now();
    if (!round()) continue;
    const auto next = began + options_.interval;
    if (!pause(std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()))) return;
  }
}

/// False when stop() was called.
bool ModbusLink::pause(std::chrono::milliseconds span) const {
  pollfd source{wake_.get(), POLLIN, 0};
  (void)::poll(&source, 1, static_cast<int>(std::max(span, 0ms).count()));
  return !stopping_;
}

bool ModbusLink::open() {
  auto bus = ModbusBus::open(options_.bus, wake_.get());
  if (!bus) {
    say(false, bus.error().message);
    return false;
  }
  bus_ = std::move(*bus);
  tell();
  return true;
}

/// Asks every unit everything. False: the line was lost, or stop() was called.
bool ModbusLink::round() {
  for (auto& unit : units_) {
    const bool silent_before = silent(unit);
    if (!poll(unit)) {
      bus_.reset();
      if (!stopping_) {
        say(false, fmt::format("{} went away: check cable and power; it is opened again when it is back",
                               options_.bus.device.string()));
        (void)pause(backoff_);
        backoff_ = std::min(2 * backoff_, std::chrono::milliseconds(kLongestPause));
      }
      return false;
    }
    judge(unit, silent_before);
  }
  tell();
  return true;
}

/// False: the line was lost, or stop() was called.
bool ModbusLink::poll(Unit& unit) {
  bool answered = false;
  const std::size_t first = unit.first;
  for (std::size_t i = 0; i < options_.reads.size(); ++i) {
    unit.first = (first + i) % options_.reads.size();
    const auto& read = options_.reads[unit.first];
    const auto answer = ask(unit, read);
    if (answer) {
      answered = true;
      backoff_ = kShortestPause;
      keep(unit, read, *answer);
      // The answer to an earlier attempt may follow, which must not meet another question.
      const bool repeated = std::exchange(unit.open, false) && options_.reads.size() > 1;
      if (stopping_ || (repeated && !bus_->settle())) return false;
      continue;
    }
    if (answer.error() == Failure::line_lost || answer.error() == Failure::stopped) return false;
    unit.why = answer.error();
    // Its answer may still be on its way: nothing else is asked before the same question has been answered.
    // And each question to a unit that is not there costs the others time.
    unit.failed_rounds = answered ? 0 : unit.failed_rounds + 1;
    return true;
  }
  unit.first = 0;
  unit.failed_rounds = 0;
  return true;
}

tl::expected<std::string, Failure> ModbusLink::ask(Unit& unit, const ModbusRead& read) {
  // A unit that has been silent for long gets one chance a round.
  const int attempts = silent(unit) ? 1 : kAttempts;
  if (++asked_ >= kRemembered) {
    asked_ /= 2;
    spoilt_ /= 2;
  }
  for (int i = 1;; ++i) {
    auto answer = bus_->ask(unit.address, read);
    if (answer || answer.error() == Failure::line_lost || answer.error() == Failure::stopped) return answer;
    ++spoilt_;
    unit.open = true;
    if (i >= attempts) return answer;
  }
}

void ModbusLink::keep(const Unit& unit, const ModbusRead& read, const std::string& answer) {
  const std::string request = to_hex(modbus_request(unit.address, read));
  Frame frame;
  frame.link = options_.name;
  frame.topic = request;
  frame.payload = answer;
  frame.boot = options_.boot;
  frame.arrived = options_.boot_clock();
  while (!sink_.append(frame)) {
    say(true, "what arrives cannot be kept at the moment, so nothing is being asked");
    if (!pause(kOfferAgain)) return;
  }
  frames_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(answer.size(), std::memory_order_relaxed);
}

bool ModbusLink::silent(const Unit& unit) const {
  return unit.failed_rounds >= options_.rounds_to_silence;
}

std::string ModbusLink::words(const Unit& unit) const {
  return fmt::format("{} {} ({} rounds in a row)", modbus_unit_name(unit.address), to_string(unit.why),
                     unit.failed_rounds);
}

void ModbusLink::judge(const Unit& unit, bool silent_before) {
  if (silent(unit) == silent_before) return;
  log(silent_before ? modbus_unit_name(unit.address) + " answers again" : words(unit));
}

/// Puts what the units did into words for people.
void ModbusLink::tell() {
  std::map<std::string, std::string, std::less<>> missing;
  std::string list;
  for (const auto& unit : units_) {
    if (!silent(unit)) continue;
    missing[modbus_unit_name(unit.address)] =
        fmt::format("{} {}", modbus_unit_name(unit.address), to_string(unit.why));
    list += (list.empty() ? "" : "; ") + missing[modbus_unit_name(unit.address)];
  }
  const bool nobody = !units_.empty() && missing.size() == units_.size();
  std::string trouble = list;
  if (nobody) {
    trouble = fmt::format(
        "no unit answers on {} ({}): check power and address of the units, that A and B are not "
        "swapped, and that baud and format are theirs",
        options_.bus.device.string(), list);
  } else if (list.empty() && asked_ >= kFewest && spoilt_ * kSpoiltShare >= asked_) {
    trouble = fmt::format(
        "{} of the last {} questions on {} went wrong and were repeated: check the wiring and its "
        "termination",
        spoilt_, asked_, options_.bus.device.string());
  }
  {
    const std::lock_guard lock(mutex_);
    silent_ = std::move(missing);
  }
  say(!nobody, trouble);
}

void ModbusLink::say(bool up, const std::string& trouble) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    news = up_ != up;
    up_ = up;
    trouble_ = trouble;
  }
  if (news) log(up ? "asking the units on " + options_.bus.device.string() : trouble);
}

void ModbusLink::log(const std::string& text) const {
  if (options_.log) options_.log(fmt::format("link {}: {}", options_.name, text));
}

}  // namespace lintel::bridge::links
