#include "firmware-bridge/core/gzip.hpp"

#include <zlib.h>

namespace lintel::bridge {

std::optional<std::string> gzip(std::string_view bytes, int level) {
  constexpr int kWindow = 15 + 16;  // the largest, in gzip's frame
  constexpr int kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    return std::nullopt;
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return whole ? std::optional(std::move(packed)) : std::nullopt;
}

}  // namespace lintel::bridge
