#include "firmware-bridge/links/modbus_bus.hpp"

#include <linux/serial.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Failure = ModbusBus::Failure;

constexpr auto kLeastGap = 2ms;
/// Adapters hand on what they hear in bursts, up to 16 ms apart.
constexpr auto kBurst = 50ms;
constexpr int kMostSettling = 10;  ///< answer times; a line that babbles is asked all the same
constexpr useconds_t kTurn = 1000;
constexpr unsigned kBitsOfCharacter = 11;
constexpr std::size_t kChecksum = 2;
constexpr unsigned kException = 0x80;

Result<void> let_kernel_turn(int fd, const std::filesystem::path& device) {
  serial_rs485 settings{};
  settings.flags = SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
  if (::ioctl(fd, TIOCSRS485, &settings) == 0) return {};
  return fail(
      ErrorKind::transient,
      fmt::format(
          "the driver of {} cannot turn an RS-485 line ({}): use rs485 = auto for an adapter that does "
          "so itself, or rs485 = rts",
          device.string(), std::generic_category().message(errno)));
}

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

bool belongs(std::string_view answer, std::uint8_t unit, const ModbusRead& read) {
  if (answer.size() < 3 + kChecksum || byte_at(answer, 0) != unit) return false;
  if (byte_at(answer, 1) == (read.function | kException)) return true;
  const std::size_t data =
      read.function <= 2 ? (read.count + std::size_t{7}) / 8 : read.count * std::size_t{2};
  return byte_at(answer, 1) == read.function && answer.size() == 3 + data + kChecksum;
}

}  // namespace

void ModbusBus::Free::operator()(_modbus* context) const {
  modbus_set_socket(context, -1);  // the port is ours to close
  modbus_free(context);
}

Result<std::unique_ptr<ModbusBus>> ModbusBus::open(const Options& options, int wake) {
  auto port = open_serial(options.device, options.format);
  if (!port) return tl::unexpected(port.error());
  // libmodbus waits with select, which writes beyond its set for greater descriptors.
  if (port->get() >= FD_SETSIZE)
    return fail(ErrorKind::transient, "too many files are open for a Modbus line");
  if (options.direction == LineDirection::kernel) {
    if (auto turned = let_kernel_turn(port->get(), options.device); !turned)
      return tl::unexpected(turned.error());
  }
  const auto& format = options.format;
  Context context(modbus_new_rtu(options.device.c_str(), static_cast<int>(format.baud), format.parity,
                                 format.data_bits, format.stop_bits));
  if (!context) {
    return fail(ErrorKind::transient, fmt::format("{} cannot become a Modbus line: {}",
                                                  options.device.string(), modbus_strerror(errno)));
  }
  modbus_set_socket(context.get(), port->get());
  if (options.direction == LineDirection::rts && modbus_rtu_set_rts(context.get(), MODBUS_RTU_RTS_UP) != 0) {
    return fail(ErrorKind::transient, fmt::format("{} has no RTS line that could be used: {}",
                                                  options.device.string(), modbus_strerror(errno)));
  }
  return std::unique_ptr<ModbusBus>(new ModbusBus(options, wake, std::move(*port), std::move(context)));
}

