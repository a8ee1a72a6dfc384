#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "gateway/enrol/identity_file.hpp"
#include "tests/gateway/enrol/cards.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using namespace lintel::enrol;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

unsigned mode_of(const std::filesystem::path& file) {
  struct stat there {};
  REQUIRE(::stat(file.c_str(), &there) == 0);
  return there.st_mode & 0777;
}

Identity full() {
  auto identity = enrolled(at(7min));
  identity.url = "https://hq.example/rest/v1";
  identity.card->next = secret('b');
  identity.pending = Pending{kToken, secret('c'), true};
  identity.refusal = Refusal{"expired", true, "digest"};
  identity.moved_from = kGateway;
  return identity;
}

}  // namespace

TEST_CASE("identity file: what was written is read again, by its owner alone") {
  const TempDir dir;
  const IdentityFile file(dir.path() / "state");
  CHECK(*file.read() == Identity{});
  {
    const auto lock = file.lock(1s);
    REQUIRE(lock);
    ::umask(0);
    REQUIRE(file.write(full()));
    ::umask(022);
  }
  CHECK(*file.read() == full());
  CHECK(mode_of(file.path()) == 0600);
  CHECK_FALSE(std::filesystem::exists(file.path().string() + ".new"));
  const auto before = file.mark();
  REQUIRE(file.write(enrolled(at(8min))));
  CHECK(file.mark() != before);
  CHECK(*file.read() == enrolled(at(8min)));
}

TEST_CASE("identity file: what a dead process left beside it, readable by all, does no harm") {
  const TempDir dir;
  const IdentityFile file(dir.path());
  std::ofstream(file.path().string() + ".new") << "half a";
  std::filesystem::permissions(file.path().string() + ".new", std::filesystem::perms::all);
  CHECK(*file.read() == Identity{});
  REQUIRE(file.write(full()));
  CHECK(mode_of(file.path()) == 0600);
  CHECK(*file.read() == full());
}

TEST_CASE("identity file: one that is damaged is said to be, without its content, and can be put aside") {
  const TempDir dir;
  const IdentityFile file(dir.path());
  REQUIRE(file.write(full()));
  const auto whole = text_of(file.path());
  for (std::size_t cut = 0; cut + 2 < whole.size(); cut += 7) {
    std::ofstream(file.path()) << whole.substr(0, cut);
    const auto read = file.read();
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::corrupt);
    CHECK(read.error().message.find(secret('a')) == std::string::npos);
  }
  const auto aside = file.set_aside();
  REQUIRE(aside);
  CHECK(std::filesystem::exists(*aside));
  CHECK(*file.read() == Identity{});
}

TEST_CASE("identity file: two processes do not change it at once") {
  const TempDir dir;
  const IdentityFile file(dir.path()), other(dir.path());
  {
    const auto lock = file.lock(0s);
    REQUIRE(lock);
    CHECK(other.lock(0s).error().kind == ErrorKind::transient);
  }
  CHECK(other.lock(0s));
}

TEST_CASE("identity file: a disk that does not take it leaves the old one") {
  const TempDir dir;
  const IdentityFile file(dir.path());
  REQUIRE(file.write(enrolled(at(1min))));
  std::filesystem::create_directory(file.path().string() + ".new");
  const auto written = file.write(full());
  REQUIRE_FALSE(written);
  CHECK(written.error().kind == ErrorKind::transient);
  CHECK(*file.read() == enrolled(at(1min)));
}

TEST_CASE("token file: it is overwritten before it goes, and its absence is no trouble") {
  const TempDir dir;
  const auto path = dir.path() / "enrolment_token";
  CHECK_FALSE(*read_token_file(path));
  std::ofstream(path) << kToken << '\n';
  CHECK(**read_token_file(path) == std::string(kToken) + "\n");
  const auto kept = dir.path() / "hard link";
  std::filesystem::create_hard_link(path, kept);
  CHECK(destroy(path));
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(text_of(kept) == std::string(33, '0'));
  CHECK(destroy(path));
}
