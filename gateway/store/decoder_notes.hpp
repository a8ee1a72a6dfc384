#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// What decoders remember of devices between frames, kept with the readings that it led to. Writer thread
/// only; SqliteError may leave any call.
class DecoderNotes {
 public:
  using Notes = std::map<std::string, std::string, std::less<>>;
  /// Whose notes they are: a subscription of a link and the decoder that reads it.
  struct Owner {
    std::string link;
    std::string topic;
    std::string decoder;
    friend auto operator<=>(const Owner&, const Owner&) = default;
  };

  explicit DecoderNotes(Database& db);

  /// What the database has; also after a rollback, before anything is saved again.
  [[nodiscard]] Notes load(const Owner& owner);
  /// Writes, inside the open transaction, what differs from what was loaded or saved last.
  void save(const Owner& owner, const Notes& notes);
  /// Drops the notes of everybody else: subscriptions that the configuration has no more.
  void keep_only(const std::vector<Owner>& owners);

 private:
  void remove(const Owner& owner, std::string_view key);

  std::map<Owner, Notes> stored_;
  Statement select_, save_, remove_, owners_, drop_;
};

}  // namespace lintel::store
