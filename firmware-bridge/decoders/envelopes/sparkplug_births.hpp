#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/envelopes/sparkplug_names.hpp"

namespace lintel::bridge::decoders::envelopes {

/// What the edge nodes of one link have said in their births, kept in the session's notes, so that it
/// outlives the process. Ids cannot contain '/' or '#', which makes these keys unambiguous:
///
///   GROUP/EDGE               "seq=4 bdseq=7"   the last message's number, the birth's; what is unknown is
///   left
///                                              out
///   GROUP/EDGE[/DEVICE]#     "" or "more"      its birth was heard; more metrics than there was room for
///   GROUP/EDGE[/DEVICE]#5    "8 Line/Door/In"  what alias 5 stands for: type and name
///
/// At most kMostNotes of them; a birth that does not fit is remembered as far as it does, counts first.
class SparkplugBirths {
 public:
  static constexpr std::size_t kMostNotes = 4096;

  struct Alias {
    SparkplugType type = SparkplugType::unknown;
    std::string_view name;  ///< into the notes, until they change
  };
  enum class Order { first, next, repeated, gap };

  SparkplugBirths(DecodeSession& session, const SparkplugTopic& topic);

  /// An edge node's birth: whatever it and its devices said before is void.
  void begin_node(std::optional<std::uint64_t> birth_number);
  /// A birth of the topic's node or device. Aliases are remembered in the order of `metrics`. False when
  /// there is no room left to remember even that it was born.
  bool begin(const std::vector<SparkplugMetric>& counts_first);
  /// The topic's node or device, and what hangs from it, is gone.
  void end();

  [[nodiscard]] bool born() const;
  /// Whether every alias of its birth could be remembered.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::optional<Alias> alias(std::uint64_t number) const;
  /// Every name the birth gave an alias.
  [[nodiscard]] std::vector<Alias> aliases() const;
  /// Identities of the edge node and of its devices that are born.
  [[nodiscard]] std::vector<std::string> alive() const;

  /// Takes note of a message's number (0 to 255, round and round over all messages of an edge node).
  Order follow(std::uint64_t seq);
  /// The number that is due; nothing while none is known.
  [[nodiscard]] std::optional<std::uint64_t> due() const;
  [[nodiscard]] std::optional<std::uint64_t> birth_number() const;

 private:
  struct State {
    std::optional<std::uint64_t> seq;
    std::optional<std::uint64_t> birth;
  };
  [[nodiscard]] State state() const;
  void set_state(const State& state);
  bool put(const std::string& key, std::string value);
  void erase(std::string_view prefix);

  DecodeSession& session_;
  std::string edge_;   ///< GROUP/EDGE
  std::string owner_;  ///< GROUP/EDGE[/DEVICE]
  std::size_t group_;  ///< length of GROUP/
};

}  // namespace lintel::bridge::decoders::envelopes
