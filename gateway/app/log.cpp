#include "gateway/app/log.hpp"

#include <cstdio>
#include <string>

namespace lintel::app {

void log(std::string_view text) {
  std::string line(text);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);  // one call: stdio locks the stream for its length
}

}  // namespace lintel::app
