#include "gateway/sync/coverage.hpp"

#include <algorithm>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::size_t kMostRows = 900;  // HQ takes 1,000 spans, and a long one goes in pieces
constexpr Millis kLongestSpan = std::chrono::days{366};
constexpr std::size_t kSpanFrame = 48;
constexpr std::size_t kSeriesFrame = 110;

}  // namespace

std::size_t OwedCoverage::width() const {
  std::size_t bytes = 32;
  for (const auto& each : spans) bytes += kSpanFrame + kSeriesFrame + 6 * each.series.label.size();
  return bytes;
}

CoverageReader::CoverageReader(store::Database& reader)
    : select_(
          reader.prepare("select sensor_id, regional, label, from_at, to_at, state, revision from coverage "
                         "where revision > ? order by revision limit ?")) {}

OwedCoverage CoverageReader::owed(std::int64_t told) {
  OwedCoverage owed;
  std::size_t rows = 0;
  select_.bind(told, std::uint64_t{kMostRows + 1});
  while (select_.step()) {
    if (++rows > kMostRows) {
      owed.more = true;
      break;
    }
    const store::CoverageSeries series{select_.integer(0), select_.integer(1) != 0,
                                       std::string(select_.text(2))};
    auto from = utc_ms(select_.integer(3));
    const auto to = utc_ms(select_.integer(4));
    const auto state = store::coverage_state_from(select_.text(5));
    for (; to - from > kLongestSpan; from += kLongestSpan) {
      owed.spans.push_back({series, {from, from + kLongestSpan, state}});
    }
    owed.spans.push_back({series, {from, to, state}});
    owed.revision = select_.integer(6);
  }
  select_.reset();
  std::sort(owed.spans.begin(), owed.spans.end(), [](const auto& a, const auto& b) {
    return a.series != b.series ? a.series < b.series : a.span.from < b.span.from;
  });
  return owed;
}

void append_coverage(std::string& out, const OwedCoverage& owed,
                     const std::function<const std::string&(std::int64_t sensor)>& id) {
  if (owed.empty()) return;
  out += ",\"coverage\":[";
  const store::CoverageSeries* series = nullptr;
  for (const auto& each : owed.spans) {
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
