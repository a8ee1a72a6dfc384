#include "gateway/app/held.hpp"

#include "gateway/app/boot_bytes.hpp"

namespace lintel::app {

HeldFrames::HeldFrames(store::Database& db)
    : db_(db),
      insert_(db.prepare("insert into held_frames (boot_id, boot_ns, link, topic, retained, payload) "
                         "values (?, ?, ?, ?, ?, ?)")),
      first_(db.prepare("select boot_id, boot_ns from held_frames order by id limit 1")),
      select_(db.prepare("select id, boot_id, boot_ns, link, topic, retained, payload from held_frames "
                         "order by id limit ?")),
      remove_(db.prepare("delete from held_frames where id = ?")) {
  load();
}

void HeldFrames::load() {
  any_ = db_.scalar("select exists (select 1 from held_frames)") != 0;
}

void HeldFrames::hold(const bridge::Frame& frame) {
  insert_.bind(std::nullopt, frame.arrived.count(), frame.link, frame.topic, frame.retained, std::nullopt);
  insert_.bind_blob(1, bytes_of(frame.boot));
  insert_.bind_blob(6, frame.payload);
  insert_.run();
  any_ = true;
}

bool HeldFrames::due(const clock::WallClock& wall) {
  if (!any_) return false;
  first_.bind();
  const bool due = first_.step() && wall.at(boot_from(first_.text(0)), BootTime{first_.integer(1)});
  first_.reset();
  return due;
}

void HeldFrames::release(const clock::WallClock& wall, int limit, const Take& take) {
  select_.bind(limit);
  while (select_.step()) {
    bridge::Frame frame;
    frame.boot = boot_from(select_.text(1));
    frame.arrived = BootTime{select_.integer(2)};
    const std::string link(select_.text(3)), topic(select_.text(4)), payload(select_.text(6));
    frame.link = link;
    frame.topic = topic;
    frame.retained = select_.integer(5) != 0;
    frame.payload = payload;
    auto arrival = wall.arrival(frame.boot, frame.arrived);
    if (!arrival) break;
    arrival->live = false;
    take(frame, *arrival);
    remove_.bind(select_.integer(0)).run();
  }
  select_.reset();
  load();
}

}  // namespace lintel::app
