#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"
#include "firmware-bridge/decoders/profile/scope.hpp"

namespace lintel::bridge::decoders::profile {

/// Hashes and compares observations, by their numbers, as facts of which a message can hold only one.
struct FactHash {
  const std::vector<Observation>& all;
  std::size_t operator()(std::size_t i) const;
};
struct FactEqual {
  const std::vector<Observation>& all;
  bool operator()(std::size_t a, std::size_t b) const;
};

/// The documents of one frame: walks their items and tries the statements on each.
class Message {
 public:
  Message(const Form& form, const Frame& frame, const DecodeSettings& settings, Decoded& out)
      : form_(form), frame_(frame), settings_(settings), out_(out) {}

  /// The document that `scope` has entered.
  void document(Scope& scope);

  /// Whether there is more in the frame than is looked at; a reject then says so.
  [[nodiscard]] bool full() const;

 private:
  void walk(const Group& group, std::size_t depth);
  void walk_list(const Group& group, const Level& level, const Json& container);
  void walk_members(const Group& group, const Level& level, const Json& container);
  void walk_keys(const Group& group, const Level& level, const Json& container);
  void enter(const Group& group, const Item& item);
  void item(const Group& group);
  void statement(const Statement& statement);
  void report(const Report& report);
  [[nodiscard]] bool repeated();
  void reject(RejectKind kind, const std::string& place, std::string_view what);
  [[nodiscard]] bool spent();

  const Form& form_;
  const Frame& frame_;
  const DecodeSettings& settings_;
  Decoded& out_;
  Scope* scope_ = nullptr;
  bool understood_ = false;  ///< of the document in hand: something takes it
  bool nameless_ = false;  ///< of the document in hand: it was refused because nobody is said to have sent it
  std::size_t items_ = 0;
  std::unordered_set<std::size_t, FactHash, FactEqual> stated_{0, FactHash{out_.observations},
                                                               FactEqual{out_.observations}};
};

}  // namespace lintel::bridge::decoders::profile
