#include "edge/http/response.h"

#include <boost/beast/http/status.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <tuple>
#include <utility>

#include "common/base/text.h"
#include "edge/http/awaitable.h"
#include "edge/http/buffers.h"

namespace ccp::edge {
namespace {

namespace asio = boost::asio;

// A value from elsewhere must not be able to end its line and begin another.
void AppendHeader(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (std::size_t bad = FindControlCharacter(value); bad < value.size(); bad = FindControlCharacter(value)) {
    out += value.substr(0, bad);
    out += ' ';
    value.remove_prefix(bad + 1);
  }
  out += value;
  out += "\r\n";
}

bool HasNoBody(int status) { return status == 204 || status == 304; }

}  // namespace

std::string_view ReasonPhrase(int status) {
  if (status == 529) return "Overloaded";
  const auto phrase = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {phrase.data(), phrase.size()};
}

std::string_view DateText::Now() {
  const std::time_t now = std::time(nullptr);
  if (now == second_) return text_;
  second_ = now;
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> buffer{};
  // The C locale's names are HTTP's names; the process never sets another.
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  text_.assign(buffer.data(), size);
  return text_;
}

void Response::BuildHead(int status, const std::vector<Header>& headers, Length length, std::size_t body_bytes) {
  begun_ = true;
  if (length == Length::kUnknown && !form_.chunks) form_.keep_alive = false;  // Then only the end of the connection ends the body.
  head_ = std::make_unique<std::string>();
  std::string& head = *head_;
  head.reserve(512);
  head += form_.chunks ? "HTTP/1.1 " : "HTTP/1.0 ";
  head += std::to_string(status);
  head += ' ';
  head += ReasonPhrase(status);
  head += "\r\n";
  AppendHeader(head, "date", server_.date.Now());
  for (const auto& [name, value] : headers) AppendHeader(head, name, value);
  if (!keep_alive()) {
    head += "connection: close\r\n";
  } else if (!form_.chunks) {
    head += "connection: keep-alive\r\n";  // HTTP/1.0 closes unless told.
  }
  if (length == Length::kUnknown) {
    if (form_.chunks) head += "transfer-encoding: chunked\r\n";
  } else if (!HasNoBody(status)) {
    head += "content-length: ";
    head += std::to_string(body_bytes);
    head += "\r\n";
  }
  head += "\r\n";
}

Awaitable<void> Response::Send(int status, std::vector<Header> headers, std::string_view body) {
  BuildHead(status, headers, Length::kKnown, body.size());
  whole_ = true;
  return Transmit(Role::kBody, HasNoBody(status) ? std::string_view() : body);
}

Awaitable<void> Response::Begin(int status, std::vector<Header> headers) {
  BuildHead(status, headers, Length::kUnknown, 0);
  co_return;
}

Awaitable<void> Response::Write(std::string_view piece) { return Transmit(Role::kChunk, piece); }

bool Response::TryWrite(std::string_view piece) {
  Packet packet;
  Fill(packet, Role::kChunk, piece);
  const std::size_t size = asio::buffer_size(packet.parts);
  boost::system::error_code error;
  const bool sent = SendNow(packet, error);
  if (error) Fail(error);
  sent_ = sent ? 0 : size - asio::buffer_size(packet.parts);
  return sent;
}

Awaitable<void> Response::End(std::string_view last_piece) {
  whole_ = true;
  return Transmit(Role::kLastChunk, last_piece);
}

void Response::Fill(Packet& packet, Role role, std::string_view piece) const {
  if (head_ != nullptr) packet.parts[0] = asio::buffer(*head_);
  if (form_.head_only) return;
  if (role == Role::kBody) {
    packet.parts[2] = asio::buffer(piece);
    return;
  }
  if (!piece.empty()) AddChunk(packet, piece);
  if (role == Role::kChunk || !form_.chunks) return;
  packet.parts[3] = piece.empty() ? asio::buffer("0\r\n\r\n", 5) : asio::buffer("\r\n0\r\n\r\n", 7);
}

void Response::AddChunk(Packet& packet, std::string_view piece) const {
  packet.parts[2] = asio::buffer(piece);
  if (!form_.chunks) return;
  char* const begin = packet.chunk_size.data();
  char* end = std::to_chars(begin, begin + 16, piece.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  packet.parts[1] = asio::buffer(begin, static_cast<std::size_t>(end - begin));
  packet.parts[3] = asio::buffer("\r\n", 2);
}

// One coroutine frame a write and, when the client keeps up, one system call.
Awaitable<void> Response::Transmit(Role role, std::string_view piece) {
  Packet packet;
  Fill(packet, role, piece);
  DropFront(packet.parts, std::exchange(sent_, 0));
  boost::system::error_code error;
  while (!SendNow(packet, error)) {
    deadline_ = std::chrono::steady_clock::now() + server_.options.limits.write_stall;
    std::tie(error) = co_await wire_.Writable();
    if (error) break;
  }
  if (error) Fail(error);
}

bool Response::SendNow(Packet& packet, boost::system::error_code& error) {
  while (asio::buffer_size(packet.parts) > 0) {
    DropFront(packet.parts, wire_.Send(packet.parts, error));
    if (WouldBlock(error)) {
      error = {};
      return false;
    }
    if (error) return true;
  }
  deadline_ = kNoDeadline;
  head_.reset();
  return true;
}

void Response::Fail(const boost::system::error_code& error) {
  client_gone_ = true;
  whole_ = false;
  throw boost::system::system_error(error, "write to the client");
}

void Response::Abort() {
  whole_ = false;
  form_.keep_alive = false;
  wire_.Abort();
}

}  // namespace ccp::edge
