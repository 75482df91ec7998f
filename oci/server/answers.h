// SPDX-License-Identifier: Apache-2.0
// The forms of answers: errors, lists in pages.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/server/message.h"

namespace jcb::oci {

/// An error as the distribution-spec writes it ("Error codes").
ServerAnswer make_refusal(unsigned status, std::string_view code, const std::string& message);

/// A successful answer with a body.
ServerAnswer make_document(std::string_view content_type, std::string body);

/// Whether `a` stands before `b` in a list: the spec's lexical order, upper and lower case being one.
bool is_listed_before(const std::string& a, const std::string& b);

/// What a page of a list is made of.
struct Listing {
  std::string key;                    ///< "tags" or "repositories"
  std::string name;                   ///< of the repository; empty: none is in the document
  std::string path;                   ///< for the link to the next page
  std::vector<std::string> elements;  ///< in any order
};
/// The page that the query's `n` and `last` ask for, at most 1,000 elements, with a Link where more follows.
ServerAnswer make_page(Listing listing, const std::map<std::string, std::string>& query);

}  // namespace jcb::oci
