// SPDX-License-Identifier: Apache-2.0
// Addresses that a URL of a stranger must not reach: link-local ones, behind which clouds keep their metadata services
// and thereby credentials, and the metadata addresses that lie elsewhere. Names are no help (DNS can say anything, and
// something else the second time), so what counts is the address that is about to be connected to. And private addresses,
// which a server with a public address has no business to send us to.
#pragma once

#include <sys/socket.h>

#include <string>

namespace jcb::oci {

/// Whether `address` is in 169.254.0.0/16, fe80::/10 or a cloud's metadata address; also when it is an IPv4 address
/// mapped into IPv6 (::ffff:0:0/96) or behind NAT64 (64:ff9b::/96).
bool is_denied_address(const struct sockaddr* address);

/// The same for a numeric host in any spelling that inet_aton(3) takes (2852039166, 0xa9.0xfe.43518), or an IPv6
/// address with or without brackets. A name is never denied here.
bool is_denied_literal(const std::string& host);

/// Whether `address` is one of this machine or of a network that only its neighbours reach: 0.0.0.0/8, 127.0.0.0/8,
/// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 (RFC 6598), ::, ::1, fc00::/7, fec0::/10, whatever
/// is_denied_address denies, and the IPv4 ones among them mapped, behind NAT64 or 6to4.
bool is_private_address(const struct sockaddr* address);

/// The same for a numeric host as is_denied_literal takes it, and for the names `localhost` and below `.localhost`.
bool is_private_literal(const std::string& host);

/// Looks `host` up and says whether any of its addresses is denied: for helpers that make their connections themselves.
/// A host that cannot be found is not denied.
bool has_denied_address(const std::string& host);

}  // namespace jcb::oci
