#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// The decoders by name: those of the build and, at will, more. Decoders have no state; they live as long as
/// the registry. Thread-safe once nothing is added any more.
class Registry {
 public:
  /// The decoders of this build, the profiles in it included, without those of anybody's files.
  static const Registry& built_in();

  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Everything this build can decode, to be added to.
  static std::unique_ptr<Registry> with_built_in();

  /// False, and nothing is added, if one of that name is there.
  bool add(std::unique_ptr<const Decoder> decoder);

  /// Sorted by name.
  [[nodiscard]] const std::vector<std::unique_ptr<const Decoder>>& all() const { return decoders_; }

  /// The decoder of that exact name, or null.
  [[nodiscard]] const Decoder* find(std::string_view name) const;

 private:
  std::vector<std::unique_ptr<const Decoder>> decoders_;
};

}  // namespace lintel::bridge::decoders
