#include <charconv>
#include <ostream>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/explain.hpp"
#include "gateway/app/explain_text.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/moments.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/evidence/files.hpp"
#include "gateway/status/control.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr std::string_view kExplainOptions[] = {"--config", "--set",   "--json",
                                                "--line",   "--limit", "--payloads"};
constexpr std::string_view kCorrectOptions[] = {"--config", "--set", "--json", "--line", "--reason"};
constexpr auto kFlushWithin = std::chrono::seconds{2};

struct Words {
  std::vector<std::string> rest;
  bool as_json = false;
  std::optional<std::string> line;
};

Result<Words> read_words(std::vector<std::string> rest, std::span<const std::string_view> options) {
  Words words;
  words.as_json = std::erase(rest, "--json") > 0;
  auto line = take_option(rest, "--line");
  if (!line) return tl::unexpected(line.error());
  words.line = *line;
  for (const auto& word : rest) {
    if (word.starts_with("--")) return tl::unexpected(cli::unexpected_argument(word, options));
  }
  words.rest = std::move(rest);
  return words;
}

/// The days of the store as its database has them.
Result<clock::StoreDays> days_of(store::Database& db) {
  auto row = db.prepare("select calendar from stores where id = 1");
  if (!row.step()) return fail(ErrorKind::corrupt, "the database names no store");
  const auto periods = clock::parse_periods(std::string(row.text(0)));
  if (!periods) return tl::unexpected(periods.error());
  return clock::StoreDays::make(*periods);
}

/// A question in the store's own time: sensor, from, to.
struct Asked {
  store::Database db;
  clock::StoreDays days;
  cli::Span span;
};

Result<Asked> ask_store(const config::Config& config, std::span<const std::string> words) {
  auto db = cli::open_database(config);
  if (!db) return tl::unexpected(db.error());
  auto days = days_of(*db);
  if (!days) return tl::unexpected(days.error());
  const auto span =
      cli::span_of(words[1], words.size() > 2 ? std::optional<std::string_view>(words[2]) : std::nullopt,
                   *days, machine_now());
  if (!span) return tl::unexpected(span.error());
  return Asked{std::move(*db), std::move(*days), *span};
}

Result<std::size_t> limit_of(const std::string& word) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), limit);
  if (error == std::errc() && end == word.data() + word.size() && limit > 0) return limit;
  return fail(ErrorKind::misconfigured, fmt::format("--limit {}: expected a number above 0", word));
}

void print(const json& answer, std::ostream& out) {
  out << answer.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
}

Result<void> explain_to(const config::Config& config, std::vector<std::string> rest, std::ostream& out) {
  const bool payloads = std::erase(rest, "--payloads") > 0;
  const auto limit = take_option(rest, "--limit");
  if (!limit) return tl::unexpected(limit.error());
  const auto words = read_words(std::move(rest), kExplainOptions);
  if (!words) return tl::unexpected(words.error());
  if (words->rest.size() < 2 || words->rest.size() > 3) {
    return fail(ErrorKind::misconfigured,
                "say which sensor and when, for example: lintel explain 6789C30012340001 today");
  }
  Question question;
  question.sensor = words->rest[0];
  question.line = words->line;
  if (*limit) {
    const auto number = limit_of(**limit);
    if (!number) return tl::unexpected(number.error());
    question.limit = *number;
  }
  // What a running gateway has in hand is to be seen too; one that is down has nothing.
  (void)status::ask(status::control_path(config.state_dir), {{"verb", "evidence-flush"}}, kFlushWithin);
  auto asked = ask_store(config, words->rest);
  if (!asked) return tl::unexpected(asked.error());
  question.from = asked->span.from;
  question.to = asked->span.to;
  const auto answer = explain(asked->db, evidence::directory(config.state_dir), question);
  if (!answer) return tl::unexpected(answer.error());
  if (words->as_json) {
    print(*answer, out);
  } else {
    print_explanation(*answer, asked->days.zone(), payloads, out);
  }
  return {};
}

Result<void> correct_to(const config::Config& config, std::vector<std::string> rest, std::ostream& out) {
  const auto reason = take_option(rest, "--reason");
  if (!reason) return tl::unexpected(reason.error());
  const auto words = read_words(std::move(rest), kCorrectOptions);
  if (!words) return tl::unexpected(words.error());
  if (words->rest.size() != 4 || !*reason) {
    return fail(ErrorKind::misconfigured,
                "say what to do with which readings and why, for example: lintel correct swap "
                "6789C30012340001 2026-11-16 now --reason \"mounted the wrong way round\"");
  }
  const std::span<const std::string> question(words->rest.begin() + 1, words->rest.end());
  const auto asked = ask_store(config, question);
  if (!asked) return tl::unexpected(asked.error());
  json request{{"serial", question[0]},
               {"action", words->rest[0]},
               {"reason", **reason},
               {"from", count_ms(asked->span.from)},
               {"to", count_ms(asked->span.to)}};
  if (words->line) request["line"] = *words->line;
  const auto answer = carry_out(config, "correct", request);
  if (!answer) return tl::unexpected(answer.error());
  if (words->as_json) {
    print(*answer, out);
    return {};
  }
  const auto time = [&](const char* key) {
    return cli::local_text(utc_ms(answer->value(key, std::int64_t{0})), asked->days.zone());
  };
  out << fmt::format(
      "{}: {} readings from {} to {} are corrected and go to HQ with the next sync.\n"
      "See it with: lintel explain {} {} {}\n",
      answer->value("name", question[0]), answer->value("readings", std::int64_t{0}), time("from"),
      time("to"), question[0], question[1], question[2]);
  return {};
}

using Doing = Result<void> (*)(const config::Config&, std::vector<std::string>, std::ostream&);

int with_configuration(std::span<const std::string> args, std::ostream& out, std::ostream& err, Doing doing) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  try {
    const auto done = doing(*config, std::move(rest), out);
    return done ? cli::kOk : cli::refuse(done.error(), err);
  } catch (const store::SqliteError& error) {
    return cli::refuse(
        {ErrorKind::corrupt, fmt::format("cannot read the database {}: {}",
                                         store::database_path(config->state_dir).string(), error.message)},
        err);
  }
}

}  // namespace

int explain(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  return with_configuration(args, out, err, explain_to);
}

int correct(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  return with_configuration(args, out, err, correct_to);
}

}  // namespace lintel::app
