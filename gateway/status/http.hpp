#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "firmware-bridge/core/upload.hpp"

namespace lintel::status {

/// A GET (or HEAD) as a handler sees it: the path has matched the table byte by byte, the query is decoded.
struct Request {
  std::string path;
  std::map<std::string, std::string, std::less<>> query;
};

struct Response {
  int status = 200;
  std::string content_type;
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const std::string>
      packed{};  ///< the same by gzip, for who takes that; null: it is not packed
};

Response text_response(int status, std::string text);
Response json_response(int status, std::string text);

/// Runs on the loop's thread and must answer within a few milliseconds. May throw: the client then gets
/// a 500 and the log the reason.
using Handler = std::function<Response(const Request&)>;

/// A stream of server-sent events.
struct EventSource {
  /// Asked while somebody listens; sent whenever it returns another object than before. A null pointer:
  /// nothing to show at the moment. One line of text.
  std::function<std::shared_ptr<const std::string>()> state;
  /// The data of the event `beat`, which everybody gets at first and then now and again: a sign of life
  /// and what changes all the time. One line of text.
  std::function<std::string()> beat;
};

/// All there is. Nothing is looked up in a file system, so no path can lead anywhere else.
struct Routes {
  std::map<std::string, Handler, std::less<>> handlers;
  std::map<std::string, EventSource, std::less<>> streams;
  /// Takes what devices send to addresses below /ingest/, under whatever name they know this machine; null:
  /// nobody does. Shared, because connections may outlive the server.
  std::shared_ptr<bridge::UploadSink> uploads{};
  /// Takes what people do on the page (Actions::takes says which paths); null: they can only look.
  std::shared_ptr<bridge::UploadSink> actions{};
};

/// The part of a request target behind '?', percent-decoded; the first of equal names counts.
std::map<std::string, std::string, std::less<>> parse_query(std::string_view query);

}  // namespace lintel::status
