#include "gateway/sync/coverage.hpp"

#include <algorithm>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::size_t kMostRows = 900;  // HQ takes 1,000 spans, and a long one goes in pieces
constexpr Millis kLongestSpan = std::chrono::days{366};
constexpr std::size_t kSpanFrame = 48;
constexpr std::size_t kSeriesOfSpan = 110;

}  // namespace

std::size_t width_of(const OwedCoverage& owed) {
  std::size_t bytes = owed.empty() ? 0 : 32;
  for (const auto& each : owed.items) bytes += kSpanFrame + kSeriesOfSpan + 6 * each.series.label.size();
  return bytes;
}

CoverageReader::CoverageReader(store::Database& reader)
    : select_(
          reader.prepare("select revision, sensor_id, regional, label, from_at, to_at, state from coverage "
                         "where revision > ? order by revision limit ?")) {}

OwedCoverage CoverageReader::owed(std::int64_t told) {
  select_.bind(told, std::uint64_t{kMostRows + 1});
  auto owed = read_owed<OwedSpan>(select_, kMostRows, [](auto& spans, const store::Statement& row) {
    const store::CoverageSeries series{row.integer(1), row.integer(2) != 0, std::string(row.text(3))};
    auto from = utc_ms(row.integer(4));
    const auto to = utc_ms(row.integer(5));
    const auto state = store::coverage_state_from(row.text(6));
    for (; to - from > kLongestSpan; from += kLongestSpan) {
      spans.push_back({series, {from, from + kLongestSpan, state}});
    }
    spans.push_back({series, {from, to, state}});
  });
  std::sort(owed.items.begin(), owed.items.end(), [](const auto& a, const auto& b) {
    return a.series != b.series ? a.series < b.series : a.span.from < b.span.from;
  });
  return owed;
}

void append_coverage(std::string& out, const OwedCoverage& owed,
                     const std::function<const std::string&(std::int64_t sensor)>& id) {
  if (owed.empty()) return;
  out += ",\"coverage\":[";
  const store::CoverageSeries* series = nullptr;
  for (const auto& each : owed.items) {
    if (series == nullptr || *series != each.series) {
      if (series != nullptr) out += "]},";
      series = &each.series;
      out += "{\"sensor\":" + id(series->sensor) + (series->regional ? ",\"region\":" : ",\"line\":");
      append_json_string(out, series->label);
      out += ",\"rev\":";
      append_number(out, owed.revision);
      out += ",\"spans\":[";
    } else {
      out += ',';
    }
    out += '[';
    append_number(out, count_ms(each.span.from));
    out += ',';
    append_number(out, count_ms(each.span.to));
    out += ",\"";
    out += store::to_string(each.span.state);
    out += "\"]";
  }
  out += "]}]";
}

}  // namespace lintel::sync
