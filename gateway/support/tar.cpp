// ustar: a header of 512 bytes, the content in blocks of 512, two empty blocks at the end.
//   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8
//   156 type 1 | 157 linkname 100 | 257 "ustar\0" "00" | 265 user 32 | 297 group 32 | 329 devices 16 | 345
//   prefix
// Numbers are octal digits; the checksum is the sum of all bytes with its own field as blanks.
#include "gateway/support/tar.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "firmware-bridge/core/gzip.hpp"

namespace lintel::support {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestName = 99;

using Header = std::array<char, kBlock>;

void put(Header& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

void add(std::string& archive, const Part& part, std::int64_t seconds) {
  Header header{};
  put(header, 0, std::string_view(part.name).substr(0, kLongestName));
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, fmt::format("{:011o}", part.text.size()));
  put(header, 136, fmt::format("{:011o}", std::max<std::int64_t>(seconds, 0)));
  put(header, 148, "        ");
  put(header, 156, "0");
  put(header, 257, std::string_view("ustar\00000", 8));
  put(header, 265, "root");
  put(header, 297, "root");
  const auto sum = std::accumulate(header.begin(), header.end(), 0U, [](unsigned total, char c) {
    return total + static_cast<unsigned char>(c);
  });
  put(header, 148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  archive.append(header.data(), header.size());
  archive += part.text;
  archive.append((kBlock - part.text.size() % kBlock) % kBlock, '\0');
}

}  // namespace

Result<std::string> tar_gz(const std::vector<Part>& parts, std::int64_t seconds) {
  std::string archive;
  for (const auto& part : parts) add(archive, part, seconds);
  archive.append(2 * kBlock, '\0');
  constexpr int kSmall = 9;
  auto packed = bridge::gzip(archive, kSmall);
  if (!packed) return fail(ErrorKind::transient, "there is not enough memory to pack the bundle");
  return std::move(*packed);
}

}  // namespace lintel::support
