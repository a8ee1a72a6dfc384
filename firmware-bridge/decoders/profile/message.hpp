#pragma once

#include <string>
#include <unordered_set>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"
#include "firmware-bridge/decoders/profile/scope.hpp"

namespace lintel::bridge::decoders::profile {

/// The documents of one frame: walks their items and tries the statements on each.
class Message {
 public:
  Message(const Form& form, const Frame& frame, const DecodeSettings& settings)
      : form_(form), frame_(frame), settings_(settings) {}

  /// The document that `scope` has entered.
  void document(Scope& scope, Decoded& out);

  /// Whether there is more in the frame than is looked at; a reject then says so.
  [[nodiscard]] bool full(const Decoded& out) const;

 private:
  void walk(const Group& group, std::size_t depth);
  void walk_list(const Group& group, const Level& level, const Json& container);
  void walk_members(const Group& group, const Level& level, const Json& container);
  void walk_keys(const Group& group, const Level& level, const Json& container);
  void enter(const Group& group, Item item);
  void item(const Group& group);
  void statement(const Statement& statement);
  void report(const Report& report);
  void keep(Observation&& observation);
  void reject(RejectKind kind, const std::string& place, std::string_view what);
  [[nodiscard]] bool spent();

  const Form& form_;
  const Frame& frame_;
  const DecodeSettings& settings_;
  Scope* scope_ = nullptr;
  Decoded* out_ = nullptr;
  bool understood_ = false;  ///< of the document in hand: something takes it
  bool nameless_ = false;  ///< of the document in hand: it was refused because nobody is said to have sent it
  std::size_t items_ = 0;
  std::unordered_set<std::string> stated_;  ///< what has been stated and must not be stated again
};

}  // namespace lintel::bridge::decoders::profile
