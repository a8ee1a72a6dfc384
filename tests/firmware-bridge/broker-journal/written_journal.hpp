#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

extern "C" {
#include "firmware-bridge/broker-journal/journal.h"
}

namespace lintel::test {

/// A journal as the broker's plugin writes it.
class WrittenJournal {
 public:
  explicit WrittenJournal(std::filesystem::path dir, std::uint64_t limit = 64U << 20,
                          std::uint32_t segment = 512U << 10)
      : dir_(std::move(dir)), limit_(limit), segment_(segment) {
    open();
  }
  ~WrittenJournal() { close(); }
  WrittenJournal(const WrittenJournal&) = delete;
  WrittenJournal& operator=(const WrittenJournal&) = delete;

  /// Its place; of journal 0 where it was left out.
  lintel_place append(const std::string& payload, const std::string& topic = "bus/1", int qos = 1,
                      bool retained = false) {
    const lintel_record record{"door-1",
                               topic.c_str(),
                               payload.data(),
                               static_cast<std::uint32_t>(payload.size()),
                               static_cast<std::uint8_t>(qos),
                               retained ? 1 : 0,
                               ++arrived_};
    lintel_place place{};
    return lintel_journal_append(journal_, &record, &place) != 0 ? place : lintel_place{};
  }
  void close() {
    if (journal_ != nullptr) lintel_journal_close(journal_);
    journal_ = nullptr;
  }
  /// As after a restart of the broker.
  void open() {
    said().clear();
    const auto confirmed = dir_ / "gateway" / "confirmed";
    const lintel_journal_options options{dir_.c_str(), confirmed.c_str(), limit_, segment_, 1, keep};
    journal_ = lintel_journal_open(&options);
    REQUIRE(journal_ != nullptr);
  }

  /// What it has said since it was opened.
  static std::vector<std::string>& said() {
    static std::vector<std::string> all;
    return all;
  }
  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(dir_)) {
      if (entry.path().extension() == ".journal") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

 private:
  static void keep(int, const char* text) { said().emplace_back(text); }

  std::filesystem::path dir_;
  std::uint64_t limit_;
  std::uint32_t segment_;
  std::int64_t arrived_ = 0;
  lintel_journal* journal_ = nullptr;
};

}  // namespace lintel::test
