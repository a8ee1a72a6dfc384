#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/readings.hpp"
#include "gateway/store/rhythm.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

struct Sensor {
  std::int64_t id = 0;
  std::string serial;
  std::string name;
  std::string model;
  std::string link;
  std::string lifecycle = "planning";
  nlohmann::json settings = nlohmann::json::object();  ///< sensor_settings.hpp
  nlohmann::json metadata = nlohmann::json::object();
  // Liveness, written to the table at most once a minute.
  UtcMs last_data{};
  BootTime last_boot{};
  std::int64_t interval_ms = 0;  ///< learned rhythm, 0 unless it reports steadily
  Rhythm rhythm;
  bool seen = false;  ///< heard since this process started
  bool dirty = false;
  BootTime written{};
};

/// The sensors of this store by the identity they state. Writer thread only.
class Sensors {
 public:
  /// More devices than this are not taken in on their own: a hostile payload could name one each time. Who is
  /// listed or adopted comes in all the same.
  static constexpr std::size_t kMostUnnamed = 1000;

  Sensors(Database& db, ChangeNumbers& numbers, std::string store_public_id);

  /// Reads the table anew: at start and after a rollback.
  void load();

  /// The sensor of that identity; a new one is registered as `planning` and owed to HQ. `name` empty:
  /// the identity. A change of name, model or link is stored and owed too. Null when the store is full,
  /// and nobody but the device says that it belongs here.
  Sensor* claim(std::string_view serial, std::string_view name, std::string_view model, std::string_view link,
                UtcMs now, bool belongs = false);

  /// Writes name, lifecycle, settings and metadata. `change` says for the journal what is new, and is owed to
  /// HQ; null: nothing HQ has to know.
  void configure(Sensor& sensor, const SensorColumns& columns, UtcMs now, const nlohmann::json& change);
  [[nodiscard]] static SensorColumns columns_of(const Sensor& sensor);
  /// Null: there is none.
  [[nodiscard]] Sensor* find(std::string_view serial);

  /// Another device counts behind the door of `sensor` from now on: the sensor keeps its ids and all that was
  /// counted, and is known by the new device's serial; metadata.devices remembers the old one. The serial
  /// must be free. Owed to HQ. Pointers to sensors hold, but `sensor` is to be found under the new serial.
  Sensor& change_device(Sensor& sensor, const std::string& serial, UtcMs now);
  /// The serial of the device that counts today where this one did before; empty: it was never replaced.
  [[nodiscard]] std::string successor(std::string_view serial) const;

  /// Takes over what others have written into the table, and keeps what was learnt of the living.
  void reread();

  /// Notes that data came; learns the sensor's rhythm. `now` is absent while the time is not known.
  void heard(Sensor& sensor, std::optional<UtcMs> now, BootTime arrived);
  /// Notes at what time data had come that was heard before.
  void dated(Sensor& sensor, UtcMs at);

  /// Writes liveness that is a minute old or older, inside the caller's transaction.
  void flush(const BootId& boot, BootTime now, bool all = false);

  [[nodiscard]] const std::unordered_map<std::string, Sensor>& all() const { return by_serial_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  void owe(std::int64_t id, const nlohmann::json& change = nullptr);
  [[nodiscard]] Sensor read_row();
  Sensor* add(std::string_view serial, std::string_view name, std::string_view model, std::string_view link,
              UtcMs now);

  ChangeNumbers& numbers_;
  std::string store_public_id_;
  Statement select_, insert_, update_, configure_, rename_, owe_, liveness_;
  std::unordered_map<std::string, Sensor> by_serial_;
};

}  // namespace lintel::store
