#include "tests/gateway/counting/truth/judge.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace lintel::test::truth {

namespace {

using counting::Rule;

struct Both {
  std::int64_t in = 0, out = 0;

  std::int64_t& of(bool inwards) { return inwards ? in : out; }
  Both& operator+=(const Both& other) {
    in += other.in;
    out += other.out;
    return *this;
  }
};

struct Span {
  UtcMs from{}, to{};
};

class Judge {
 public:
  Judge(const Scenario& s, const Life& life, const Gateway& gateway)
      : s_(s), life_(life), gateway_(gateway), rows_(gateway.rows()) {}

  Verdict run() {
    collect_coverage();
    look_for_replaced();
    never_more_than_passed();
    deficits_lie_in_uncovered_time();
    if (s_.clock_is_right()) every_covered_stretch_is_exact();
    days_add_up();
    return std::move(verdict_);
  }

 private:
  template <class... Args>
  void broken(fmt::format_string<Args...> text, Args&&... args) {
    verdict_.broken.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  /// When it really was, of which a statement tells. The gateway knows only what the device's clock says.
  [[nodiscard]] Span truly_covered(const Traced& traced) const {
    const auto& covered = *traced.outcome.covered;
    const auto& message = *traced.message;
    if (!message.total) return {message.from, message.sent};
    const auto before = totals_at_.find(covered.from);
    const UtcMs from =
        before != totals_at_.end() ? before->second : message.sent - (traced.statement.at - covered.from);
    return {from, message.sent};
  }

  [[nodiscard]] Both seen(UtcMs from, UtcMs to) const {
    const auto before = [](const Passage& passage, UtcMs t) { return passage.at < t; };
    const auto begin = std::lower_bound(life_.seen.begin(), life_.seen.end(), from, before);
    const auto end = std::lower_bound(begin, life_.seen.end(), to, before);
    Both sum;
    for (auto i = begin; i != end; ++i) ++sum.of(i->in);
    return sum;
  }

  void collect_coverage() {
    std::vector<Span> spans;
    std::map<UtcMs, const Traced*> windows;  // by the stated begin: one that is stated again takes its place
    const Traced* total_before = nullptr;
    const Traced* value_before = nullptr;  // of any card
    for (const auto& traced : gateway_.trace()) {
      const auto& outcome = traced.outcome;
      if (outcome.rule == Rule::baseline) look_for_ghosts_before(value_before, traced);
      if (traced.message->total && outcome.rule != Rule::repeated && outcome.rule != Rule::late &&
          outcome.rule != Rule::retained) {
        if (outcome.covered && total_before != nullptr) look_for_hidden_reset(*total_before, traced);
        if (total_before != nullptr && total_before->first_zero) look_for_slow_start(*total_before, traced);
        total_before = &traced;
        if (!traced.first_zero) value_before = &traced;
      }
      if (outcome.rule == Rule::interval) look_for_overwritten(traced, windows);
      if (outcome.covered) {
        const auto span = truly_covered(traced);
        if (span.from < span.to) spans.push_back(span);
      }
      if (total_before == &traced) totals_at_[traced.statement.at] = traced.message->sent;
    }
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
    for (const auto& span : spans) {
      if (!covered_.empty() && span.from <= covered_.back().to)
        covered_.back().to = std::max(covered_.back().to, span.to);
      else
        covered_.push_back(span);
    }
  }

  /// A total that began anew in a silence and is past its old value at the end of it looks like one that only
  /// rose: as many people as it showed before are lost, and nothing tells. The same where it fell as if it
  /// had passed the end of its range. Any other fall shows, and must not pass for covered.
  void look_for_hidden_reset(const Traced& before, const Traced& now) {
    const Span span = truly_covered(now);
    // Of what was before the device's midnight nothing is said.
    const auto from = std::max(before.message->sent, span.from);
    const bool reset = std::any_of(life_.resets.begin(), life_.resets.end(),
                                   [&](const HiddenReset& r) { return r.at >= from && r.at <= span.to; });
    if (!reset) return;
    const bool wrapped = now.outcome.rule == Rule::wrapped;
    const bool in_hides = *now.message->in >= *before.message->in;
    const bool out_hides = !s_.one_direction && *now.message->out >= *before.message->out;
    if (!wrapped && !in_hides && !out_hides) {
      broken("a fall of both totals passed for covered time at {}", format_utc(now.statement.at));
      return;
    }
    const auto truth = seen(span.from, span.to);
    const auto& reading = now.outcome.reading;
    const Both counted{reading ? reading->count_in.value_or(0) : 0,
                       reading ? reading->count_out.value_or(0) : 0};
    hidden_spans_.push_back(span);
    hidden_.in += std::max<std::int64_t>(0, truth.in - counted.in);
    hidden_.out += std::max<std::int64_t>(0, truth.out - counted.out);
    if (wrapped) {
      excess_.in += std::max<std::int64_t>(0, counted.in - truth.in);
      excess_.out += std::max<std::int64_t>(0, counted.out - truth.out);
    }
  }

  /// A card that meets a device while it starts takes the few it had counted before for people.
  void look_for_slow_start(const Traced& zero, const Traced& now) {
    const auto& reading = now.outcome.reading;
    if (!zero.message->starting || !reading) return;
    constexpr std::int64_t kFew = 20;
    excess_.in += std::min(kFew, reading->count_in.value_or(0));
    excess_.out += std::min(kFew, reading->count_out.value_or(0));
    if (now.outcome.covered) broken("a start passed for covered time at {}", format_utc(now.statement.at));
  }

  /// A first total that shows too many people: they were never counted, and are missing once the device takes
  /// them back in a time in which more came.
  void look_for_ghosts_before(const Traced* before, const Traced& baseline) {
    const UtcMs at = baseline.message->sent;
    for (const auto& ghost : life_.ghosts) {
      const bool counted = before != nullptr && before->message->sent >= ghost.counted;
      if (!counted && ghost.counted <= at && at < ghost.taken_back && ghost.taken_back != UtcMs::max())
        hidden_.of(ghost.in) += ghost.people;
    }
  }

  /// A device whose clock stands still or goes back states the same window for other people: the last
  /// statement about it holds.
  void look_for_overwritten(const Traced& traced, std::map<UtcMs, const Traced*>& windows) {
    if (s_.clock_is_right() || traced.statement.from == traced.statement.at) return;
    auto& held = windows[traced.statement.from];
    if (held != nullptr && held->message->sent != traced.message->sent) {
      hidden_.in += *held->message->in;
      hidden_.out += *held->message->out;
    }
    if (traced.outcome.reading && traced.outcome.reading->minus_overlap) {
      hidden_.in += *traced.message->in;
      hidden_.out += *traced.message->out;
    }
    held = &traced;
  }

  /// The same for what an earlier card had told HQ under a key that another one uses again.
  void look_for_replaced() {
    if (s_.clock_is_right()) return;
    for (const auto& row : gateway_.replaced()) hidden_ += {row.in, row.out};
  }

  [[nodiscard]] Both ghosts() const {
    Both sum;
    for (const auto& ghost : life_.ghosts) {
      const auto since = seen(ghost.taken_back, s_.begin + std::chrono::days{s_.days + 2});
      const bool reset = !life_.swaps.empty() || s_.has(kReset) || s_.has(kPowerCycle) || s_.range > 0 ||
                         s_.telling == Telling::totals_of_today;
      sum.in += reset ? ghost.people : std::max<std::int64_t>(0, ghost.people - since.in);
    }
    return sum;
  }

  void never_more_than_passed() {
    Both measured, all;
    for (const auto& row : rows_) {
      if ((row.flags & store::kVoided) != 0) continue;
      all += {row.in, row.out};
      if ((row.flags & store::kEstimated) == 0) measured += {row.in, row.out};
    }
    const auto truth = seen(UtcMs{}, UtcMs::max());
    const auto too_many = ghosts();
    if (measured.in > truth.in + too_many.in + excess_.in || measured.out > truth.out + excess_.out)
      broken("measured {} in, {} out of {} and {} who passed", measured.in, measured.out, truth.in,
             truth.out);
    if (all.in > truth.in + too_many.in + excess_.in || all.out > truth.out + excess_.out)
      broken("counted {} in, {} out of {} and {} who passed", all.in, all.out, truth.in, truth.out);
    counted_ = all;
    verdict_.people = truth.in + truth.out;
    verdict_.counted = measured.in + measured.out;
    verdict_.estimated = all.in + all.out - verdict_.counted;
  }

  void deficits_lie_in_uncovered_time() {
    Both truth;
    for (const auto& span : covered_) truth += seen(span.from, span.to);
    verdict_.in_covered_time = truth.in + truth.out;
    verdict_.hidden_by_resets = hidden_.in + hidden_.out;
    if (counted_.in < truth.in - hidden_.in || counted_.out < truth.out - hidden_.out)
      broken("counted {} in, {} out, but {} and {} passed in covered time", counted_.in, counted_.out,
             truth.in, truth.out);
  }

  void every_covered_stretch_is_exact() {
    for (const auto& span : covered_) {
      const bool hidden = std::any_of(hidden_spans_.begin(), hidden_spans_.end(),
                                      [&](const Span& h) { return h.from < span.to && h.to > span.from; });
      if (hidden || !life_.ghosts.empty()) continue;
      Both counted;
      for (const auto& row : rows_) {
        const UtcMs from = row.started, to = row.started + row.duration;
        const bool inside =
            from >= span.from && to <= span.to && (row.duration.count() > 0 || from > span.from);
        if (inside) counted += {row.in, row.out};
      }
      const auto truth = seen(span.from, span.to);
      if (counted.in != truth.in || (counted.out != truth.out && !s_.one_direction))
        broken("from {} to {} counted {} in, {} out of {} and {}", format_utc(span.from), format_utc(span.to),
               counted.in, counted.out, truth.in, truth.out);
    }
  }

  /// The roll-ups of this card against its readings, and the hours against the days.
  void days_add_up() {
    std::map<std::int64_t, Day> reckoned;
    for (const auto& row : gateway_.own_rows()) {
      if ((row.flags & store::kVoided) != 0) continue;
      auto& day = reckoned[gateway_.day_of(store::last_instant(row.started, row.duration))];
      ++day.readings;
      const bool estimated = (row.flags & store::kEstimated) != 0;
      const bool longer = row.duration > std::chrono::hours{1};
      (estimated ? day.estimated_in : longer ? day.unallocated_in : day.in) += row.in;
      (estimated ? day.estimated_out : longer ? day.unallocated_out : day.out) += row.out;
    }
    const auto days = gateway_.days();
    if (days.size() != reckoned.size())
      broken("{} days where readings make {}", days.size(), reckoned.size());
    for (const auto& day : days) {
      const auto& own = reckoned[day.day];
      if (day.in != own.in || day.out != own.out || day.unallocated_in != own.unallocated_in ||
          day.unallocated_out != own.unallocated_out || day.estimated_in != own.estimated_in ||
          day.estimated_out != own.estimated_out || day.readings != own.readings)
        broken("day {} says {}+{}+{} in where its readings say {}+{}+{}", day.day, day.in, day.unallocated_in,
               day.estimated_in, own.in, own.unallocated_in, own.estimated_in);
      const auto [in, out] = gateway_.hours_of(day.day);
      if (in != day.in || out != day.out)
        broken("the hours of day {} add up to {} in, {} out, the day says {} and {}", day.day, in, out,
               day.in, day.out);
    }
  }

  const Scenario& s_;
  const Life& life_;
  const Gateway& gateway_;
  std::vector<Row> rows_;
  std::map<UtcMs, UtcMs> totals_at_;  ///< time of a total as the gateway took it -> when it was true
  std::vector<Span> covered_, hidden_spans_;
  Both hidden_, excess_, counted_;
  Verdict verdict_;
};

}  // namespace

Verdict judge(const Scenario& scenario, const Life& life, const Gateway& gateway) {
  return Judge(scenario, life, gateway).run();
}

}  // namespace lintel::test::truth
