#include "firmware-bridge/decoders/profile/scope.hpp"

#include <algorithm>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::profile {

namespace {

/// A key as a JSON pointer has it.
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key.substr(0, 64)) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c >= ' ' && c <= '~' ? c : '?';
    }
  }
  return text;
}

const Json kNothing;

}  // namespace

std::string Source::written() const {
  const std::string name = names.empty() ? "?" : names.front();
  std::string places;
  for (const Ref& ref : from) places += (places.empty() ? "" : " or ") + ref.written;
  if (list) return list->written + "/" + name + "/" + places;
  return columns ? places + " below " + name : places;
}

void Scope::enter_document(const Json* document, std::string base) {
  depth_ = 0;
  places_begun_ = 0;
  channels_ = nullptr;
  base_ = std::move(base);
  push({document});
}

const Item* Scope::outer(std::size_t up) const {
  return up < depth_ ? &items_[depth_ - 1 - up] : nullptr;
}

std::string Scope::composed(const Step& step) const {
  for (std::size_t up = 0; const Item* item = outer(up); ++up) {
    if (item->groups == nullptr) continue;
    if (step.number >= item->groups->size()) return {};
    std::string key = step.key;
    return key.append((*item->groups)[step.number]).append(step.tail);
  }
  return {};
}

const Json* Scope::step(const Json* value, const Step& step) const {
  switch (step.kind) {
    case Step::Kind::key: return member(value, step.key);
    case Step::Kind::composed: return member(value, composed(step));
    case Step::Kind::element:
      if (value != nullptr && value->is_object()) return member(value, step.key);
      break;
    case Step::Kind::current: break;
  }
  const std::size_t number = step.kind == Step::Kind::element ? step.number : item().index;
  const auto* list = value != nullptr ? value->get_ptr<const Json::array_t*>() : nullptr;
  return list != nullptr && number < list->size() ? &(*list)[number] : nullptr;
}

const Json*& Scope::known_at(std::size_t place) const {
  while (places_begun_ <= place) places_[places_begun_++] = nullptr;
  return places_[place];
}

const Json* Scope::walk(const Ref& ref) const {
  if (ref.place < kMaxPlaces) {
    const Json*& known = known_at(ref.place);
    if (known == nullptr) known = walk(items_.front().value, ref.steps);
    if (known == nullptr) known = &kNothing;
    return known;
  }
  const Item* from = ref.from_document ? &items_.front() : outer(ref.up);
  return walk(from != nullptr ? from->value : nullptr, ref.steps);
}

const Json* Scope::walk(const Json* value, const std::vector<Step>& steps) const {
  for (const Step& one : steps) {
    if (value == nullptr) break;
    value = step(value, one);
  }
  return value;
}

Value Scope::find(const Ref& ref) const {
  const auto part = [](const Parts& parts, std::size_t number) {
    return number < parts.size() && parts[number].data() != nullptr ? Value(parts[number]) : Value();
  };
  const Item* from = outer(ref.up);
  switch (ref.of) {
    case Ref::Of::path: return Value(walk(ref));
    case Ref::Of::key: return from != nullptr ? Value(from->key) : Value();
    case Ref::Of::index: return from != nullptr ? Value(std::to_string(from->index)) : Value();
    case Ref::Of::group:
      return from != nullptr && from->groups != nullptr && ref.number < from->groups->size()
                 ? Value((*from->groups)[ref.number])
                 : Value();
    case Ref::Of::topic: return frame_.topic.empty() ? Value() : Value(frame_.topic);
    case Ref::Of::topic_part: return part(topic_, ref.number);
    case Ref::Of::payload: return Value(trim(frame_.payload));
    case Ref::Of::text_part: return part(text_, ref.number);
    case Ref::Of::link: return Value(std::string_view());
    case Ref::Of::retained: return Value(std::string_view(frame_.retained ? "true" : "false"));
  }
  return {};
}

Value Scope::first_of(const std::vector<Ref>& spellings) const {
  for (const Ref& ref : spellings) {
    Value value = find(ref);
    if (value.present()) return value;
  }
  return {};
}

Value Scope::read(const Source& source) {
  Value value;
  if (source.text) {
    auto text = fill(*source.text);
    if (text) value = Value(std::move(*text));
  } else if (source.list) {
    value = select(source);
  } else {
    value = source.columns ? column(source) : first_of(source.from);
  }
  if (!source.match || !value.present()) return value;
  std::string room;
  const auto text = value.scalar(room);
  Groups groups;
  if (!text || !source.match->match(*text, groups)) return {};
  const std::string_view part = groups.size() > 1 ? groups[1] : groups[0];
  if (part.data() == nullptr) return {};
  return value.text() && !value.is_own() ? Value(part) : Value(std::string(part));
}

bool Scope::named(const Source& source, const Value& name) const {
  if (source.channel == nullptr || channels_ == nullptr) return name.is_one_of(source.names);
  const std::string& channel = channels_->*source.channel;
  return !channel.empty() && name.is(channel);
}

