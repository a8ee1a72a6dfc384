#include "gateway/store/carried_counters.hpp"

namespace lintel::store {

namespace {

using nlohmann::json;

constexpr std::int64_t kMost = std::int64_t{1} << 52;
constexpr std::size_t kLongestRun = 200;

/// A whole number from 0 to kMost; 0 where there is none, absent for anything else.
std::optional<std::int64_t> count(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return 0;
  if (!found->is_number_integer()) return std::nullopt;
  const auto number = found->get<std::int64_t>();
  return number >= 0 && number <= kMost ? std::optional(number) : std::nullopt;
}

/// [total, since, busiest], the last two optional.
bool read(const json& state, const char* key, CarriedCounter::Channel& channel) {
  const auto found = state.find(key);
  if (found == state.end()) return true;
  if (!found->is_array() || found->empty() || found->size() > 3) return false;
  std::int64_t numbers[3] = {};
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& each = (*found)[i];
    if (!each.is_number_integer() || each.get<std::int64_t>() < 0 || each.get<std::int64_t>() > kMost)
      return false;
    numbers[i] = each.get<std::int64_t>();
  }
  channel = {numbers[0], numbers[1], numbers[2]};
  return true;
}

bool is_set(const json& state, const char* key) {
  const auto found = state.find(key);
  return found != state.end() && found->is_boolean() && found->get<bool>();
}

bool read(const json& after, CarriedCounter::After& out) {
  if (!after.is_object()) return false;
  const auto readings = count(after, "n"), in = count(after, "in"), out_ = count(after, "out"),
             flags = count(after, "flags"), end = count(after, "end");
  if (!readings || !in || !out_ || !flags || !end) return false;
  out = {*readings, *in, *out_, static_cast<std::uint32_t>(*flags), utc_ms(*end), is_set(after, "hole")};
  return true;
}

json channel(const CarriedCounter::Channel& channel) {
  auto list = json::array({channel.total.value_or(0)});
  if (channel.since != 0 || channel.busiest != 0) list.push_back(channel.since);
  if (channel.busiest != 0) list.push_back(channel.busiest);
  return list;
}

}  // namespace

std::optional<CarriedCounter> carried_from(const json& entry) {
  if (!entry.is_object()) return std::nullopt;
  CarriedCounter out;
  const auto serial = entry.find("serial"), line = entry.find("line"), state = entry.find("state"),
             after = entry.find("after");
  if (serial == entry.end() || !serial->is_string() || line == entry.end() || !line->is_string() ||
      state == entry.end() || !state->is_object()) {
    return std::nullopt;
  }
  out.serial = serial->get<std::string>();
  out.line = line->get<std::string>();
  const auto at = count(*state, "at"), gap = count(*state, "gap");
  if (!at || *at == 0 || !gap) return std::nullopt;
  out.at = utc_ms(*at);
  out.gap = Millis{*gap};
  if (!read(*state, "in", out.in) || !read(*state, "out", out.out)) return std::nullopt;
  if (!out.in.total && !out.out.total) return std::nullopt;
  if (const auto run = state->find("run"); run != state->end()) {
    if (!run->is_string() || run->get_ref<const std::string&>().size() > kLongestRun) return std::nullopt;
    out.run = run->get<std::string>();
  }
  out.alone = is_set(*state, "alone");
  out.doubtful = is_set(*state, "doubtful");
  out.inverted = is_set(*state, "inverted");
  if (after != entry.end() && !after->is_null() && !read(*after, out.after)) return std::nullopt;
  return out;
}

json state_of(const CarriedCounter& carried) {
  json state{{"at", count_ms(carried.at)}};
  if (carried.in.total) state["in"] = channel(carried.in);
  if (carried.out.total) state["out"] = channel(carried.out);
  if (carried.gap.count() != 0) state["gap"] = carried.gap.count();
  if (!carried.run.empty()) state["run"] = carried.run;
  for (const auto& [key, value] : {std::pair{"alone", carried.alone}, std::pair{"doubtful", carried.doubtful},
                                   std::pair{"inverted", carried.inverted}}) {
    if (value) state[key] = true;
  }
  return state;
}

json to_json(const CarriedCounter& carried) {
  const auto& after = carried.after;
  return {{"serial", carried.serial},
          {"line", carried.line},
          {"state", state_of(carried)},
          {"after",
           {{"n", after.readings},
            {"in", after.count_in},
            {"out", after.count_out},
            {"flags", after.flags},
            {"end", count_ms(after.end)},
            {"hole", after.hole}}}};
}

CarriedCounters::CarriedCounters(Database& db)
    : keep_(db.prepare("insert into carried_counters (serial, line, state) values (?, ?, ?) "
                       "on conflict do update set state = excluded.state")),
      drop_(db.prepare("delete from carried_counters where serial = ? and line = ?")),
      find_(db.prepare("select state from carried_counters where serial = ? and line = ?")),
      all_(db.prepare("select state from carried_counters order by serial, line")) {}

void CarriedCounters::keep(const CarriedCounter& carried) {
  keep_
      .bind(carried.serial, carried.line,
            to_json(carried).dump(-1, ' ', false, json::error_handler_t::replace))
      .run();
}

void CarriedCounters::drop(std::string_view serial, std::string_view line) {
  drop_.bind(serial, line).run();
}

std::optional<CarriedCounter> CarriedCounters::find(std::string_view serial, std::string_view line) {
  find_.bind(serial, line);
  std::optional<CarriedCounter> found;
  if (find_.step()) found = carried_from(json::parse(find_.text(0), nullptr, false));
  find_.reset();
  return found;
}

std::vector<CarriedCounter> CarriedCounters::all() {
  std::vector<CarriedCounter> found;
  all_.reset();
  while (all_.step()) {
    if (auto one = carried_from(json::parse(all_.text(0), nullptr, false))) found.push_back(std::move(*one));
  }
  all_.reset();
  return found;
}

}  // namespace lintel::store
