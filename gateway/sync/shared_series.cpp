#include "gateway/sync/shared_series.hpp"

#include <algorithm>
#include <map>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

using Ids = std::function<const std::string&(std::int64_t sensor)>;

struct Group {
  std::string shared;
  std::vector<std::size_t> members;
};

/// Groups in the order of their first series; one that shares nothing is alone.
std::vector<Group> group(const std::vector<Series>& series) {
  std::vector<Group> out;
  std::map<std::string, std::size_t> known;
  for (std::size_t s = 0; s < series.size(); ++s) {
    const auto shared = series[s].shared();
    std::size_t at = out.size();
    if (shared) {
      auto key = *shared;
      for (const auto& column : series[s].counts(true)) key += column.key;
      at = known.try_emplace(std::move(key), at).first->second;
    }
    if (at == out.size()) out.push_back({shared.value_or(""), {}});
    out[at].members.push_back(s);
  }
  return out;
}

void append_list(std::string& out, const char* key, std::size_t length,
                 const std::function<void(std::size_t)>& append) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":[";
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0) out += ',';
    append(i);
  }
  out += ']';
}

void append_group(std::string& out, const std::vector<Series>& series, const Group& group, const Ids& id) {
  const auto length = group.members.size();
  const auto member = [&](std::size_t i) -> const Series& { return series[group.members[i]]; };
  const bool together = std::all_of(group.members.begin(), group.members.end(),
                                    [&](std::size_t s) { return series[s].start() == member(0).start(); });
  out += '{' + group.shared;
  if (together) {
    out += ",\"t\":";
    append_number(out, member(0).start());
  }
  out += ",\"of\":{";
  append_list(out, "sensor", length, [&](std::size_t i) { out += id(member(i).sensor()); });
  if (!together) append_list(out, "t", length, [&](std::size_t i) { append_number(out, member(i).start()); });
  std::vector<std::vector<Series::Column>> counts;
  for (std::size_t i = 0; i < length; ++i) counts.push_back(member(i).counts(true));
  for (std::size_t c = 0; c < counts.front().size(); ++c) {
    append_list(out, counts.front()[c].key, length, [&](std::size_t i) { out += counts[i][c].list; });
  }
  out += "}}";
}

}  // namespace

void append_shared(std::string& out, std::vector<Series>& series, const Ids& id) {
  std::vector<Series> ordered;
  ordered.reserve(series.size());
  out += '[';
  for (const auto& group : group(series)) {
    if (out.back() != '[') out += ',';
    if (group.members.size() == 1) {
      const auto& alone = series[group.members.front()];
      alone.append_json(out, id(alone.sensor()), true);
    } else {
      append_group(out, series, group, id);
    }
    for (const auto s : group.members) ordered.push_back(std::move(series[s]));
  }
  out += ']';
  series = std::move(ordered);
}

}  // namespace lintel::sync
