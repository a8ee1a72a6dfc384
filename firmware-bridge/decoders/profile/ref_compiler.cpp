#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/core/nearest.hpp"
#include "firmware-bridge/decoders/profile/source_compiler.hpp"
#include "firmware-bridge/decoders/text.hpp"

/// References: "/a/b", "c", "../c", "$topic.name" and texts with such in braces.
namespace lintel::bridge::decoders::profile {

namespace {

constexpr std::size_t kMaxSteps = 16;
constexpr std::size_t kMaxTemplateParts = 16;

std::string unescaped(std::string_view text) {
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '~' && i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1');
    key += !escape ? text[i] : text[i + 1] == '0' ? '~' : '/';
    i += escape;
  }
  return key;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  std::vector<std::string_view> named;
  for (const std::string& text : texts)
    if (!text.empty()) named.push_back(text);
  return named;
}

}  // namespace

Ref SourceCompiler::ref(std::string_view text, const std::string& pointer) {
  Ref ref;
  ref.written = text.substr(0, 200);
  std::string_view rest = text;
  while (rest.starts_with("../")) {
    rest.remove_prefix(3);
    ++ref.up;
  }
  if (ref.up > depth())
    problems_.add(pointer, fmt::format("{} leads out of {} items, but for_each goes {} deep here",
                                       excerpt(text), ref.up, depth()));
  if (rest.starts_with("$")) {
    special(rest.substr(1), ref, pointer);
    return ref;
  }
  if (rest.empty())
    problems_.add(pointer, "expected where a value stands, for example \"/data/in\", found an empty text");
  const std::string_view path = rest;
  if (rest.starts_with("/")) {
    ref.from_document = true;
    rest.remove_prefix(1);
  } else if (rest == "." || rest == "..") {
    ref.up += rest == "..";
    return ref;
  } else if (rest.starts_with("./")) {
    rest.remove_prefix(2);
  }
  for (bool more = !rest.empty(); more && ref.steps.size() <= kMaxSteps;) {
    const std::size_t end = rest.find('/');
    ref.steps.push_back(step(rest.substr(0, end), pointer));
    more = end != std::string_view::npos;
    if (more) rest.remove_prefix(end + 1);
  }
  if (ref.steps.size() > kMaxSteps) problems_.add(pointer, fmt::format("more than {} steps", kMaxSteps));
  remember(path, ref);
  return ref;
}

void SourceCompiler::special(std::string_view word, Ref& ref, const std::string& pointer) {
  constexpr std::pair<std::string_view, Ref::Of> kWords[] = {
      {"key", Ref::Of::key},         {"index", Ref::Of::index}, {"topic", Ref::Of::topic},
      {"payload", Ref::Of::payload}, {"link", Ref::Of::link},   {"retained", Ref::Of::retained}};
  for (const auto& [name, of] : kWords) {
    if (word != name) continue;
    ref.of = of;
    return;
  }
  if (word.starts_with("topic.")) return part(word.substr(6), form_.topic, Ref::Of::topic_part, ref, pointer);
  if (word.starts_with("text.")) return part(word.substr(5), form_.text, Ref::Of::text_part, ref, pointer);
  if (word.starts_with("each.")) return group(word.substr(5), ref, pointer);
  constexpr std::string_view kAll[] = {"key",  "index",    "topic", "payload",
                                       "link", "retained", "text",  "each"};
  problems_.add(pointer, fmt::format("${} is nothing that is known beside the document, {}",
                                     word.substr(0, 60), suggest(word.substr(0, word.find('.')), kAll)));
}

void SourceCompiler::part(std::string_view name, const TextParts& parts, Ref::Of of, Ref& ref,
                          const std::string& pointer) {
  const auto found = std::find(parts.names.begin(), parts.names.end(), name);
  ref.of = of;
  ref.number = static_cast<std::size_t>(found - parts.names.begin());
  if (found != parts.names.end()) return;
  problems_.add(pointer, fmt::format("no group of the profile's \"{}\" is called {}, {}",
                                     of == Ref::Of::topic_part ? "topic" : "text", excerpt(name),
                                     suggest(name, views(parts.names))));
}

