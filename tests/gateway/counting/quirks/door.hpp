#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/app/pipeline.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test::quirks {

/// A message of the payload corpus.
struct Message {
  std::string payload;
  std::string topic{};
  bool retained = false;
  std::optional<std::uint8_t> port{};

  /// The same with other bytes at the only place where `before` stands; fails the running test if there is
  /// none.
  [[nodiscard]] Message with(const std::string& before, const std::string& now) const;
};

/// The messages of a case of tests/corpus/cases.jsonl.
std::vector<Message> messages_of(const std::string& id);
/// Of a case that has one.
Message message_of(const std::string& id);
std::string bytes(const std::string& hex);

/// A device of a format behind a door, and the real way from its bytes to rows.
class Door {
 public:
  /// `zone`: of the store. `lines`: channels that the installation made in and out, for devices that only
  /// have channels.
  explicit Door(const std::string& format, const std::string& zone = "UTC",
                const bridge::LineMap& lines = {});

  /// Arrives at an RFC 3339 instant, for example 2026-07-31T23:12:10Z.
  void hear(const Message& message, const std::string& at);

  [[nodiscard]] std::int64_t in() const { return sum("count_in"); }
  [[nodiscard]] std::int64_t out() const { return sum("count_out"); }
  [[nodiscard]] std::int64_t scalar(const std::string& sql) const { return store_->db().scalar(sql); }
  /// The rule that decided about the newest statement.
  [[nodiscard]] counting::Rule rule() const { return rule_; }

 private:
  [[nodiscard]] std::int64_t sum(const std::string& column) const;

  TempDir dir_;
  config::Config config_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<counting::SeriesStates> series_;
  std::unique_ptr<app::Pipeline> pipeline_;
  counting::Rule rule_ = counting::Rule::no_passage;
};

}  // namespace lintel::test::quirks
