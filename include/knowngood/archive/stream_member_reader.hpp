// stream_member_reader: what readers of archives in a stream have in common: one that failed stays failed, one that
// reached the end stays there; and what its members' names do is judged by member_names.
//
// Layer: archive. A format's reader derives from it, shows `names_` every member, and implements two functions:
//   class tar_reader final : public stream_member_reader { const tar_member* advance() override; … };
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include "knowngood/archive/member_names.hpp"
#include "knowngood/archive/member_reader.hpp"
#include "knowngood/archive/tar_member.hpp"
#include "knowngood/base/finding.hpp"
#include "knowngood/base/limits.hpp"
#include "knowngood/base/location.hpp"
#include "knowngood/io/source.hpp"

namespace knowngood {

class stream_member_reader : public member_reader {
 public:
  const tar_member* next() final {
    if (failure_) std::rethrow_exception(failure_);
    if (at_end_) return nullptr;
    return keep_failure([this] {
      const tar_member* const member = advance();
      if (member == nullptr) {
        names_.finish();
        at_end_ = true;
      }
      return member;
    });
  }

  [[nodiscard]] source& body() final {
    if (!body_) body_.emplace(*this);
    return *body_;
  }

 protected:
  /// `findings` outlives this object.
  stream_member_reader(location where, const limits& bounds, finding_sink& findings)
      : where_{std::move(where)}, bounds_{bounds}, findings_{findings}, names_{where_, findings} {}

  /// Goes on to the next member, behind what is left of the current one; null at the proved end. Called neither after
  /// the end nor after a failure. Ends the current body with `end_body` when it needs it no more.
  virtual const tar_member* advance() = 0;

  /// The next chunk of the current member's content; empty at its end. Not called after a failure. What it throws fails
  /// the body alone, unless it is thrown within `keep_failure`.
  virtual byte_view read_body() = 0;

  void end_body() noexcept { body_.reset(); }

  /// Runs `action`; what it throws is thrown again by every later call.
  template <typename Action>
  auto keep_failure(Action&& action) -> decltype(action()) {
    try {
      return action();
    } catch (...) {
      failure_ = std::current_exception();
      names_.finish();
      throw;
    }
  }

  [[nodiscard]] bool failed() const noexcept { return failure_ != nullptr; }
  [[nodiscard]] bool at_end() const noexcept { return at_end_; }

  location where_;
  limits bounds_;
  finding_sink& findings_;
  member_names names_;

 private:
  class body_source final : public source {
   public:
    explicit body_source(stream_member_reader& reader) : reader_{reader} {}

   private:
    byte_view produce() override {
      if (reader_.failure_) std::rethrow_exception(reader_.failure_);
      return reader_.read_body();
    }
    stream_member_reader& reader_;
  };

  std::exception_ptr failure_;
  bool at_end_ = false;
  std::optional<body_source> body_;  // of the current member
};

}  // namespace knowngood
