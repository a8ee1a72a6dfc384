// `lintel db`: what it shows, what it copies, and that it changes nothing.
#include <doctest/doctest.h>

#include <fstream>

#include "gateway/store/store.hpp"
#include "tests/gateway/cli/broken_machine.hpp"

using namespace lintel;
using nlohmann::json;
using test::BrokenMachine;
namespace fs = std::filesystem;

namespace {

/// A machine that has run once: there is a database, with a sensor.
struct Machine : BrokenMachine {
  Machine() {
    write("sensors.d/1.conf", "serial = 6789C3\nname = Main entrance\n");
    start();
    stop();
  }
  [[nodiscard]] fs::path database() const { return store::database_path(dir() / "state"); }
};

}  // namespace

TEST_CASE("lintel db: it lists the tables, to read and for programs") {
  Machine machine;
  const auto text = machine.lintel({"db"});
  CHECK(text.code == 0);
  CHECK(text.out.find("people_counting_raw") != std::string::npos);
  CHECK(test::too_wide(text.out) == test::too_wide(machine.database().string()));
  const auto told = json::parse(machine.lintel({"db", "info", "--json"}).out);
  CHECK(told["schema_version"] == store::schema_version());
  CHECK(told["tables"].size() > 20);
  CHECK(told["first_reading"] == nullptr);
}

TEST_CASE("lintel db: before the gateway has ever run it says so, and makes nothing") {
  const BrokenMachine machine;
  const auto answer = machine.lintel({"db"});
  CHECK(answer.code == 1);
  CHECK(answer.err.find("has never run with this configuration") != std::string::npos);
  CHECK_FALSE(fs::exists(machine.dir() / "state"));
}

TEST_CASE("lintel db check: a sound database is, and a damaged one is told with what to do") {
  Machine machine;
  CHECK(machine.lintel({"db", "check"}).code == 0);
  {
    auto db = store::Database::open(machine.database(), store::OpenMode::writer);
    REQUIRE(db);
    db->execute("pragma foreign_keys = off");
    db->execute(
        "insert into sensor_states (sensor_id, at, status, kind, cause) values (99, 1, 'online', '', '')");
  }
  auto answer = machine.lintel({"db", "check"});
  CHECK(answer.code == 1);
  CHECK(answer.out.find("of sensor_states refers to a row of sensor_metadata that is not there") !=
        std::string::npos);
  CHECK(answer.out.find("lintel db copy") != std::string::npos);
  CHECK(test::too_wide(answer.out).empty());

  // An index page that was overwritten.
  const auto size = fs::file_size(machine.database());
  std::fstream file(machine.database(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size - 4096));
  file << std::string(4096, '\xff');
  file.close();
  answer = machine.lintel({"db", "check", "--json"});
  CHECK(answer.code == 1);
}

TEST_CASE("lintel db copy: a copy of the running gateway's database that only its owner reads") {
  Machine machine;
  machine.start();
  const auto file = machine.dir() / "copy.db";
  CHECK(machine.lintel({"db", "copy", file.string()}).code == 0);
  CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  auto copy = store::Database::open(file, store::OpenMode::reader);
  REQUIRE(copy);
  CHECK(copy->scalar("pragma user_version") == store::schema_version());

  const auto again = machine.lintel({"db", "copy", file.string()});
  CHECK(again.code == 2);
  CHECK(again.err.find("File exists") != std::string::npos);
  CHECK(machine.lintel({"db", "copy"}).err.find("say where to") != std::string::npos);
}

TEST_CASE("lintel db query: one statement that reads, and no other") {
  Machine machine;
  machine.start();
  CHECK(machine.lintel({"db", "query", "select 1 as one, null as none, 'a' || char(9) || 'b' as text"}).out ==
        "one\tnone\ttext\n1\t\ta b\n");
  CHECK(json::parse(machine.lintel({"db", "query", "select 1 as one, null as none", "--json"}).out) ==
        json::parse(R"([{"one": 1, "none": null}])"));
  for (const std::string sql :
       {"delete from sensor_metadata", "select 1; select 2", "", "-- nothing", "selct 1", "vacuum"}) {
    CAPTURE(sql);
    const auto answer = machine.lintel({"db", "query", sql});
    CHECK(answer.code == 2);
    CHECK(answer.out.empty());
    CHECK_FALSE(answer.err.empty());
  }
  const auto wrong = machine.lintel({"db", "chek"});
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("chek") != std::string::npos);
}
