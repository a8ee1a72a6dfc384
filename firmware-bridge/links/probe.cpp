#include "firmware-bridge/links/probe.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/links/modbus_bus.hpp"

namespace lintel::bridge::links {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kEnough = 5;      ///< recognised frames: no need to listen on
constexpr std::size_t kFewestText = 8;  ///< bytes; fewer are text by chance
constexpr std::size_t kLongestSample = 60;
constexpr auto kAnswerTimeout = 150ms;

bool printable(char c) {
  return (c >= ' ' && c <= '~') || c == '\t' || c == '\r' || c == '\n';
}

std::string sample_of(std::string_view bytes) {
  const bool text = std::all_of(bytes.begin(), bytes.end(), printable);
  return text ? std::string(bytes.substr(0, kLongestSample)) : to_hex(bytes.substr(0, kLongestSample / 2));
}

/// One decoder that listens.
class Ear {
 public:
  explicit Ear(const Decoder& decoder) : decoder_(&decoder), framer_(decoder) {}

  void hear(std::string_view bytes) {
    framer_.feed(bytes, [this](std::string_view frame, bool) { look(frame); });
  }
  [[nodiscard]] bool sure() const { return recognised_ >= kEnough; }

  /// What it makes of all it heard; nothing where most of that was not its own.
  [[nodiscard]] std::optional<ProbeFinding> finding(const SerialFormat& format) const {
    if (recognised_ == 0 || 2 * recognised_ < frames_) return std::nullopt;
    return ProbeFinding{format,
                        std::string(decoder_->name()),
                        std::string(decoder_->summary()),
                        recognised_,
                        frames_,
                        framer_.packets(),
                        sample_};
  }

 private:
  void look(std::string_view bytes) {
    ++frames_;
    Frame frame;
    frame.payload = bytes;
    if (!decoder_->recognises(frame)) return;
    if (recognised_++ == 0) sample_ = sample_of(bytes);
  }

  const Decoder* decoder_;
  StreamFramer framer_;
  std::size_t frames_ = 0;
  std::size_t recognised_ = 0;
  std::string sample_;
};

/// Text that no decoder may know, which still tells that speed and format are right.
class TextEar {
 public:
  void hear(std::string_view bytes) {
    bytes_ += bytes.size();
    printable_ += static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), printable));
    lines_ += static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (sample_.size() < kLongestSample) sample_ += bytes.substr(0, kLongestSample - sample_.size());
  }
  [[nodiscard]] std::optional<ProbeFinding> finding(const SerialFormat& format) const {
    if (bytes_ < kFewestText || 20 * printable_ < 19 * bytes_) return std::nullopt;
    std::string sample = sample_.substr(0, sample_.find_last_not_of("\r\n") + 1);
    for (char& c : sample) c = c >= ' ' && c <= '~' ? c : ' ';
    return ProbeFinding{format,           "", "readable text that no decoder recognises", 0, lines_, false,
                        std::move(sample)};
  }

 private:
  std::size_t bytes_ = 0, printable_ = 0, lines_ = 0;
  std::string sample_;
};

Result<void> retune(int fd, const std::filesystem::path& device, const SerialFormat& format) {
  if (set_raw(fd, format)) {
    ::tcflush(fd, TCIFLUSH);
    return {};
  }
  return fail(ErrorKind::transient, fmt::format("{} cannot do {} baud: {}", device.string(), format.baud,
                                                std::generic_category().message(errno)));
}

/// False: the device has gone.
bool listen(int fd, const ProbeOptions& options, std::vector<Ear>& ears, TextEar& text) {
  const auto end = Clock::now() + options.listen;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left <= 0ms || std::any_of(ears.begin(), ears.end(), [](const Ear& ear) { return ear.sure(); }))
      return true;
    pollfd source{fd, POLLIN, 0};
    if (::poll(&source, 1, static_cast<int>(left.count())) <= 0) continue;
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return false;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    for (auto& ear : ears) ear.hear(bytes);
    text.hear(bytes);
  }
}

