#include "schema/tools/archive_file.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMagic = "LINTELA1";
constexpr std::size_t kPiece = 64 * 1024, kMostHead = 1024 * 1024;
constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kNonce = crypto_secretstream_xchacha20poly1305_HEADERBYTES;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::array<char, 4> length_bytes(std::size_t length) {
  std::array<char, 4> four{};
  for (std::size_t i = 0; i < 4; ++i) four[i] = static_cast<char>(length >> (8 * i));
  return four;
}

std::size_t length_of(std::string_view four) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(four[i])) << (8 * i);
  return length;
}

std::string hex(const unsigned char* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", data[i]);
  return text;
}

void prepare() {
  if (sodium_init() < 0) std::abort();  // no randomness on this machine
}

}  // namespace

struct ArchiveWriter::State {
  fs::path file, part;
  int out = -1;
  std::string head;
  crypto_secretstream_xchacha20poly1305_state seal{};
  crypto_hash_sha256_state hash{};
  z_stream zip{};
  std::string waiting;  ///< compressed, not sealed yet
  std::int64_t written = 0;

  ~State() {
    deflateEnd(&zip);
    if (out >= 0) ::close(out);
    if (!part.empty()) ::unlink(part.c_str());
    sodium_memzero(&seal, sizeof seal);
  }

