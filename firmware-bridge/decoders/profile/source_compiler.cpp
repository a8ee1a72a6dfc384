#include "firmware-bridge/decoders/profile/source_compiler.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::string_view kTests = "present, is, is_not, matches, below or at_least";

std::optional<std::string> scalar(const Json& value) {
  if (const auto* text = value.get_ptr<const Json::string_t*>()) return *text;
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  const auto number = value.is_number() ? whole_number(value) : std::nullopt;
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

}  // namespace

std::vector<std::string> SourceCompiler::scalars(const Spot& spot) {
  std::vector<std::string> texts;
  for (const Spot& one : each(spot, problems_)) {
    auto text = scalar(*one.value);
    if (text) {
      texts.push_back(std::move(*text));
    } else {
      problems_.add(one.pointer,
                    "expected a text, a whole number, true or false, found " + shown(*one.value));
    }
  }
  if (texts.empty()) problems_.add(spot.pointer, "expected at least one value");
  return texts;
}

std::optional<Pattern> SourceCompiler::pattern(const Spot& spot) {
  const auto* text = spot.value->get_ptr<const Json::string_t*>();
  if (text == nullptr) {
    problems_.add(spot.pointer, "expected a regular expression, found " + shown(*spot.value));
    return std::nullopt;
  }
  auto compiled = Pattern::compile(*text);
  if (compiled) return std::move(*compiled);
  problems_.add(spot.pointer, compiled.error().message);
  return std::nullopt;
}

Source SourceCompiler::source(const Spot& spot, const std::vector<Unit>& units) {
  Source made;
  if (spot.value->is_number_integer()) {
    made.text = Template{{{scalar(*spot.value).value_or(""), std::nullopt}}};
    return made;
  }
  if (!spot.value->is_object()) {
    made.from = refs(spot);
    return made;
  }
  Fields fields(spot, problems_);
  source_fields(fields, made, units);
  finish(fields, made);
  return made;
}

void SourceCompiler::source_fields(Fields& fields, Source& source, const std::vector<Unit>& units) {
  if (const auto text = fields.get("text")) source.text = text_with_values(*text);
  named(fields, source);
  if (const auto from = fields.get("from")) {
    const auto* outside = levels_;
    std::vector<Level> inside = {};
    if (source.list) {  // `from` is read inside the element
      inside.resize(depth() + 1);
      levels_ = &inside;
    }
    source.from = refs(*from);
    levels_ = outside;
  } else if (source.columns) {
    source.from = {Ref{.written = "."}};
  }
  if (const auto match = fields.get("match")) source.match = pattern(*match);
  source.optional = fields.flag("optional");
  const auto unit = units.empty() ? std::nullopt : fields.get("unit");
  if (!unit) return;
  std::string words;
  for (const Unit& one : units) {
    words += (words.empty() ? "" : ", ") + std::string(one.word);
    if (*unit->value == one.word) source.scale = one.factor;
    if (*unit->value == one.word) return;
  }
  problems_.add(unit->pointer, fmt::format("expected one of {}, found {}", words, shown(*unit->value)));
}

void SourceCompiler::finish(Fields& fields, const Source& source) {
  fields.finish();
  if (source.from.empty() && !source.text)
    problems_.add(fields.pointer(), "expected \"from\" (where the value stands) or \"text\"");
}

/// `list`, `by`, `is`: an element by its name. `columns`, `is`: a cell of a row by the column's name.
void SourceCompiler::named(Fields& fields, Source& source) {
  const auto list = fields.get("list");
  const auto by = fields.get("by");
  const auto columns = fields.get("columns");
  const auto is = fields.get("is");
  const auto channel = fields.get("channel");
  if (list && columns) problems_.add(fields.pointer(), "expected \"list\" or \"columns\", found both");
  if (list) {
    source.list = path(*list);
    std::vector<Level> inside(depth() + 1);
    const auto* outside = std::exchange(levels_, &inside);
    if (by && by->value->is_string()) source.by = ref(by->value->get_ref<const std::string&>(), by->pointer);
    levels_ = outside;
    if (!source.by)
      problems_.add(list->pointer, "needs \"by\": which member tells the elements of the list apart");
  } else if (by) {
    problems_.add(by->pointer, "belongs to \"list\"");
  }
  if (columns) {
    source.columns = path(*columns);
    if (!source.columns->steps.empty()) keys_in_order_.insert(source.columns->steps.back().key);
  }
  if (is) source.names = scalars(*is);
  if (channel) {
    const auto side = scalar(*channel->value).value_or("");
    source.channel = side == "in" ? &ChannelMap::in : &ChannelMap::out;
    if (side != "in" && side != "out")
      problems_.add(channel->pointer, "expected in or out, found " + shown(*channel->value));
  }
  if (!list && !columns && (is || channel))
    problems_.add((is ? is : channel)->pointer, "belongs to \"list\" or \"columns\"");
  if ((list || columns) && !is && !channel)
    problems_.add(fields.pointer(), "needs \"is\": the name of the element or column that is meant");
}

Test SourceCompiler::test(std::string_view word, const Spot& spot) {
  Test made;
  if (word == "present") {
    if (!spot.value->is_boolean())
      problems_.add(spot.pointer, "expected true or false, found " + shown(*spot.value));
    made.ask = *spot.value == false ? Test::Ask::absent : Test::Ask::present;
  } else if (word == "is" || word == "is_not") {
    made.ask = word == "is" ? Test::Ask::one_of : Test::Ask::none_of;
    made.values = scalars(spot);
  } else if (word == "matches") {
    made.ask = Test::Ask::matches;
    made.pattern = pattern(spot);
  } else {
    made.ask = word == "below" ? Test::Ask::below : Test::Ask::at_least;
    if (spot.value->is_number()) {
      made.number = spot.value->get<double>();
    } else {
      const auto others = refs(spot);
      if (!others.empty()) made.other = others.front();
    }
  }
  return made;
}