Result<void> listen_to_all(const std::filesystem::path& device, const ProbeOptions& options,
                           std::vector<ProbeFinding>& found) {
  // Opened once: many boards restart when their port is opened.
  auto port = open_serial(device, options.formats.front());
  if (!port) return tl::unexpected(port.error());
  for (const auto& format : options.formats) {
    if (options.progress) options.progress(format);
    if (!retune(port->get(), device, format)) continue;  // not every adapter can do every speed
    std::vector<Ear> ears;
    for (const auto* decoder : options.decoders) {
      const bool stream = decoder->framing() == Framing::lines || decoder->framing() == Framing::packets;
      if (stream) ears.emplace_back(*decoder);
    }
    TextEar text;
    if (!listen(port->get(), options, ears, text))
      return fail(ErrorKind::transient,
                  device.string() + " went away while it was listened to: check its cable");
    const auto before = found.size();
    for (const auto& ear : ears)
      if (auto finding = ear.finding(format)) found.push_back(std::move(*finding));
    if (found.size() > before) continue;
    if (auto finding = text.finding(format)) found.push_back(std::move(*finding));
  }
  return {};
}

/// What a unit answers to the first question of a decoder.
std::optional<ProbeFinding> ask(ModbusBus& bus, const SerialFormat& format, const Decoder& decoder,
                                std::uint8_t unit) {
  const auto reads = decoder.reads();
  if (reads.empty()) return std::nullopt;
  const auto answer = bus.ask(unit, reads.front());
  if (!answer) return std::nullopt;
  const std::string request = to_hex(modbus_request(unit, reads.front()));
  Frame frame;
  frame.topic = request;
  frame.payload = *answer;
  const bool own = decoder.recognises(frame);
  return ProbeFinding{
      format,
      own ? std::string(decoder.name()) : std::string(),
      fmt::format("a Modbus unit at address {} answers{}", unit, own ? "" : ", but as another device"),
      own ? std::size_t{1} : 0,
      1,
      true,
      to_hex(*answer)};
}

Result<void> ask_all(const std::filesystem::path& device, const ProbeOptions& options,
                     std::vector<ProbeFinding>& found) {
  const FileDescriptor never(::eventfd(0, EFD_CLOEXEC));
  for (const auto& format : options.formats) {
    if (options.progress) options.progress(format);
    ModbusBus::Options bus_options{device, format};
    bus_options.answer_timeout = kAnswerTimeout;
    auto bus = ModbusBus::open(bus_options, never.get());
    if (!bus) return tl::unexpected(bus.error());
    const auto before = found.size();
    for (const auto unit : options.units) {
      for (const auto* decoder : options.decoders) {
        if (decoder->framing() != Framing::modbus) continue;
        if (auto finding = ask(**bus, format, *decoder, unit)) found.push_back(std::move(*finding));
      }
    }
    if (found.size() > before) break;  // a bus has one speed
  }
  return {};
}

int rank(const ProbeFinding& finding) {
  return (finding.decoder.empty() ? 2 : 0) + (finding.checked ? 0 : 1);
}

}  // namespace

std::vector<SerialFormat> ProbeOptions::usual_formats() {
  std::vector<SerialFormat> formats;
  for (const unsigned baud : {115200U, 9600U, 256000U, 460800U, 19200U, 57600U, 38400U, 4800U, 2400U})
    formats.push_back({baud, 8, 'N', 1});
  formats.push_back({9600, 8, 'E', 1});
  formats.push_back({19200, 8, 'E', 1});
  formats.push_back({9600, 7, 'E', 1});
  return formats;
}

Result<std::vector<ProbeFinding>> probe_port(const std::filesystem::path& device,
                                             const ProbeOptions& options) {
  std::vector<ProbeFinding> found;
  if (options.formats.empty()) return found;
  const auto done =
      options.units.empty() ? listen_to_all(device, options, found) : ask_all(device, options, found);
  if (!done) return tl::unexpected(done.error());
  std::stable_sort(found.begin(), found.end(), [](const ProbeFinding& a, const ProbeFinding& b) {
    return std::pair(rank(a), b.recognised) < std::pair(rank(b), a.recognised);
  });
  return found;
}

}  // namespace lintel::bridge::links
