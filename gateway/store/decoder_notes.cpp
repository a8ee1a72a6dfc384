#include "gateway/store/decoder_notes.hpp"

#include <algorithm>

namespace lintel::store {

DecoderNotes::DecoderNotes(Database& db)
    : select_(
          db.prepare("select key, value from decoder_notes where link = ? and topic = ? and decoder = ?")),
      save_(db.prepare("insert into decoder_notes (link, topic, decoder, key, value) values (?, ?, ?, ?, ?) "
                       "on conflict do update set value = excluded.value")),
      remove_(
          db.prepare("delete from decoder_notes where link = ? and topic = ? and decoder = ? and key = ?")),
      owners_(db.prepare("select distinct link, topic, decoder from decoder_notes")),
      drop_(db.prepare("delete from decoder_notes where link = ? and topic = ? and decoder = ?")) {}

DecoderNotes::Notes DecoderNotes::load(const Owner& owner) {
  Notes notes;
  select_.bind(owner.link, owner.topic, owner.decoder);
  while (select_.step()) notes.emplace(select_.text(0), select_.text(1));
  select_.reset();
  stored_[owner] = notes;
  return notes;
}

void DecoderNotes::remove(const Owner& owner, std::string_view key) {
  remove_.bind(owner.link, owner.topic, owner.decoder, key).run();
}

void DecoderNotes::save(const Owner& owner, const Notes& notes) {
  Notes& before = stored_[owner];
  auto old = before.begin();
  for (const auto& [key, value] : notes) {
    for (; old != before.end() && old->first < key; ++old) remove(owner, old->first);
    const bool known = old != before.end() && old->first == key;
    if (!known || old->second != value) {
      save_.bind(owner.link, owner.topic, owner.decoder, key, value).run();
    }
    if (known) ++old;
  }
  for (; old != before.end(); ++old) remove(owner, old->first);
  before = notes;
}

void DecoderNotes::keep_only(const std::vector<Owner>& owners) {
  std::vector<Owner> gone;
  while (owners_.step()) {
    Owner owner{std::string(owners_.text(0)), std::string(owners_.text(1)), std::string(owners_.text(2))};
    if (std::find(owners.begin(), owners.end(), owner) == owners.end()) gone.push_back(std::move(owner));
  }
  owners_.reset();
  for (const auto& owner : gone) drop_.bind(owner.link, owner.topic, owner.decoder).run();
  std::erase_if(stored_, [&](const auto& kept) {
    return std::find(owners.begin(), owners.end(), kept.first) == owners.end();
  });
}

}  // namespace lintel::store
