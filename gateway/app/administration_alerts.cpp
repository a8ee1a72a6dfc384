// What people do about alerts.
#include <fmt/format.h>

#include "gateway/app/administration.hpp"
#include "gateway/health/alerts.hpp"
#include "gateway/status/members.hpp"
#include "gateway/store/sensor_settings.hpp"

namespace lintel::app {

Result<nlohmann::json> Administration::acknowledge(const nlohmann::json& request, UtcMs now) {
  const auto id = status::number_of(request, "id", 0, 0);
  auto by = status::text_of(request, "by");
  if (by.empty()) by = status::text_of(request, "actor");
  if (by.empty() || by.size() > 128) {
    return fail(ErrorKind::misconfigured, "say who acknowledges it, in at most 128 bytes: --by NAME");
  }
  auto row = parts_.store.db().prepare("select state, message, details from alerts where id = ?");
  row.bind(id);
  if (!row.step()) {
    return fail(ErrorKind::misconfigured,
                fmt::format("there is no alert {}: `lintel alerts` lists those that are open", id));
  }
  const std::string state(row.text(0)), message(row.text(1));
  const auto before = store::object_from(row.text(2)).value("acknowledged_by", std::string("somebody"));
  row.reset();
  if (state == "resolved") return fail(ErrorKind::rejected, fmt::format("alert {} is over already", id));
  if (state == "acknowledged")
    return fail(ErrorKind::rejected, fmt::format("alert {} was acknowledged by {} already", id, before));
  (void)health::acknowledge(parts_.store.db(), id, by, now);
  return nlohmann::json{{"id", id}, {"by", by}, {"message", message}};
}

}  // namespace lintel::app
