#include "gateway/evidence/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <system_error>
#include <tuple>

#include <fmt/format.h>
#include <zlib.h>
#include <nlohmann/json.hpp>

namespace lintel::evidence {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kParts = 16;  // files that the limit is spread over
constexpr std::string_view kSuffix = ".jsonl.gz";
/// A clock that is put right takes a file's name out of order by as much: look so far beside the names.
constexpr Millis kBeside = std::chrono::days{2};

std::string name_of(UtcMs arrival) {
  return fmt::format("{:015d}{}", count_ms(arrival), kSuffix);
}

std::optional<UtcMs> arrival_of(const fs::path& file) {
  const auto name = file.filename().string();
  if (!name.ends_with(kSuffix)) return std::nullopt;
  std::int64_t ms = 0;
  const auto digits = name.size() - kSuffix.size();
  const auto [end, error] = std::from_chars(name.data(), name.data() + digits, ms);
  if (error != std::errc() || end != name.data() + digits) return std::nullopt;
  return utc_ms(ms);
}

/// By the arrival of their first frame.
std::map<UtcMs, fs::path> files_in(const fs::path& dir) {
  std::map<UtcMs, fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    if (const auto arrival = arrival_of(it->path())) files.emplace(*arrival, it->path());
  }
  return files;
}

Error refused(const fs::path& file, int error) {
  return {ErrorKind::rejected,
          fmt::format("cannot write {}: {}", file.string(), std::generic_category().message(error))};
}

/// Calls `f` for each line of a file of gzip members; false from it ends that.
template <class F>
void each_line(const fs::path& file, F&& f) {
  const gzFile in = gzopen(file.c_str(), "rb");
  if (in == nullptr) return;
  std::array<char, 1 << 16> buffer;
  std::string rest;
  bool go_on = true;
  while (go_on) {
    const int got = gzread(in, buffer.data(), buffer.size());
    if (got <= 0) break;
    rest.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; go_on && (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1)
      go_on = f(std::string_view(rest).substr(begin, end - begin));
    rest.erase(0, begin);
  }
  gzclose(in);
}

/// By the beginning of a line, as to_line() writes it.
bool arrived_in(std::string_view line, UtcMs from, UtcMs to) {
  constexpr std::string_view kAt = R"({"at":)";
  std::int64_t ms = 0;
  if (!line.starts_with(kAt)) return true;
  std::from_chars(line.data() + kAt.size(), line.data() + line.size(), ms);
  return utc_ms(ms) >= from && utc_ms(ms) < to;
}

std::uint64_t lost_in(std::string_view line) {
  constexpr std::string_view kLost = R"({"lost":)";
  std::uint64_t lost = 0;
  if (line.starts_with(kLost)) std::from_chars(line.data() + kLost.size(), line.data() + line.size(), lost);
  return lost;
}

}  // namespace

fs::path directory(const fs::path& state_dir) {
  return state_dir / "evidence";
}

Result<void> Files::make_room(std::uint64_t bytes) {
  auto files = files_in(options_.dir);
  std::error_code error;
  std::uint64_t total = bytes;
  for (const auto& [arrival, file] : files) {
    const auto size = fs::file_size(file, error);
    if (!error) total += size;
  }
  const auto space = [&] {
    const auto info = fs::space(options_.dir, error);
    return error ? std::uint64_t{0} : static_cast<std::uint64_t>(info.available);
  };
  while (!files.empty() && (total > options_.limit_bytes || space() < options_.spare_bytes + bytes)) {
    const auto oldest = files.begin()->second;
    total -= std::min<std::uint64_t>(total, fs::file_size(oldest, error));
    fs::remove(oldest, error);
    if (oldest == current_) current_.clear();
    files.erase(files.begin());
  }
  if (space() < options_.spare_bytes + bytes) {
    return fail(ErrorKind::rejected, fmt::format("{} has less than {} MB left, which are kept for readings",
                                                 options_.dir.string(), options_.spare_bytes >> 20));
  }
  return {};
}

Result<void> Files::append(UtcMs first_arrival, std::string_view member) {
  std::error_code error;
  fs::create_directories(options_.dir, error);
  if (error) return tl::unexpected(refused(options_.dir, error.value()));
  if (auto room = make_room(member.size()); !room) return room;
  if (written_ > options_.limit_bytes / kParts) current_.clear();
  if (current_.empty()) {
    for (auto name = first_arrival;; name += Millis{1}) {
      current_ = options_.dir / name_of(name);
      if (!fs::exists(current_, error)) break;
    }
    written_ = 0;
  }
  const int file = ::open(current_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return tl::unexpected(refused(current_, errno));
  // Where a write has stopped in the middle, the next one begins again.
  const auto wrote = ::pwrite(file, member.data(), member.size(), static_cast<off_t>(written_));
  const int why = errno;
  ::close(file);
  if (wrote != static_cast<ssize_t>(member.size()))
    return tl::unexpected(refused(current_, wrote < 0 ? why : ENOSPC));
  written_ += member.size();
  return {};
}

Found find(const fs::path& dir, UtcMs from, UtcMs to, std::string_view serial,
           const std::function<bool(const Record&)>& wanted, std::size_t limit) {
  Found found;
  // Most lines are about others: they are not worth parsing.
  const auto mention = nlohmann::json(serial).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto files = files_in(dir);
  // A frame that was taken again after a rollback stands there twice: what became of it is said last.
  std::map<std::tuple<UtcMs, std::uint64_t, std::uint64_t, std::string, std::string>, Record> records;
  for (auto file = files.begin(); file != files.end(); ++file) {
    const auto next = std::next(file);
    if (file->first >= to + kBeside || (next != files.end() && next->first + kBeside < from)) continue;
    each_line(file->second, [&](std::string_view line) {
      if (const auto lost = lost_in(line); lost > 0) {
        found.lost += lost;
        return true;
      }
      Record record;
      if (line.find(mention) == std::string_view::npos || !arrived_in(line, from, to)) return true;
      if (!from_line(line, record) || record.arrival < from || record.arrival >= to || !wanted(record))
        return true;
      auto key = std::tuple(record.arrival, record.segment, record.offset, record.link, record.payload);
      records.insert_or_assign(std::move(key), std::move(record));
      found.more = records.size() > limit;
      return !found.more;
    });
    if (found.more) break;
  }
  for (auto& [key, record] : records) {
    if (found.records.size() < limit) found.records.push_back(std::move(record));
  }
  return found;
}

std::optional<UtcMs> oldest(const fs::path& dir) {
  const auto files = files_in(dir);
  return files.empty() ? std::nullopt : std::optional(files.begin()->first);
}

}  // namespace lintel::evidence
