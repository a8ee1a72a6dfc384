#include "firmware-bridge/decoders/profile/compile.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/profile/block_compiler.hpp"
#include "firmware-bridge/decoders/profile/source_compiler.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

bool is_profile_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.size() <= 60 && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

/// Whether conditions ask nothing of the payload.
bool unseen(const Where& where) {
  const auto about_topic = [](const Ref& ref) {
    return ref.of == Ref::Of::topic || ref.of == Ref::Of::topic_part || ref.of == Ref::Of::retained;
  };
  for (const auto& all : where) {
    if (all.empty()) return false;
    for (const Condition& condition : all)
      if (!std::all_of(condition.subject.begin(), condition.subject.end(), about_topic)) return false;
  }
  return !where.empty();
}

class Compiler {
 public:
  Compiler(const Json& profile, Problems& problems)
      : problems_(problems), fields_({&profile, ""}, problems), sources_(form_, problems) {}

  Form run() {
    head();
    payload();
    blocks();
    recognise();
    for (const char* elsewhere : {"$schema", "samples"}) fields_.get(elsewhere);
    fields_.finish();
    const bool states = std::any_of(form_.groups.begin(), form_.groups.end(),
                                    [](const Group& group) { return !group.statements.empty(); });
    if (!states && problems_.none())
      problems_.add("", "statements is missing: a profile says what is counted");
    sources_.settle_keys();
    return std::move(form_);
  }

 private:
  void head() {
    if (const auto name = fields_.need("name", "what links.d and `lintel decode` call it")) {
      form_.name = name->value->is_string() ? name->value->get<std::string>() : "";
      if (!is_profile_name(form_.name))
        problems_.add(name->pointer,
                      "expected lower-case letters, digits and hyphens, found " + shown(*name->value));
    }
    form_.summary = line("summary", "one line for people: which device, which transport");
    form_.source = line("source", "where the format is documented, or how it was captured");
  }

  std::string line(std::string_view key, std::string_view what) {
    const auto spot = fields_.need(key, what);
    if (!spot) return {};
    const auto* text = spot->value->get_ptr<const Json::string_t*>();
    if (text != nullptr && !text->empty() && text->size() <= 1000) return *text;
    problems_.add(spot->pointer, fmt::format("expected {}, found {}", what, shown(*spot->value)));
    return {};
  }

  void payload() {
    const std::pair<std::string_view, Form::Payload> kPayloads[] = {
        {"json", Form::Payload::json}, {"text", Form::Payload::text}, {"either", Form::Payload::either}};
    form_.payload = one_of("payload", kPayloads, Form::Payload::json);
    const std::pair<std::string_view, bool> kFramings[] = {{"message", false}, {"lines", true}};
    form_.lines = one_of("framing", kFramings, false);
    if (const auto topic = fields_.get("topic")) form_.topic = sources_.text_parts(*topic);
    if (const auto text = fields_.get("text")) form_.text = sources_.text_parts(*text);
    if (!form_.text.patterns.empty() && form_.payload == Form::Payload::json)
      problems_.add("/text", "is for payloads that are text: add \"payload\": \"text\" or \"either\"");
    if (const auto unwrap = fields_.get("unwrap"))
      for (const Spot& one : each(*unwrap, problems_)) form_.unwrap.push_back(sources_.path(one));
    form_.batch = fields_.flag("batch");
  }

  template <class T, std::size_t N>
  T one_of(std::string_view key, const std::pair<std::string_view, T> (&words)[N], T usual) {
    const auto spot = fields_.get(key);
    if (!spot) return usual;
    std::string known;
    for (const auto& [word, meaning] : words) {
      if (*spot->value == word) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    problems_.add(spot->pointer, fmt::format("expected one of {}, found {}", known, shown(*spot->value)));
    return usual;
  }

  void blocks() {
    BlockCompiler compiler(form_, problems_, sources_);
    form_.groups.emplace_back();
    for (const char* key : BlockCompiler::kInherited) compiler.inherit(key, fields_.get(key));
    const auto blocks_of = [&](std::string_view key, auto compile_one) {
      const auto list = fields_.get(key);
      if (!list) return;
      if (!list->value->is_array())
        problems_.add(list->pointer, "expected a list, found " + shown(*list->value));
      for (const Spot& one : each(*list, problems_)) compile_one(one);
    };
    blocks_of("statements", [&](const Spot& one) { compiler.statement(one); });
    blocks_of("reports", [&](const Spot& one) { compiler.report(one); });
    blocks_of("ignore", [&](const Spot& one) { compiler.ignore(one); });
    const auto& ignored = form_.groups.front().ignored;
    for (std::size_t i = 0; i < ignored.size(); ++i)
      if (unseen(ignored[i])) form_.ignored_unseen.push_back(i);
  }

  void recognise() {
    const auto spot = fields_.get("recognise");
    if (!spot) return;
    sources_.look_from(nullptr);
    if (spot->value->is_boolean()) {
      form_.recognisable = spot->value->get<bool>();
    } else {
      form_.recognised = sources_.where(*spot);
    }
  }

  Problems& problems_;
  Form form_;
  Fields fields_;
  SourceCompiler sources_;
};

}  // namespace

Form compile(const Json& profile, Problems& problems) {
  return Compiler(profile, problems).run();
}

}  // namespace lintel::bridge::decoders::profile