ModbusBus::ModbusBus(const Options& options, int wake, FileDescriptor port, Context context)
    : options_(options),
      wake_(wake),
      port_(std::move(port)),
      context_(std::move(context)),
      quiet_since_(Clock::now()) {
  const auto between = std::chrono::duration_cast<std::chrono::microseconds>(time_of(20) + kBurst);
  modbus_set_response_timeout(context_.get(), 0, 500'000);  // the first byte has come when this begins
  modbus_set_byte_timeout(context_.get(), static_cast<std::uint32_t>(between.count() / 1'000'000),
                          static_cast<std::uint32_t>(between.count() % 1'000'000));
}

ModbusBus::~ModbusBus() = default;

ModbusBus::Millis ModbusBus::time_of(unsigned characters) const {
  return Millis{1 + 1000 * kBitsOfCharacter * characters / options_.format.baud};
}

ModbusBus::Woken ModbusBus::wait(Millis most) const {
  const auto end = Clock::now() + most;
  while (true) {
    const auto left = std::chrono::ceil<Millis>(end - Clock::now());
    std::array<pollfd, 2> sources{{{port_.get(), POLLIN, 0}, {wake_, POLLIN, 0}}};
    const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(std::max(left, 0ms).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Woken::lost;
    if (sources[1].revents != 0) return Woken::stopped;
    if ((sources[0].revents & ~POLLIN) != 0) return Woken::lost;
    if (sources[0].revents != 0) return Woken::readable;
    return Woken::timeout;
  }
}

/// Waits until the line has been silent for long enough, and forgets what it heard meanwhile.
bool ModbusBus::keep_gap() {
  const auto gap = std::max({options_.gap, time_of(4), Millis{kLeastGap}});
  // A bus that is never silent, because somebody babbles, is asked all the same.
  const auto patience = Clock::now() + std::max(4 * gap, Millis{kBurst});
  while (true) {
    const auto due = quiet_since_ + gap;
    const auto now = Clock::now();
    if (now >= due || now >= patience) break;
    const auto woken = wait(std::chrono::ceil<Millis>(due - now));
    if (woken == Woken::stopped) return false;
    if (woken == Woken::lost) break;  // the question finds out
    if (woken == Woken::timeout) continue;
    ::tcflush(port_.get(), TCIFLUSH);
    quiet_since_ = Clock::now();
  }
  ::tcflush(port_.get(), TCIFLUSH);
  return true;
}

bool ModbusBus::settle() {
  const auto patience = Clock::now() + kMostSettling * options_.answer_timeout;
  while (Clock::now() < patience) {
    const auto woken = wait(2 * options_.answer_timeout);
    if (woken != Woken::readable) return woken != Woken::stopped;
    (void)::usleep(kTurn);  // not a turn for every byte
    ::tcflush(port_.get(), TCIFLUSH);
    quiet_since_ = Clock::now();
  }
  return true;
}

tl::expected<std::string, Failure> ModbusBus::ask(std::uint8_t unit, const ModbusRead& read) {
  if (!keep_gap()) return tl::unexpected(Failure::stopped);
  const std::string request = modbus_request(unit, read);
  if (auto sent = send(unit, request); !sent) return tl::unexpected(sent.error());
  const auto woken = wait(options_.answer_timeout + time_of(static_cast<unsigned>(request.size())));
  if (woken == Woken::stopped) return tl::unexpected(Failure::stopped);
  if (woken == Woken::lost) return tl::unexpected(Failure::line_lost);
  if (woken == Woken::timeout) return tl::unexpected(Failure::silent);
  auto answer = receive();
  quiet_since_ = Clock::now();
  if (answer && !belongs(*answer, unit, read)) return tl::unexpected(Failure::stranger);
  return answer;
}

tl::expected<void, Failure> ModbusBus::send(std::uint8_t unit, const std::string& request) {
  std::array<std::uint8_t, 8> raw{};
  const std::size_t length = request.size() - kChecksum;  // libmodbus adds the checksum
  std::copy_n(request.begin(), length, raw.begin());
  modbus_set_slave(context_.get(), unit);
  if (modbus_send_raw_request(context_.get(), raw.data(), static_cast<int>(length)) < 0)
    return tl::unexpected(Failure::line_lost);
  quiet_since_ = Clock::now();
  if (options_.echo) return swallow_echo(request);
  return {};
}

tl::expected<void, Failure> ModbusBus::swallow_echo(const std::string& request) {
  std::string heard;
  const auto end = Clock::now() + time_of(static_cast<unsigned>(request.size())) + 2 * kBurst;
  while (heard.size() < request.size()) {
    const auto woken = wait(std::chrono::ceil<Millis>(end - Clock::now()));
    if (woken == Woken::stopped) return tl::unexpected(Failure::stopped);
    if (woken == Woken::lost) return tl::unexpected(Failure::line_lost);
    if (woken == Woken::timeout) return tl::unexpected(Failure::silent);
    std::array<char, 8> bytes{};
    const auto got = ::read(port_.get(), bytes.data(), std::min(bytes.size(), request.size() - heard.size()));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return tl::unexpected(Failure::line_lost);
    heard.append(bytes.data(), static_cast<std::size_t>(got));
  }
  if (heard != request) return tl::unexpected(Failure::damaged);
  return {};
}

tl::expected<std::string, Failure> ModbusBus::receive() {
  std::array<std::uint8_t, MODBUS_MAX_ADU_LENGTH> bytes{};
  const int length = modbus_receive_confirmation(context_.get(), bytes.data());
  if (length > 0) return std::string(bytes.begin(), bytes.begin() + length);
  if (length == 0) return tl::unexpected(Failure::stranger);
  switch (errno) {
    case EMBBADCRC:
    case EMBBADDATA:
    case ETIMEDOUT: return tl::unexpected(Failure::damaged);
    default: return tl::unexpected(Failure::line_lost);
  }
}

const char* to_string(ModbusBus::Failure failure) {
  switch (failure) {
    case Failure::silent: return "does not answer";
    case Failure::damaged: return "answers with a wrong checksum";
    case Failure::stranger: return "gets another unit's answer";
    case Failure::line_lost: return "the line is gone";
    case Failure::stopped: return "stopped";
  }
  return "?";
}

}  // namespace lintel::bridge::links
