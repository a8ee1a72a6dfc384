#pragma once

// One client's connection: pages in http_session.cpp, bodies that devices send in http_upload.cpp.

#include <array>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "gateway/status/http_core.hpp"

namespace lintel::status {

/// Reads requests one after the other, a pipelined one after the answer to the one before it.
class Session : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<HttpServer::Core> core, boost::asio::ip::tcp::socket socket);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read();
  void close() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  using BodyParser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  using Message = boost::beast::http::response<boost::beast::http::string_body>;
  using error_code = boost::system::error_code;

  void on_header(error_code error);
  void refuse_unreadable(error_code error);
  void answer();
  [[nodiscard]] std::optional<Response> objection() const;
  [[nodiscard]] std::optional<Response> page_objection() const;
  [[nodiscard]] Response run(const Handler& handler, std::string_view path, std::string_view query);
  void respond(const Response& response, bool keep);
  void send(bool keep);
  void listen(const EventSource& source);
  void linger();

  [[nodiscard]] std::optional<Response> host_objection() const;
  [[nodiscard]] bridge::UploadSink* upload_sink() const;
  void upload(bridge::UploadSink& sink);
  void continue_body(bool invited);
  void read_body();
  void on_body(error_code error);
  void finish_body();
  void wait_for_reply();
  void watch_sender(boost::asio::socket_base::wait_type what);
  void reply(bridge::UploadAnswer answer, bool keep);

  std::shared_ptr<HttpServer::Core> core_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Message> message_;
  std::array<char, 4096> dropped_{};
  std::size_t lingered_ = 0;

  boost::asio::steady_timer patience_;  ///< for the answer to a complete body
  std::optional<BodyParser> body_;
  std::string piece_;                            ///< of the body, as it arrives
  bool of_page_ = false;                         ///< the body is of the page, not of a device
  std::unique_ptr<bridge::Upload> upload_;       ///< after core_: it may need what that keeps alive
  std::optional<bridge::UploadAnswer> refusal_;  ///< to be sent once the body is out of the way
  bool keep_ = false;
  bool waiting_ = false;    ///< for upload_'s reply
  std::uint64_t turn_ = 0;  ///< which upload a reply is for
};

}  // namespace lintel::status
