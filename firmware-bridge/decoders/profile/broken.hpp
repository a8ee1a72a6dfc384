#pragma once

#include <string>
#include <utility>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders::profile {

/// Stands in for a profile that could not be loaded, so that whoever names it goes on receiving: every frame
/// is rejected with the reason, and can be decoded again once the file is repaired.
class Broken final : public Decoder {
 public:
  /// `reason` as a sentence for people, which names the file.
  Broken(std::string name, std::string reason) : name_(std::move(name)), reason_(std::move(reason)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view summary() const override { return reason_; }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  [[nodiscard]] bool recognises(const Frame&) const override { return false; }
  void decode(const Frame&, const DecodeSettings&, DecodeSession&, Decoded& out) const override {
    out.rejects.push_back({RejectKind::unsupported, reason_});
  }

 private:
  std::string name_;
  std::string reason_;
};

}  // namespace lintel::bridge::decoders::profile
