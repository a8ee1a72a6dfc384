#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace lintel::test {

/// What a file holds; empty where there is none.
inline std::string text_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

}  // namespace lintel::test
