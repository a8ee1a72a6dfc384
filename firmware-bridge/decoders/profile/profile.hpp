#pragma once

#include <memory>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/decoders/profile/fields.hpp"

namespace lintel::bridge::decoders::profile {

struct Form;

/// A decoder that a JSON document describes; firmware-bridge/README.md has the language on a page,
/// firmware-bridge/profiles/profile.schema.json every key of it. Immutable and thread-safe.
///
/// Bounds, whatever document and payload somebody made up: payloads as in parse_json, texts of 4096 bytes,
/// 10,000 items and 10,000 observations a message, 20 rejects, work in proportion to items times statements.
class Profile final : public Decoder {
 public:
  explicit Profile(Form form);
  ~Profile() override;

  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::string_view summary() const override;
  [[nodiscard]] Framing framing() const override;
  /// Where the format is known from.
  [[nodiscard]] std::string_view source() const;
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;

 private:
  std::unique_ptr<const Form> form_;
};

}  // namespace lintel::bridge::decoders::profile
