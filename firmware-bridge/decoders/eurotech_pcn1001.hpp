#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Eurotech PCN-1001 and DynaPCN 10-01 passenger counters on RS-485, Small Network Protocol: one master asks,
/// slaves answer.
///
///   offset  bytes  SNP packet, no byte stuffing
///   0       1..5   FF, preamble: five are sent, but a line that turns round may swallow some
///   +0      1      01
///   +1      2      source, destination; destination FF: everybody, not answered
///   +3      2      number of packets in this message, number of this one, from 1
///   +5      2      n, low byte first, at most 1024
///   +7      n      command text, 00, values of 1, 2 or 4 bytes or texts
///   +7+n    2      CRC-16 over source to data, start value FFFF, low byte first
///   +9+n    1      FF
///
/// FF may also be data, and there is no stuffing, so only the checksum tells where a packet is.
///
/// The layout of the answer to `gcounters` is not in the documents that this was written from. Nobody is
/// counted until it is: an answer with values is rejected as `unsupported`, so that the bytes are kept and
/// can be decoded later. Everything else is accepted and counts nobody.
///
/// Source: PCN-1001 user manual 4.0, pages 87 to 89 (framing); DynaPCN RS-485 protocol 1-3 (names of
/// commands). That the checksum is the reflected one, as Modbus has it, is an assumption.
class EurotechPcn1001 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "eurotech-pcn1001"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Eurotech PCN-1001 and DynaPCN 10-01 passenger counters, SNP packets over RS-485 (framing only: "
           "nobody "
           "is counted)";
  }
  [[nodiscard]] Framing framing() const override { return Framing::packets; }
  [[nodiscard]] PacketCut next_packet(std::string_view bytes) const override;
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