/// Nothing where several elements have the name: which of them would be the one?
Value Scope::select(const Source& source) {
  const Json* list = walk(*source.list);
  const auto* elements = list != nullptr ? list->get_ptr<const Json::array_t*>() : nullptr;
  if (elements == nullptr) return {};
  Value found;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    push({&(*elements)[i], {}, i});
    const bool fits = named(source, find(*source.by));
    Value value = fits ? first_of(source.from) : Value();
    pop();
    if (!value.present()) continue;
    if (found.present()) return {};
    found = std::move(value);
  }
  return found;
}

Value Scope::column(const Source& source) const {
  const Json* names = walk(*source.columns);
  const auto* columns = names != nullptr ? names->get_ptr<const Json::array_t*>() : nullptr;
  const Value row = first_of(source.from);
  const auto* cells = row.json() != nullptr ? row.json()->get_ptr<const Json::array_t*>() : nullptr;
  if (columns == nullptr || cells == nullptr || columns->size() != cells->size()) return {};
  for (std::size_t i = 0; i < columns->size(); ++i) {
    const Json& column = (*columns)[i];
    // The keys of an object come as pairs, see KeyFilter::Keep::in_order.
    const Json& name = column.is_array() && !column.empty() ? column[0] : column;
    if (named(source, Value(&name))) return Value(&(*cells)[i]);
  }
  return {};
}

std::optional<std::string> Scope::fill(const Template& text) const {
  std::string filled;
  std::string room;
  for (const Template::Part& part : text.parts) {
    filled += part.literal;
    if (!part.value) continue;
    const Value value = find(*part.value);
    const auto shown = value.scalar(room);
    if (!shown || !is_name(*shown)) return std::nullopt;
    filled += *shown;
  }
  return filled;
}

bool Scope::holds(const Test& test, const Value& value) const {
  if (test.ask == Test::Ask::absent) return !value.present();
  if (!value.present()) return false;
  if (test.ask == Test::Ask::present) return true;
  if (test.ask == Test::Ask::one_of) return value.is_one_of(test.values);
  if (test.ask == Test::Ask::none_of) return !value.is_one_of(test.values);
  if (test.ask == Test::Ask::matches) {
    std::string room;
    const auto text = value.scalar(room);
    return text && test.pattern->matches(*text);
  }
  const auto number = value.number();
  const auto other = test.other ? find(*test.other).number() : std::optional(test.number);
  if (!number || !other) return false;
  return test.ask == Test::Ask::below ? *number < *other : *number >= *other;
}

bool Scope::holds(const std::vector<Test>& tests, const Value& value) const {
  return std::all_of(tests.begin(), tests.end(), [&](const Test& test) { return holds(test, value); });
}

bool Scope::holds(const Where& where) const {
  const auto all = [this](const std::vector<Condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(), [this](const Condition& condition) {
      return holds(condition.tests, first_of(condition.subject));
    });
  };
  return where.empty() || std::any_of(where.begin(), where.end(), all);
}

std::string Scope::place_of_item(std::size_t depth) const {
  if (depth == 0) return base_;
  const Item& item = items_[depth];
  if (item.level == nullptr) return place_of_item(depth - 1);
  const std::string container = place_from(item.level->container, depth - 1);
  if (item.level->over == Level::Over::keys) return container;
  return container + "/" +
         (item.level->over == Level::Over::list ? std::to_string(item.index) : escaped(item.key));
}

std::string Scope::place_from(const Ref& ref, std::size_t depth) const {
  std::string text = ref.from_document ? base_
                     : ref.up <= depth ? place_of_item(depth - ref.up)
                                       : std::string();
  for (const Step& one : ref.steps) {
    switch (one.kind) {
      case Step::Kind::key: text += "/" + escaped(one.key); break;
      case Step::Kind::composed: text += "/" + escaped(composed(one)); break;
      case Step::Kind::element: text += "/" + std::to_string(one.number); break;
      case Step::Kind::current: text += "/" + std::to_string(items_[depth].index); break;
    }
  }
  return text;
}

std::string Scope::place(const Ref& ref) const {
  if (ref.of != Ref::Of::path) return ref.written;
  const std::string text = place_from(ref, depth_ - 1);
  return text.empty() ? "/" : text;
}

std::string Scope::place(const Source& source) const {
  if (source.list || source.columns) return place() + " (" + source.written() + ")";
  // Of several spellings the one that is there, else all of them.
  for (const Ref& ref : source.from)
    if (find(ref).present() || source.from.size() == 1) return place(ref);
  return source.from.empty() ? place() : place() + " (" + source.written() + ")";
}

std::string Scope::place() const {
  const std::string text = place_of_item(depth_ - 1);
  return text.empty() ? "/" : text;
}

}  // namespace lintel::bridge::decoders::profile