std::vector<Test> SourceCompiler::tests(const Spot& spot) {
  std::vector<Test> made;
  if (!spot.value->is_object()) {
    made.push_back(test("is", spot));
    return made;
  }
  Fields fields(spot, problems_);
  for (const char* word : {"present", "is", "is_not", "matches", "below", "at_least"})
    if (const auto asked = fields.get(word)) made.push_back(test(word, *asked));
  fields.finish();
  if (made.empty()) problems_.add(spot.pointer, fmt::format("expected a value, or one of {}", kTests));
  return made;
}

Where SourceCompiler::where(const Spot& spot) {
  Where any;
  for (const Spot& one : each(spot, problems_)) {
    if (!one.value->is_object()) {
      problems_.add(one.pointer,
                    "expected an object like {\"/type\": \"counters\"}, found " + shown(*one.value));
      continue;
    }
    auto& all = any.emplace_back();
    for (const auto& [subject, wanted] : one.value->items()) {
      if (subject == "comment") continue;
      const Spot test_spot = one.at(subject, wanted);
      Condition condition;
      condition.subject.push_back(ref(subject, test_spot.pointer));
      condition.tests = tests(test_spot);
      all.push_back(std::move(condition));
    }
  }
  return any;
}

TimeSource SourceCompiler::time(const Spot& spot) {
  TimeSource made;
  std::vector<std::string> formats = {"iso", "unix"};
  std::string pointer = spot.pointer;
  if (spot.value->is_object()) {
    Fields fields(spot, problems_);
    source_fields(fields, made.source, {});
    if (const auto format = fields.get("format")) {
      formats = scalars(*format);
      pointer = format->pointer;
    }
    if (const auto stated = fields.get("zone")) zone(*stated, made);
    if (const auto compared = fields.get("compare")) {
      Fields both(*compared, problems_);
      if (const auto with = both.need("with", "where the other time stands")) made.compared = source(*with);
      const auto seconds = both.need("seconds", "how far apart the two may be");
      const auto number = seconds ? whole_number(*seconds->value) : std::nullopt;
      if (seconds && (!number || *number < 0))
        problems_.add(seconds->pointer, "expected a number of seconds");
      made.compared_seconds = number.value_or(0);
      both.finish();
    }
    finish(fields, made.source);
  } else {
    made.source = source(spot);
  }
  for (const std::string& format : formats) {
    auto parsed = TimeFormat::parse(format);
    if (parsed) {
      made.formats.push_back(std::move(*parsed));
    } else {
      problems_.add(pointer, parsed.error().message);
    }
  }
  return made;
}

void SourceCompiler::zone(const Spot& spot, TimeSource& time) {
  if (*spot.value == "device") return;
  if (*spot.value == "utc") {
    time.utc = true;
    return;
  }
  if (!spot.value->is_object()) {
    problems_.add(spot.pointer,
                  "expected \"utc\", \"device\" (nobody says, the sensor's configuration decides) or "
                  "{\"offset\": where it stands}, found " +
                      shown(*spot.value));
    return;
  }
  Fields fields(spot, problems_);
  if (const auto offset = fields.need("offset", "where the offset stands, which reads like UTC+8:00"))
    time.offset = source(*offset);
  if (const auto summer = fields.get("summer_time")) time.summer = source(*summer);
  fields.finish();
}

Choice SourceCompiler::choice(const Spot& spot, std::string_view first, std::string_view second,
                              const std::vector<std::string>& usual_first,
                              const std::vector<std::string>& usual_second) {
  Choice made;
  const auto usual = [](const std::vector<std::string>& values) {
    std::vector<Test> one(1);
    one.front().ask = Test::Ask::one_of;
    one.front().values = values;
    return one;
  };
  if (!spot.value->is_object()) {
    made.source = source(spot);
    if (usual_first.empty())
      problems_.add(spot.pointer, fmt::format("expected an object with from, {} and {}", first, second));
    made.first = usual(usual_first);
    made.second = usual(usual_second);
    return made;
  }
  Fields fields(spot, problems_);
  source_fields(fields, made.source, {});
  const auto side = [&](std::string_view word, const std::vector<std::string>& values) {
    const auto stated = values.empty() ? fields.need(word, "the values that mean it") : fields.get(word);
    return stated ? tests(*stated) : usual(values);
  };
  made.first = side(first, usual_first);
  made.second = side(second, usual_second);
  finish(fields, made.source);
  return made;
}

Flag SourceCompiler::flag(const Spot& spot) {
  Flag made;
  if (!spot.value->is_object()) {
    made.text = text_with_values(spot);
    return made;
  }
  Fields fields(spot, problems_);
  if (const auto text = fields.need("flag", "the word to add")) made.text = text_with_values(*text);
  if (const auto when = fields.need("where", "when the word is added")) made.where = where(*when);
  fields.finish();
  return made;
}

TextParts SourceCompiler::text_parts(const Spot& spot) {
  TextParts parts;
  for (const Spot& one : each(spot, problems_)) {
    auto compiled = pattern(one);
    if (!compiled) continue;
    auto& slots = parts.slots.emplace_back();
    for (const std::string& name : compiled->names()) {
      slots.push_back(TextParts::kNoSlot);
      if (name.empty()) continue;
      const auto known = std::find(parts.names.begin(), parts.names.end(), name);
      slots.back() = static_cast<std::size_t>(known - parts.names.begin());
      if (known == parts.names.end()) parts.names.push_back(name);
    }
    parts.patterns.push_back(std::move(*compiled));
  }
  return parts;
}

}  // namespace lintel::bridge::decoders::profile
