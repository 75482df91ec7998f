// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.h"

#include "fuzz/targets.h"
#include "jcbuild/error.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace jcb::fuzz {
namespace {

void check_refusal(const Error& error) {
  require(error.kind() == ErrorKind::usage, "a refused name is a usage error: " + error.message());
  const std::string& message = error.message();
  require(std::none_of(message.begin(), message.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
          "a refusal is safe to print");
}

void check_reference(const oci::Reference& reference) {
  require(!reference.repository().empty() && reference.name().size() <= 255, "there is a name and it is short");
  require(reference.tag().size() <= 128, "a tag is short");
  require(oci::Reference::parse(reference.text()) == reference, "a reference reads back: " + reference.text());
  const auto stored = oci::Reference::parse(reference.store_name());
  require(stored.name() == reference.name() && !stored.tag().empty() && !stored.digest(), "a stored name is name and tag");
}

auto fields(const oci::ImageName& name) {
  return std::tie(name.transport, name.path, name.tag, name.reference, name.distribution, name.suite);
}

template <typename Parsed>
std::optional<Parsed> parse(std::string_view input) {
  try {
    return Parsed::parse(input);
  } catch (const Error& error) {
    check_refusal(error);
    return std::nullopt;
  }
}

}  // namespace

void reference(std::string_view input) {
  const auto reference = parse<oci::Reference>(input);
  if (reference) {
    require(reference->text() == input, "a reference is kept as written");
    check_reference(*reference);
  }
  const auto name = parse<oci::ImageName>(input);
  if (!name) return;
  require(fields(oci::ImageName::parse(name->text())) == fields(*name), "an image name reads back: " + name->text());
  if (name->transport == oci::Transport::registry) check_reference(*name->reference);
}

}  // namespace jcb::fuzz
