// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"
#include "jcbuild/error.h"
#include "oci/image_config.h"
#include "oci/manifest.h"

#include <algorithm>

namespace jcb::fuzz {
namespace {

void check_refusal(const Error& error) {
  require(error.kind() == ErrorKind::invalid, "a refused document is invalid input: " + error.message());
  const std::string& message = error.message();
  require(std::none_of(message.begin(), message.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
          "a refusal is safe to print");
}

// What was read is written so that it reads as the same again, and then the bytes stay the same.
template <typename Document>
bool reads_back(std::string_view input) {
  try {
    const Document document = Document::parse(input);
    const std::string bytes = document.serialize();
    const Document again = Document::parse(bytes);
    require(again == document, "a document reads back: " + bytes);
    require(again.serialize() == bytes, "its bytes are canonical: " + bytes);
    return true;
  } catch (const Error& error) {
    check_refusal(error);
    return false;
  }
}

}  // namespace

void image_json(std::string_view input) {
  const bool is_manifest = reads_back<oci::Manifest>(input);
  const bool is_index = reads_back<oci::Index>(input);
  require(!is_manifest || !is_index, "no document is both (CVE-2021-41190)");
  reads_back<oci::ImageConfig>(input);
}

}  // namespace jcb::fuzz
