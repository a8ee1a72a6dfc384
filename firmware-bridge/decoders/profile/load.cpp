#include "firmware-bridge/decoders/profile/load.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/profile/compile.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"
#include "firmware-bridge/decoders/profile/samples.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxText = 256 * 1024;

bool every_key(std::string_view) {
  return true;
}

/// "line:column: what", counted from 1 as editors do.
std::string syntax_problem(std::string_view text, const JsonFailure& failure) {
  if (failure.position == 0) return failure.reject.message;
  const std::size_t at = std::min(failure.position - 1, text.size());
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n');
  const std::size_t column = begin == std::string_view::npos ? at + 1 : at - begin;
  const char* what = failure.reject.kind == RejectKind::length
                         ? "the JSON text ends too early"
                         : "this is no JSON: a comma, quote or bracket is missing or too many";
  return fmt::format("{}:{}: {}", line, column, what);
}

}  // namespace

Loaded load(std::string_view text, Samples samples) {
  Loaded loaded;
  if (text.size() > kMaxText) {
    loaded.problems.push_back(
        fmt::format("{} bytes are too many for a profile: the limit is {}", text.size(), kMaxText));
    return loaded;
  }
  const auto document = parse_json(text, KeyFilter(every_key));
  if (!document) {
    loaded.problems.push_back(syntax_problem(text, document.error()));
    return loaded;
  }
  Problems problems;
  Form form = compile(*document, problems);
  loaded.name = form.name;
  if (problems.none()) {
    auto profile = std::make_unique<const Profile>(std::move(form));
    if (samples == Samples::run) loaded.samples = run_samples(*profile, *document, problems);
    if (problems.none()) loaded.profile = std::move(profile);
  }
  for (const Problem& problem : problems.all())
    loaded.problems.push_back(
        fmt::format("{}: {}", problem.pointer.empty() ? "/" : problem.pointer, problem.what));
  return loaded;
}

}  // namespace lintel::bridge::decoders::profile
