#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/config/config.hpp"

namespace lintel::setup {

/// What stands in the folder of the setup file afterwards, for a person with a card reader.
inline constexpr std::string_view kReportName = "lintel-setup-report.txt";
inline constexpr std::string_view kDoneName = "lintel-setup-done.txt";

struct TakeOptions {
  std::filesystem::path folder;      ///< where the setup file lies: the partition that every computer reads
  std::filesystem::path root = "/";  ///< of the system that is set up
  std::filesystem::path config = "etc/lintel";  ///< below the root
  std::string user = "lintel";  ///< whom the configuration belongs to, where there is such a user
  UtcMs now{};
};

struct Taken {
  bool there = false;             ///< there was a setup file
  bool network = false;           ///< how the machine reaches its network has changed
  std::vector<std::string> done;  ///< what was taken, a line each, without secrets
  std::vector<std::string> warnings;
};

/// Takes the setup file of a folder once: checks all of it, writes the configuration, network and token where
/// they belong, and leaves a report and a copy without secrets in its place. Without such a file nothing
/// happens. Ended in the middle it is begun anew the next time, to the same end.
///
/// `misconfigured`: something is wrong with it, and nothing was changed; the report in the folder says what,
/// and so does the gateway's page (problems_file()). `transient`: something could not be read or written.
Result<Taken> take(const TakeOptions& options, const config::Vocabulary& vocabulary);

/// Where the problems of the last try are told to the gateway, which shows them: a file in its state folder,
/// gone when there are none.
std::filesystem::path problems_file(const std::filesystem::path& state_dir);

}  // namespace lintel::setup
