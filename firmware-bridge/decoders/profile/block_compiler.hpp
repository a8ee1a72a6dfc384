#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/decoders/profile/source_compiler.hpp"

namespace lintel::bridge::decoders::profile {

/// Compiles statements, reports and what is to be ignored, into the groups of a form.
class BlockCompiler {
 public:
  /// Keys that a profile may state once for all its statements.
  static constexpr const char* kInherited[] = {"sensor", "time", "window", "flags", "repeat_key"};

  BlockCompiler(Form& form, Problems& problems, SourceCompiler& sources)
      : form_(form), problems_(problems), sources_(sources) {}

  void inherit(std::string_view key, std::optional<Spot> stated);
  void statement(const Spot& spot);
  void report(const Spot& spot);
  void ignore(const Spot& spot);

 private:
  Group& group(Fields& fields);
  Level level(const Spot& spot, bool first);
  void times(Fields& fields, Statement& statement);
  void counts(Fields& fields, Statement& statement);
  void demand_counts(const Fields& fields, const Statement& statement);
  [[nodiscard]] std::optional<Spot> own_or_inherited(Fields& fields, const char* key) const;
  std::optional<Source> optional_source(Fields& fields, const char* key, const std::vector<Unit>& units = {});

  Form& form_;
  Problems& problems_;
  SourceCompiler& sources_;
  std::map<std::string, Spot, std::less<>> inherited_;
};

}  // namespace lintel::bridge::decoders::profile
