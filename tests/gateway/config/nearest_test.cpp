#include "gateway/config/nearest.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using lintel::config::nearest;

TEST_CASE("nearest: a slip of the fingers finds the word that was meant") {
  const std::vector<std::string_view> words{"interval_seconds", "url", "password", "password_file", "id"};
  CHECK(nearest("intervall_seconds", words) == "interval_seconds");
  CHECK(nearest("ulr", words) == "url");
  CHECK(nearest("URL", words) == "url");
  CHECK(nearest("passwort", words) == "password");
  CHECK(nearest("passwordfile", words) == "password_file");
}

TEST_CASE("nearest: another word is not bent into one that is known") {
  const std::vector<std::string_view> words{"url", "id", "password"};
  CHECK(nearest("qx", words).empty());
  CHECK(nearest("", words).empty());
  CHECK(nearest("wardrobe", words).empty());
  CHECK(nearest(std::string(1000, 'u'), words).empty());
}
