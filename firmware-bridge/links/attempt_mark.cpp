#include "firmware-bridge/links/attempt_mark.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <new>
#include <system_error>

#include "firmware-bridge/links/file_descriptor.hpp"

namespace lintel::bridge::links {

/// The file, in the machine's byte order.
struct AttemptMark::Page {
  struct Suspect {
    std::uint64_t segment;
    std::uint64_t offset;
    std::uint64_t ends;
  };
  std::uint64_t magic;
  std::atomic<std::uint64_t> marked;  // 1 while a frame is being decoded
  std::uint64_t segment;
  std::uint64_t offset;
  std::array<Suspect, 8> suspects;
};

namespace {
constexpr std::uint64_t kMagic = 0x6c6e746c61747431;  // "lntlatt1"
}

Result<std::unique_ptr<AttemptMark>> AttemptMark::open(const std::filesystem::path& dir) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  const auto file = dir / "attempt";
  const auto failed = [&] {
    return fail(ErrorKind::misconfigured, "cannot use " + file.string() + ": " +
                                              std::generic_category().message(errno) +
                                              "; check the owner of [gateway] spool_dir");
  };
  const FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!fd) return failed();
  // With blocks behind it: on a full disk a store into a hole would end the process.
  errno = ::posix_fallocate(fd.get(), 0, sizeof(Page));
  if (errno != 0) return failed();
  void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return failed();
  auto* page = static_cast<Page*>(memory);
  if (page->magic != kMagic) {
    new (memory) Page{};
    page->magic = kMagic;
  } else if (page->marked.exchange(0) == 1) {
    auto& suspects = page->suspects;
    auto found = std::find_if(suspects.begin(), suspects.end(), [&](const Page::Suspect& suspect) {
      return suspect.segment == page->segment && suspect.offset == page->offset;
    });
    if (found == suspects.end()) {
      std::rotate(suspects.begin(), suspects.end() - 1, suspects.end());  // the oldest makes room
      found = suspects.begin();
      *found = {page->segment, page->offset, 0};
    }
    ++found->ends;
  }
  return std::unique_ptr<AttemptMark>(new AttemptMark(page));
}

AttemptMark::~AttemptMark() {
  ::munmap(page_, sizeof(Page));
}

void AttemptMark::begin(Position position) noexcept {
  page_->segment = position.segment;
  page_->offset = position.offset;
  page_->marked.store(1, std::memory_order_release);
}

void AttemptMark::end() noexcept {
  page_->marked.store(0, std::memory_order_release);
}

int AttemptMark::attempts(Position position) const noexcept {
  for (const auto& suspect : page_->suspects) {
    if (suspect.ends > 0 && suspect.segment == position.segment && suspect.offset == position.offset) {
      return static_cast<int>(suspect.ends);
    }
  }
  return 0;
}

}  // namespace lintel::bridge::links
