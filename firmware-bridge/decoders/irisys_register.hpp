#pragma once

#include <string>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// What a register of an Irisys counter says, as far as its name and the installation tell.
struct IrisysRegister {
  enum class Use {
    counts,   ///< people at `line`
    nothing,  ///< a zone, a dwell time, an excluded line, or not mapped where others are
    unknown,  ///< may well count people, but nobody said which way
  };
  Use use = Use::unknown;
  std::string line{};    ///< empty: the whole device
  bool out = false;      ///< the side of the line
  bool guessed = false;  ///< the side is not told by anything
};

/// `lines` are the installation's for that device; where there are any, only the registers they name count.
IrisysRegister irisys_register(std::string_view name, const LineMap& lines);

}  // namespace lintel::bridge::decoders
