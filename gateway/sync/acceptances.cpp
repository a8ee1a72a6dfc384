#include "gateway/sync/acceptances.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::size_t kMost = 20;  // HQ takes 100, with notes of 2,000 characters each
constexpr std::size_t kFrame = 330;

}  // namespace

std::size_t width_of(const OwedAcceptances& owed) {
  std::size_t bytes = owed.empty() ? 0 : 20;
  for (const auto& each : owed.items)
    bytes += kFrame + 6 * (each.line.size() + each.signed_by.size() + each.note.size());
  return bytes;
}

AcceptanceReader::AcceptanceReader(store::Database& reader)
    : select_(reader.prepare("select revision, id, sensor_id, line, began_at, times, in_in + out_in, "
                             "in_out + out_out, verdict, signed_by, note from walk_tests "
                             "where step = 'signed' and revision > ? order by revision limit ?")) {}

OwedAcceptances AcceptanceReader::owed(std::int64_t told) {
  select_.bind(told, std::uint64_t{kMost + 1});
  return read_owed<Acceptance>(select_, kMost, [](auto& items, const store::Statement& row) {
    items.push_back({std::string(row.text(1)), row.integer(2), std::string(row.text(3)), row.integer(4),
                     row.integer(5), row.integer(6), row.integer(7), std::string(row.text(8)),
                     std::string(row.text(9)), std::string(row.text(10))});
  });
}

void append_acceptances(std::string& out, const OwedAcceptances& owed,
                        const std::function<const std::string&(std::int64_t sensor)>& id) {
  if (owed.empty()) return;
  out += ",\"acceptances\":";
  char separator = '[';
  for (const auto& each : owed.items) {
    out += separator;
    separator = ',';
    out += "{\"sensor\":" + id(each.sensor);
    append_member(out, "id", each.id);
    append_member(out, "line", each.line);
    fmt::format_to(std::back_inserter(out),
                   R"(,"at":{},"walked_in":{},"walked_out":{},"counted_in":{},"counted_out":{})", each.at,
                   each.walked, each.walked, each.counted_in, each.counted_out);
    append_member(out, "verdict", each.verdict);
    append_member(out, "signed_by", each.signed_by);
    append_member(out, "note", each.note);
    out += '}';
  }
  out += ']';
}

AcceptanceVerdict judge_acceptances(const OwedAcceptances& told, const AcceptanceAnswer& answer) {
  AcceptanceVerdict verdict;
  for (std::size_t n = 0; n < told.items.size(); ++n) {
    const auto& id = told.items[n].id;
    const auto refused = std::find_if(answer.rejected.begin(), answer.rejected.end(),
                                      [&](const auto& each) { return each.first == n; });
    if (refused != answer.rejected.end() && refused->second != "too_many") {
      verdict.refused.emplace_back(id, refused->second);
    } else if (std::find(answer.taken.begin(), answer.taken.end(), id) == answer.taken.end()) {
      verdict.again = true;
    }
  }
  if (!verdict.again) verdict.told = told.revision;
  return verdict;
}

void keep_acceptances(store::Database& writer, const AcceptanceVerdict& verdict) {
  auto refuse = writer.prepare("update walk_tests set refused = ? where id = ?");
  for (const auto& [id, code] : verdict.refused) refuse.bind(code, id).run();
  if (verdict.again) return;
  writer.prepare("update sync_state set acceptances_told = max(acceptances_told, ?) where id = 1")
      .bind(verdict.told)
      .run();
}

void owe_all_acceptances(store::Database& writer) {
  writer.execute("update sync_state set acceptances_told = 0 where id = 1");
}

}  // namespace lintel::sync