void SourceCompiler::group(std::string_view name, Ref& ref, const std::string& pointer) {
  ref.of = Ref::Of::group;
  for (std::size_t up = 0; up < depth(); ++up) {
    const Level& level = (*levels_)[depth() - 1 - up];
    if (!level.keys) continue;
    const auto& names = level.keys->names();
    const auto found = std::find(names.begin(), names.end(), name);
    ref.up = up;
    ref.number = static_cast<std::size_t>(found - names.begin());
    if (found != names.end() && !name.empty()) return;
    problems_.add(pointer, fmt::format("no group of \"keys\" is called {}, {}", excerpt(name),
                                       suggest(name, views(names))));
    return;
  }
  problems_.add(pointer, fmt::format("{} needs a for_each with \"keys\"", excerpt(name)));
}

Step SourceCompiler::step(std::string_view text, const std::string& pointer) {
  Step step;
  if (text == "#") {
    step.kind = Step::Kind::current;
    if (depth() == 0) problems_.add(pointer, "# is the number of an item, and there is no for_each here");
    return step;
  }
  const std::size_t open = text.find('{');
  const std::size_t close = text.find('}', open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos && close != std::string_view::npos) {
    step.kind = Step::Kind::composed;
    Ref ref;
    group(text.substr(open + 1, close - open - 1), ref, pointer);
    step.number = ref.number;
    step.key = unescaped(text.substr(0, open));
    step.tail = unescaped(text.substr(close + 1));
    return step;
  }
  step.key = unescaped(text);
  const auto number = whole_number(text);
  if (number && std::in_range<std::size_t>(*number)) {
    step.kind = Step::Kind::element;
    step.number = static_cast<std::size_t>(*number);
  }
  return step;
}

void SourceCompiler::remember(std::string_view path, Ref& ref) {
  const auto fixed = [](const Step& step) {
    return step.kind == Step::Kind::key || step.kind == Step::Kind::element;
  };
  for (const Step& step : ref.steps)
    if (fixed(step)) keys_.insert(step.key);
  if (!ref.from_document || !std::all_of(ref.steps.begin(), ref.steps.end(), fixed)) return;
  const auto known = std::find(places_.begin(), places_.end(), path);
  if (known == places_.end() && places_.size() == kMaxPlaces) return;
  ref.place = static_cast<std::size_t>(known - places_.begin());
  if (known == places_.end()) places_.emplace_back(path);
}

void SourceCompiler::settle_keys() {
  form_.keys.names = KeyTable({keys_.begin(), keys_.end()});
  form_.keys.in_order = KeyTable({keys_in_order_.begin(), keys_in_order_.end()});
}

std::vector<Ref> SourceCompiler::refs(const Spot& spot) {
  std::vector<Ref> found;
  for (const Spot& one : each(spot, problems_)) {
    if (const auto* text = one.value->get_ptr<const Json::string_t*>()) {
      found.push_back(ref(*text, one.pointer));
    } else {
      problems_.add(one.pointer,
                    "expected where a value stands, for example \"/data/in\", found " + shown(*one.value));
    }
  }
  if (spot.value->is_array() && spot.value->empty())
    problems_.add(spot.pointer, "expected at least one place to look at");
  return found;
}

Ref SourceCompiler::path(const Spot& spot) {
  const auto* text = spot.value->get_ptr<const Json::string_t*>();
  Ref found;
  if (text != nullptr) found = ref(*text, spot.pointer);
  if (text == nullptr || found.of != Ref::Of::path)
    problems_.add(spot.pointer, "expected a place in the document, for example \"/data/lines\", found " +
                                    shown(*spot.value));
  return found;
}

Template SourceCompiler::text_with_values(const Spot& spot) {
  Template made;
  const auto* text = spot.value->get_ptr<const Json::string_t*>();
  if (text == nullptr || text->empty() || text->size() > 200) {
    problems_.add(spot.pointer, "expected a text of 1 to 200 characters, found " + shown(*spot.value));
    return made;
  }
  std::string_view rest = *text;
  while (!rest.empty() && made.parts.size() < kMaxTemplateParts) {
    const std::size_t open = rest.find('{');
    const std::size_t close = open == std::string_view::npos ? open : rest.find('}', open);
    auto& part = made.parts.emplace_back();
    part.literal = rest.substr(0, open);
    if (open == std::string_view::npos) return made;
    if (close == std::string_view::npos) break;
    part.value = ref(rest.substr(open + 1, close - open - 1), spot.pointer);
    rest.remove_prefix(close + 1);
  }
  if (!rest.empty())
    problems_.add(spot.pointer, fmt::format("{} has a brace that is not closed, or more than {} values",
                                            excerpt(*text), kMaxTemplateParts));
  return made;
}

}  // namespace lintel::bridge::decoders::profile
