#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lintel::test {

/// What a decoder says about one uplink, a line for each thing said; blanks in the hex are for the reader.
std::vector<std::string> uplink_lines(std::string_view decoder, std::string_view hex,
                                      std::optional<std::uint8_t> port = {});

bool recognises(std::string_view decoder, std::string_view hex, std::optional<std::uint8_t> port = {});

}  // namespace lintel::test
