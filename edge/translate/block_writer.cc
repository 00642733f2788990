#include "edge/translate/block_writer.h"

#include <utility>

#include "common/json/blank.h"

namespace ccp::translate {
namespace {

constexpr std::size_t kMaxLeadingSpace = 64 * 1024;  // More than that is written, whatever it is.

std::unique_ptr<AnswerWriter> MakeWriter(Form form) {
  return form == Form::kEvents ? MakeEventWriter() : MakeMessageWriter();
}

}  // namespace

BlockWriter::BlockWriter(const ReplySettings& settings, ThinkingState& thinking)
    : form_(MakeWriter(settings.client)),
      settings_(settings),
      thinking_(thinking),
      started_(settings.started && settings.client == Form::kEvents) {}

void BlockWriter::Start(std::string& out) {
  if (started_ || ended_) return;
  started_ = true;
  form_->StartMessage({settings_.message_id, settings_.requested_model, settings_.estimated_input_tokens}, out);
}

void BlockWriter::Text(std::string_view escaped, std::string& out) {
  if (ended_ || escaped.empty()) return;
  if (open_ != BlockKind::kText) {
    leading_space_ += escaped;
    if (json::IsBlank(escaped) && leading_space_.size() <= kMaxLeadingSpace) return;
    const std::string text = std::move(leading_space_);
    Open(BlockKind::kText, out);
    return TextDelta(text, out);
  }
  TextDelta(escaped, out);
}

void BlockWriter::TextDelta(std::string_view escaped, std::string& out) {
  content_bytes_ += escaped.size();
  Delta(joiner_.Push(escaped), out);
}

void BlockWriter::Thinking(std::string_view escaped, std::string& out) {
  if (ended_) return;
  Open(BlockKind::kThinking, out);
  content_bytes_ += escaped.size();
  if (!settings_.omit_thinking_text) Delta(joiner_.Push(escaped), out);
}

void BlockWriter::OpenTool(std::string_view id, std::string_view name, std::string& out) {
  if (ended_) return;
  CloseBlock(out);
  Start(out);
  open_ = BlockKind::kToolUse;
  has_tool_ = true;
  form_->StartTool(next_index_, id, name, out);
}

void BlockWriter::ToolInput(std::string_view escaped, std::string& out) {
  if (open_ != BlockKind::kToolUse) return;
  content_bytes_ += escaped.size();
  Delta(escaped, out);
}

void BlockWriter::WholeBlock(std::string_view json, std::string& out) {
  if (ended_) return;
  CloseBlock(out);
  Start(out);
  form_->WholeBlock(next_index_++, json, out);
}

void BlockWriter::Open(BlockKind kind, std::string& out) {
  if (open_ == kind) return;
  CloseBlock(out);
  Start(out);
  open_ = kind;
  form_->StartBlock(next_index_, kind, out);
}

void BlockWriter::Delta(std::string_view escaped, std::string& out) {
  if (!escaped.empty()) form_->Delta(escaped, out);
}

void BlockWriter::CloseBlock(std::string& out) {
  leading_space_.clear();
  if (!open_) return;
  Delta(joiner_.Flush(), out);
  if (open_ == BlockKind::kThinking) form_->Signature(thinking_.Seal(), out);
  form_->StopBlock(out);
  open_.reset();
  ++next_index_;
}

void BlockWriter::End(const MessageEnd& end, std::string& out) {
  if (ended_) return;
  CloseBlock(out);
  Start(out);
  ended_ = true;
  form_->EndMessage(end, out);
}

void BlockWriter::Fail(const RequestError& error, std::string& out) {
  if (ended_) return;
  ended_ = true;
  open_.reset();
  form_->Error(error, out);
}

}  // namespace ccp::translate
