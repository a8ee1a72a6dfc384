#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "firmware-bridge/decoders/lintel_wire.hpp"
#include "firmware-bridge/wire/conversation.hpp"

namespace lintel::test {

/// A gateway whose process may end at any point: what was appended to the spool survives, of the rest only
/// what was committed together with the place in the spool. Link and decoder are the real ones.
class SimulatedGateway {
 public:
  using Clock = bridge::wire::Conversation::Clock;

  /// What is in the database.
  struct Durable {
    std::size_t position = 0;  ///< frames of the spool that are in it
    std::map<std::string, std::string, std::less<>> notes{};
    std::map<std::string, std::int64_t> people{};  ///< "serial/line" -> events in and out, and totals in
    std::map<std::string, int> records{};          ///< repeat key -> how often counted
    std::size_t rejects = 0;
    std::vector<bridge::DeviceReport> reports{};
  };

  SimulatedGateway() { restart({}); }

  void restart(Clock::time_point now) {
    working_ = durable_;
    wishes_.clear();
    bridge::wire::Conversation::Surroundings around;
    around.keep = [this](std::string_view packet) {
      if (refusing) return false;
      spool_.emplace_back(packet);
      return true;
    };
    around.when_committed = [this](std::function<void()> done) {
      wishes_.push_back({spool_.size(), std::move(done)});
    };
    around.send = [this](const std::string& bytes) { sent += bytes; };
    around.utc = [this] { return utc; };
    link = std::make_unique<bridge::wire::Conversation>(std::move(around));
    link->open(now);
  }

  /// Decodes up to `most` frames of the spool and commits; the process ends before it could acknowledge if
  /// `dies`.
  void commit(std::size_t most = ~std::size_t{0}, bool dies = false) {
    for (; working_.position < spool_.size() && most > 0; --most) decode(spool_[working_.position++]);
    durable_ = working_;
    if (dies) return;
    std::vector<Wish> granted;
    std::erase_if(wishes_, [&](Wish& wish) {
      if (wish.position > durable_.position) return false;
      granted.push_back(std::move(wish));
      return true;
    });
    for (const auto& wish : granted) wish.done();
  }

  [[nodiscard]] const Durable& durable() const { return durable_; }

  std::unique_ptr<bridge::wire::Conversation> link;
  std::string sent;       ///< to the device
  bool refusing = false;  ///< the spool is full
  std::optional<UtcMs> utc;

 private:
  struct Wish {
    std::size_t position;
    std::function<void()> done;
  };

  void decode(const std::string& packet) {
    bridge::Frame frame;
    frame.payload = packet;
    frame.arrived = BootTime{static_cast<std::int64_t>(working_.position)};
    bridge::DecodeSession session;
    session.notes = working_.notes;
    bridge::Decoded decoded;
    bridge::decoders::LintelWire().decode(frame, {}, session, decoded);
    working_.notes = session.notes;
    working_.rejects += decoded.rejects.size();
    for (const auto& o : decoded.observations) {
      auto& people = working_.people[o.sensor + "/" + o.line];
      const auto stated = o.count_in.value_or(0) + o.count_out.value_or(0);
      if (o.kind == bridge::Kind::event) people += stated;
      if (o.kind == bridge::Kind::total) count_total(people, o.counter_run, stated);
      ++working_.records[o.repeat_key];
    }
    for (const auto& report : decoded.reports) working_.reports.push_back(report);
  }

  /// As counting does: the difference within a run, the value itself in a new one.
  void count_total(std::int64_t& people, const std::string& run, std::int64_t value) {
    const auto last = working_.notes.find("total");
    const auto known = last == working_.notes.end() ? std::string() : last->second;
    const auto space = std::min(known.find(' '), known.size());
    const bool same = known.substr(0, space) == run;
    people += same ? value - std::stoll(known.substr(space)) : value;
    working_.notes["total"] = run + " " + std::to_string(value);
  }

  std::vector<std::string> spool_;
  std::vector<Wish> wishes_;
  Durable durable_, working_;
};

}  // namespace lintel::test
