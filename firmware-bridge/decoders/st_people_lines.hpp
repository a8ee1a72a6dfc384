#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Doorway counters built from microcontroller boards that print text over USB serial, one line a frame.
///
///   Walk In, People Count=N      event in; N = in - out since power-up, may be negative
///   Walk Out, People Count=N     event out
///   Starting...                  the board has restarted; N begins at 0 again
///   Start counting people with profile : NAME...   | state of the program
///   Wrong path                                     | and of the measurement:
///   Error in operating the device                  | nothing is counted
///   0,790,790,0,0                                  |
///   +  -                         event in, event out; several may stand in one line, since such boards
///                                do not always print line ends
///   17                           level: people present now
///
/// The format knows no identity, time, sequence or checksum. Other text is taken for debug output and
/// passed over, unless it could be a damaged count (it speaks of walking or counting, starts like a number,
/// has no words, or holds bytes that are no text): that is a reject, so that nothing is lost unseen. So is
/// a bare sign or number right after bytes that are no text, and from a board that prints sentences.
///
/// Sources: ST's X-NUCLEO-53L1A1 people-counting example V1.1.0 (460800 baud), two public sketches
/// (9600 baud). See tests/corpus/README.md.
class StPeopleLines final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "st-vl53l1x-arduino-lines"; }
  [[nodiscard]] std::string_view summary() const override {
    return "VL53L1X and light-barrier counters on Arduino or STM32 boards, text lines over USB serial";
  }
  [[nodiscard]] Framing framing() const override { return Framing::lines; }
  [[nodiscard]] bool stands_alone(std::string_view unfinished) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
