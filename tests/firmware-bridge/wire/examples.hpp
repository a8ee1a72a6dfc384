#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace lintel::test {

/// An example of WIRE.md.
struct WireExample {
  std::string packet, line, says;
};

/// All of them, in the order of the page.
inline std::vector<WireExample> wire_examples() {
  std::vector<WireExample> all;
  std::ifstream page(LINTEL_SOURCE_DIR "/firmware-bridge/wire/WIRE.md");
  std::string* bytes = nullptr;
  bool inside = false;
  for (std::string text; std::getline(page, text);) {
    if (text.starts_with("```")) {
      inside = text == "```example";
      if (inside) all.emplace_back();
      continue;
    }
    if (!inside) continue;
    const auto word = text.substr(0, 7);
    if (word == "says   ") {
      all.back().says = text.substr(7);
      continue;
    }
    if (word == "packet ") bytes = &all.back().packet;
    if (word == "line   ") bytes = &all.back().line;
    std::istringstream hex(text.substr(7));
    for (std::string byte; hex >> byte;) bytes->push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
  }
  return all;
}

}  // namespace lintel::test