  Result<void> put(std::string_view text) {
    crypto_hash_sha256_update(&hash, bytes(text), text.size());
    written += static_cast<std::int64_t>(text.size());
    while (!text.empty()) {
      const auto count = ::write(out, text.data(), text.size());
      if (count <= 0)
        return fail(ErrorKind::transient,
                    fmt::format("{} cannot be written: {}", part.string(), std::strerror(errno)));
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> seal_piece(std::string_view piece, bool last) {
    std::string sealed(piece.size() + kOverhead, '\0');
    crypto_secretstream_xchacha20poly1305_push(&seal, bytes(sealed), nullptr, bytes(piece), piece.size(),
                                               bytes(head), head.size(),
                                               last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    const auto length = length_bytes(sealed.size());
    if (auto put_length = put({length.data(), length.size()}); !put_length) return put_length;
    return put(sealed);
  }

  Result<void> compress(std::string_view text, int how) {
    std::string room(kPiece, '\0');
    zip.next_in = const_cast<unsigned char*>(
        bytes(text));  // NOLINT(cppcoreguidelines-pro-type-const-cast): zlib's interface
    zip.avail_in = static_cast<unsigned>(text.size());
    do {
      zip.next_out = bytes(room);
      zip.avail_out = static_cast<unsigned>(room.size());
      deflate(&zip, how);
      waiting.append(room, 0, room.size() - zip.avail_out);
    } while (zip.avail_out == 0);
    while (waiting.size() > kPiece) {
      if (auto sealed = seal_piece(std::string_view(waiting).substr(0, kPiece), false); !sealed)
        return sealed;
      waiting.erase(0, kPiece);
    }
    return {};
  }
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;
ArchiveWriter::~ArchiveWriter() = default;

Result<ArchiveWriter> ArchiveWriter::create(const fs::path& file, const json& head, std::string_view key) {
  prepare();
  if (fs::exists(file))
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is there already: it is not overwritten", file.string()));
  auto state = std::make_unique<State>();
  state->file = file;
  const auto part = fs::path(file.string() + ".part");
  // Of a call that was cut nothing is of use, and whoever may read that file must not read this one.
  ::unlink(part.c_str());
  state->out = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (state->out < 0)
    return fail(ErrorKind::misconfigured,
                fmt::format("{} cannot be written: {}", part.string(), std::strerror(errno)));
  state->part = part;
  state->head = head.dump();
  deflateInit2(&state->zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  crypto_hash_sha256_init(&state->hash);
  std::string nonce(kNonce, '\0');
  crypto_secretstream_xchacha20poly1305_init_push(&state->seal, bytes(nonce), bytes(key));
  const auto length = length_bytes(state->head.size());
  for (const std::string_view piece : {kMagic, std::string_view(length.data(), length.size()),
                                       std::string_view(state->head), std::string_view(nonce)}) {
    if (auto put = state->put(piece); !put) return tl::unexpected(put.error());
  }
  return ArchiveWriter(std::move(state));
}

Result<void> ArchiveWriter::write(std::string_view text) {
  return state_->compress(text, Z_NO_FLUSH);
}

Result<ArchiveWriter::Written> ArchiveWriter::finish() {
  auto& state = *state_;
  if (auto done = state.compress({}, Z_FINISH); !done) return tl::unexpected(done.error());
  if (auto sealed = state.seal_piece(state.waiting, true); !sealed) return tl::unexpected(sealed.error());
  const bool flushed = ::fsync(state.out) == 0 && ::close(state.out) == 0;
  state.out = -1;
  if (!flushed || ::rename(state.part.c_str(), state.file.c_str()) != 0)
    return fail(ErrorKind::transient,
                fmt::format("{} cannot be written: {}", state.file.string(), std::strerror(errno)));
  state.part.clear();
  const auto folder = state.file.has_parent_path() ? state.file.parent_path() : fs::path(".");
  if (const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); handle >= 0) {
    ::fsync(handle);
    ::close(handle);
  }
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state.hash, digest.data());
  return Written{state.written, hex(digest.data(), digest.size())};
}

struct ArchiveReader::State {
  std::string name;
  std::ifstream in;
  std::string head;
  crypto_secretstream_xchacha20poly1305_state seal{};
  crypto_hash_sha256_state hash{};
  z_stream zip{};
  std::string opened, room;
  bool last = false, ended = false;

  ~State() {
    inflateEnd(&zip);
    sodium_memzero(&seal, sizeof seal);
  }

  [[nodiscard]] tl::unexpected<Error> broken(std::string_view why) const {
    return fail(ErrorKind::corrupt, fmt::format("{}: {}", name, why));
  }

  /// Exactly so many bytes, or nothing at the end of the file.
  std::string take(std::size_t count) {
    std::string text(count, '\0');
    in.read(text.data(), static_cast<std::streamsize>(count));
    text.resize(static_cast<std::size_t>(in.gcount()));
    crypto_hash_sha256_update(&hash, bytes(std::string_view(text)), text.size());
    return text;
  }

  Result<void> begin() {
    if (!in) return fail(ErrorKind::misconfigured, fmt::format("{} cannot be read", name));
    if (take(kMagic.size()) != kMagic) return broken("this is no archive of lintel-hq");
    const auto four = take(4);
    const auto length = four.size() == 4 ? length_of(four) : kMostHead + 1;
    if (length > kMostHead) return broken("its head makes no sense");
    head = take(length);
    if (head.size() != length || !json::accept(head)) return broken("its head makes no sense");
    return {};
  }

  /// Opens the next piece into `opened`.
  Result<void> next() {
    constexpr auto kChanged =
        "it was changed or cut, or the key is another one: nothing of it can be trusted";
    const auto four = take(4);
    const auto length = four.size() == 4 ? length_of(four) : 0;
    if (length < kOverhead || length > kPiece + kOverhead) return broken(kChanged);
    const auto sealed = take(length);
    if (sealed.size() != length) return broken(kChanged);
    opened.resize(length - kOverhead);
    unsigned char tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(&seal, bytes(opened), nullptr, &tag,
                                                   bytes(std::string_view(sealed)), sealed.size(),
                                                   bytes(std::string_view(head)), head.size()) != 0)
      return broken(kChanged);
    last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (last && in.peek() != std::ifstream::traits_type::eof())
      return broken("something follows its end: it was changed");
    zip.next_in = bytes(opened);
    zip.avail_in = static_cast<unsigned>(opened.size());
    return {};
  }
};

ArchiveReader::ArchiveReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

Result<json> archive_head(const fs::path& file) {
  prepare();
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::misconfigured, fmt::format("{} cannot be read", file.string()));
  std::string start(kMagic.size() + 4, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  const auto no_archive =
      fail(ErrorKind::corrupt, fmt::format("{}: this is no archive of lintel-hq", file.string()));
  if (!in || !start.starts_with(kMagic)) return no_archive;
  const auto length = length_of(std::string_view(start).substr(kMagic.size()));
  if (length > kMostHead) return no_archive;
  std::string head(length, '\0');
  in.read(head.data(), static_cast<std::streamsize>(length));
  auto parsed = json::parse(head, nullptr, false);
  if (!in || !parsed.is_object()) return no_archive;
  return parsed;
}

Result<ArchiveReader> ArchiveReader::open(const fs::path& file, std::string_view key) {
  prepare();
  auto state = std::make_unique<State>();
  state->name = file.string();
  state->in.open(file, std::ios::binary);
  crypto_hash_sha256_init(&state->hash);
  inflateInit2(&state->zip, 15 + 16);
  if (auto begun = state->begin(); !begun) return tl::unexpected(begun.error());
  const auto nonce = state->take(kNonce);
  if (nonce.size() != kNonce) return state->broken("it was cut");
  crypto_secretstream_xchacha20poly1305_init_pull(&state->seal, bytes(std::string_view(nonce)), bytes(key));
  state->room.resize(kPiece);
  return ArchiveReader(std::move(state));
}

Result<std::string_view> ArchiveReader::read() {
  auto& state = *state_;
  while (!state.ended) {
    if (state.zip.avail_in == 0) {
      if (state.last) return state.broken("it ends in the middle");
      if (auto next = state.next(); !next) return tl::unexpected(next.error());
    }
    state.zip.next_out = bytes(state.room);
    state.zip.avail_out = static_cast<unsigned>(state.room.size());
    const int how = inflate(&state.zip, Z_NO_FLUSH);
    if (how == Z_STREAM_END) {
      // An empty piece may be all that is left.
      if (!state.last) {
        if (auto next = state.next(); !next) return tl::unexpected(next.error());
      }
      if (!state.last || state.zip.avail_in > 0) return state.broken("something follows its content");
      state.ended = true;
    } else if (how != Z_OK && how != Z_BUF_ERROR) {
      return state.broken("its content cannot be read");
    }
    const auto size = state.room.size() - state.zip.avail_out;
    if (size > 0) return std::string_view(state.room).substr(0, size);
  }
  return std::string_view();
}

std::string ArchiveReader::checksum() {
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256_final(&state_->hash, digest.data());
  return hex(digest.data(), digest.size());
}

std::string key_name(std::string_view key) {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest{};
  crypto_generichash(digest.data(), digest.size(), bytes(key), key.size(), nullptr, 0);
  return hex(digest.data(), 8);
}

Result<std::string> key_of(std::string_view text) {
  if (text.starts_with("\\x")) text.remove_prefix(2);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string key(kArchiveKeyBytes, '\0');
  std::size_t length = 0;
  if (text.size() != 2 * kArchiveKeyBytes ||
      sodium_hex2bin(bytes(key), key.size(), text.data(), text.size(), nullptr, &length, nullptr) != 0 ||
      length != key.size())
    return fail(ErrorKind::misconfigured,
                "this is no key: it has 64 hexadecimal digits (lintel-hq archive key)");
  return key;
}

}  // namespace lintel::hq
