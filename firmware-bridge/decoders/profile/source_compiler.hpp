#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware-bridge/decoders/profile/fields.hpp"
#include "firmware-bridge/decoders/profile/form.hpp"

namespace lintel::bridge::decoders::profile {

/// A word for a unit, and what one of it is in the unit that the value is kept in.
struct Unit {
  std::string_view word;
  double factor;
};

/// Turns the parts of a profile that name values into their compiled form: references, sources, tests,
/// times. Problems are told where they are found, and what is returned is then of no use.
class SourceCompiler {
 public:
  SourceCompiler(Form& form, Problems& problems) : form_(form), problems_(problems) {}

  /// The items that relative references of what follows are read in; null where there are none.
  void look_from(const std::vector<Level>* levels) { levels_ = levels; }

  Ref ref(std::string_view text, const std::string& pointer);
  std::vector<Ref> refs(const Spot& spot);
  /// A path to a list or object of the document.
  Ref path(const Spot& spot);
  Template text_with_values(const Spot& spot);
  Source source(const Spot& spot, const std::vector<Unit>& units = {});
  std::optional<Pattern> pattern(const Spot& spot);
  std::vector<Test> tests(const Spot& spot);
  Where where(const Spot& spot);
  TimeSource time(const Spot& spot);
  Choice choice(const Spot& spot, std::string_view first, std::string_view second,
                const std::vector<std::string>& usual_first, const std::vector<std::string>& usual_second);
  Flag flag(const Spot& spot);
  TextParts text_parts(const Spot& spot);
  std::vector<std::string> scalars(const Spot& spot);

  /// Puts what keys all of these ask for into the form; the last thing to do.
  void settle_keys();

 private:
  void special(std::string_view word, Ref& ref, const std::string& pointer);
  void group(std::string_view name, Ref& ref, const std::string& pointer);
  void part(std::string_view name, const TextParts& parts, Ref::Of of, Ref& ref, const std::string& pointer);
  Step step(std::string_view text, const std::string& pointer);
  void remember(std::string_view path, Ref& ref);
  void source_fields(Fields& fields, Source& source, const std::vector<Unit>& units);
  void finish(Fields& fields, const Source& source);
  void named(Fields& fields, Source& source);
  void zone(const Spot& spot, TimeSource& time);
  Test test(std::string_view word, const Spot& spot);
  [[nodiscard]] std::size_t depth() const { return levels_ != nullptr ? levels_->size() : 0; }

  Form& form_;
  Problems& problems_;
  const std::vector<Level>* levels_ = nullptr;
  std::set<std::string> keys_;
  std::set<std::string> keys_in_order_;
  std::vector<std::string> places_;  ///< paths from the top, by Ref::place
};

}  // namespace lintel::bridge::decoders::profile
