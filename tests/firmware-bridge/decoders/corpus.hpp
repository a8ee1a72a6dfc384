#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::test {

/// One documented case of tests/corpus/cases.jsonl, ready to be decoded.
struct Case {
  struct Message {
    std::string topic;  ///< on Modbus the request in hex
    std::string payload;
    bool retained = false;
    std::optional<std::uint8_t> port{};  ///< LoRaWAN FPort
  };
  std::string id;
  const bridge::Decoder* decoder = nullptr;
  bridge::DecodeSettings settings;
  std::vector<Message> messages;
  bool stream = false;      ///< the payloads are one byte stream, to be cut into frames
  std::size_t rejects = 0;  ///< frames of it that have to be refused
  nlohmann::json expect;
};

/// All cases; fails the running test when the file cannot be read or names an unknown decoder.
std::vector<Case> read_corpus();

/// Everything that a decoder says about the messages of a case.
bridge::Decoded decode(const Case& test);

/// The same for bytes that stand in for the case's only message or stream.
bridge::Decoded decode_bytes(const Case& test, std::string_view bytes);

/// The same for a stream that arrives in pieces.
bridge::Decoded decode_chunks(const Case& test, const std::vector<std::string_view>& chunks);

/// The bytes of the case's only message or stream.
const std::string& bytes_of(const Case& test);

/// One line that holds everything an observation, report or reject says; equal lines mean equal contents.
std::string describe(const bridge::Observation& observation);
std::string describe(const bridge::DeviceReport& report);
std::vector<std::string> describe(const bridge::Decoded& decoded);

}  // namespace lintel::test
