#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/serial_port.hpp"

namespace lintel::bridge::links {

/// What was heard on a port at one speed and format.
struct ProbeFinding {
  SerialFormat format;
  std::string decoder;         ///< that recognises it; empty: text, or a Modbus unit, that no decoder claims
  std::string what;            ///< in words
  std::size_t recognised = 0;  ///< frames
  std::size_t frames = 0;      ///< that were heard in all
  bool checked = false;        ///< proved by a checksum or a fixed frame, not by looking like text
  std::string sample;          ///< a frame as printable text, or in hex
};

struct ProbeOptions {
  std::vector<const Decoder*>
      decoders;  ///< their framing is tried, and they are asked whether they recognise a frame
  std::vector<SerialFormat> formats = usual_formats();
  std::chrono::milliseconds listen{1500};  ///< to each format
  /// Modbus units to be asked. Asking sends bytes to whatever is on the line, so nobody is asked unless named
  /// here.
  std::vector<std::uint8_t> units{};
  std::function<void(const SerialFormat&)> progress{};  ///< before each format; may be empty

  static std::vector<SerialFormat> usual_formats();
};

/// Opens a port that nobody uses, listens at one speed after the other, and says what it heard, the surest
/// first: binary formats and Modbus, then lines of text that a decoder recognises, then text that none does.
/// Blocks for formats times listen, less where something is recognised soon. Errors are those of open_serial.
Result<std::vector<ProbeFinding>> probe_port(const std::filesystem::path& device,
                                             const ProbeOptions& options);

}  // namespace lintel::bridge::links
