// SPDX-License-Identifier: Apache-2.0
// The fuzz targets: each takes any bytes, feeds them to one part of the program and checks what must hold for every
// input. `tests/fuzz/run` builds them with libFuzzer; unit-fuzz replays their corpora with any compiler.
#pragma once

#include <string>
#include <string_view>

namespace jcb::fuzz {

/// Dockerfile text: parsing, dumping, ONBUILD triggers, the check.
void dockerfile(std::string_view input);
/// One word: the first byte chooses escape character and variables, the rest is expanded in every way.
void expand(std::string_view input);
/// A pattern and a value of a small alphabet, compared with a slow matcher.
void pattern(std::string_view input);
/// Ignore patterns, NUL, a path.
void ignore(std::string_view input);
/// The value of RUN --mount.
void run_mount(std::string_view input);
/// An image reference, and an image name with its transport.
void reference(std::string_view input);
/// A document of the image-spec, read as manifest, index and config.
void image_json(std::string_view input);

/// The value of a WWW-Authenticate header, and of Content-Range.
void challenge(std::string_view input);
/// The value of a Link, Range, Content-Range, Warning or RateLimit header.
void link_header(std::string_view input);
/// An auth file of docker or podman: read, changed, written, read again.
void auth_file(std::string_view input);
/// A CDI specification, in JSON when it begins with a brace: reading, versions, hooks, application to a config.
void cdi_spec(std::string_view input);

/// Throws what neither libFuzzer nor Catch lets pass: a property does not hold.
void require(bool holds, const std::string& property);

}  // namespace jcb::fuzz
