// SPDX-License-Identifier: Apache-2.0
// libcurl does one exchange at a time and decides nothing: no redirects, no retries, no environment, no .netrc, no
// cookies, no other protocol than http and https. Each exchange runs on a multi handle, because only that can wait for
// our interrupt pipe as well. Callbacks may not throw through C: they keep the exception and end the transfer.
#include "oci/registry/curl_http.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <mutex>
#include <set>

#include "jcbuild/error.h"
#include "oci/registry/address.h"
#include "oci/registry/http_url.h"
#include "oci/registry/tls_probe.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using End = HttpOutcome::End;

constexpr long k_receive_bytes = 128 << 10, k_send_bytes = 256 << 10;
constexpr std::uint64_t k_max_authorities_bytes = 8 << 20;

void initialise_curl() {
  static const CURLcode result = ::curl_global_init(CURL_GLOBAL_DEFAULT);  // thread-safe: a function's static
  if (result != CURLE_OK) throw Error(ErrorKind::system, "libcurl cannot start");
}

// An easy handle and the multi handle that runs it and keeps its connections.
struct Session {
  CURLM* multi = ::curl_multi_init();
  CURL* easy = ::curl_easy_init();
  bool added = false;
  std::set<std::string> origins;  ///< where connections may be open to

  Session() {
    if (multi == nullptr || easy == nullptr) throw Error(ErrorKind::system, "libcurl cannot make a handle");
  }
  ~Session() {
    remove();
    ::curl_easy_cleanup(easy);
    ::curl_multi_cleanup(multi);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void add() { added = ::curl_multi_add_handle(multi, easy) == CURLM_OK; }
  void remove() {
    if (std::exchange(added, false)) ::curl_multi_remove_handle(multi, easy);
  }
};

struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
  curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  if (list == nullptr) list.reset(longer);
}

HeaderList make_header_list(const HttpHeaders& headers) {
  HeaderList list;
  // Without these two curl would wait a second for "100 Continue", and ask for any type.
  append(list, "Expect:");
  if (!headers.find("Accept")) append(list, "Accept: */*");
  if (!headers.find("Accept-Encoding")) append(list, "Accept-Encoding: identity");
  // "Name;" is curl's way to send a header without a value.
  for (const auto& [name, value] : headers.fields()) append(list, value.empty() ? name + ";" : name + ": " + value);
  return list;
}

// The state of one exchange that curl's callbacks see.
struct Exchange {
  const HttpRequest& request;
  HttpReceiver& receiver;
  const HttpRules& rules;
  HttpUrl url;
  std::string proxy;  ///< "": none
  HttpResponse response{};
  std::size_t header_bytes = 0;
  std::uint64_t sent_bytes = 0;
  bool head_done = false, stopped = false, denied = false, denied_private = false;
  std::exception_ptr failure{};
  char error[CURL_ERROR_SIZE] = {};

  // Runs a callback's work; false when it threw or had enough.
  template <typename Work>
  bool guard(Work&& work) noexcept {
    try {
      stopped = !work();
      return !stopped;
    } catch (...) {
      failure = std::current_exception();
      return false;
    }
  }
};

void take_header_line(Exchange& exchange, std::string_view line) {
  exchange.header_bytes += line.size();
  if (exchange.header_bytes > exchange.rules.header_bytes)
    throw Error(ErrorKind::invalid,
                "the headers of " + exchange.url.shown() + " exceed " + std::to_string(exchange.rules.header_bytes) + " bytes");
  if (exchange.head_done) return;   // a trailer
  if (line.starts_with("HTTP/")) {  // a new response: the former was 1xx, or a proxy's
    exchange.response.headers = {};
    return;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos)
    exchange.response.headers.add(std::string(line.substr(0, colon)), std::string(util::trim(line.substr(colon + 1))));
}

// The address of this connection. Behind a proxy nobody knows it, unless the URL itself says.
HttpResponse::Peer find_peer(const Exchange& exchange, CURL* easy) {
  using Peer = HttpResponse::Peer;
  if (!exchange.proxy.empty()) return is_private_literal(exchange.url.host) ? Peer::private_network : Peer::unknown;
  const char* address = nullptr;
  if (::curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) != CURLE_OK || address == nullptr || *address == '\0') return Peer::unknown;
  return is_private_literal(address) ? Peer::private_network : Peer::public_network;
}

// Hands the head over once, before the first byte of the body or at the end.
bool finish_head(Exchange& exchange, CURL* easy) {
  if (std::exchange(exchange.head_done, true)) return true;
  long status = 0;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  exchange.response.url = exchange.request.url;
  exchange.response.peer = find_peer(exchange, easy);
  return exchange.receiver.head(exchange.response);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const bool good = exchange.guard([&] {
    take_header_line(exchange, {data, size * count});
    return true;
  });
  return good ? size * count : 0;
}

struct BodyContext {
  Exchange& exchange;
  CURL* easy;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& [exchange, easy] = *static_cast<BodyContext*>(context);
  const bool good = exchange.guard([&, &state = exchange, handle = easy] {
    return finish_head(state, handle) && state.receiver.body({data, size * count});
  });
  return good ? size * count : size * count + 1;  // anything but the size ends the transfer; 0 is the size of nothing
}

std::size_t on_read(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  std::size_t got = 0;
  const bool good = exchange.guard([&] {
    const auto& body = exchange.request.body;
    const std::uint64_t left = body ? body->size_bytes - exchange.sent_bytes : 0;
    if (left > 0) got = body->read(exchange.sent_bytes, data, static_cast<std::size_t>(std::min<std::uint64_t>(size * count, left)));
    exchange.sent_bytes += got;
    return true;
  });
  return good ? got : CURL_READFUNC_ABORT;
}

int on_seek(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  // libcurl sends a request again by itself when a connection that it used before turns out to be dead. How much of a body
  // the server has taken from it by then is for the caller to ask.
  if (!static_cast<Exchange*>(context)->request.retry_body) return CURL_SEEKFUNC_FAIL;
  static_cast<Exchange*>(context)->sent_bytes = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// The one place where an address is known that will really be connected to. A proxy's own may be private.
curl_socket_t on_open_socket(void* context, curlsocktype, struct curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (!exchange.rules.allow_link_local && is_denied_address(&address->addr)) {
    exchange.denied = true;
    return CURL_SOCKET_BAD;
  }
  if (exchange.request.only_public && exchange.proxy.empty() && is_private_address(&address->addr)) {
    exchange.denied_private = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (::curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw Error(ErrorKind::unsupported, "this libcurl lacks an option that is needed");
}

void set_path(CURL* easy, CURLoption option, const std::filesystem::path& path) {
  if (!path.empty()) set(easy, option, path.c_str());
}

void restrict_protocols(CURL* easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
  set(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  set(easy, CURLOPT_REDIR_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

void set_connection(CURL* easy, const HttpRules& rules, const std::string& proxy) {
  restrict_protocols(easy);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_PROXY, proxy.c_str());  // "": none, whatever is in the environment
  set(easy, CURLOPT_NOPROXY, "");
  set(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  // A wish: a handle whose last host could not be looked up still has its buffer, and says so by an error.
  ::curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, k_receive_bytes);
  ::curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, k_send_bytes);
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(rules.connect_timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(rules.stall_bytes));
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(rules.stall_timeout.count()));
}

// `own`: the request goes to the host that the certificate and the exception are for.
void set_tls(CURL* easy, const HttpTls& tls, const std::string& authorities, bool own) {
  const bool verify = !tls.insecure_everywhere && !(tls.insecure && own);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
  set(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
  if (own) {
    set_path(easy, CURLOPT_SSLCERT, tls.client_certificate);
    set_path(easy, CURLOPT_SSLKEY, tls.client_key);
  }
  if (authorities.empty()) return;
  struct curl_blob blob {
    const_cast<char*>(authorities.data()), authorities.size(), CURL_BLOB_NOCOPY
  };
  set(easy, CURLOPT_CAINFO_BLOB, &blob);
}

void set_request(CURL* easy, const HttpRequest& request, const curl_slist* headers) {
  set(easy, CURLOPT_URL, request.url.c_str());
  set(easy, CURLOPT_USERAGENT, "jcbuild/" JCBUILD_VERSION);
  set(easy, CURLOPT_HTTPHEADER, headers);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  const bool sends = request.body || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (sends) {
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body ? request.body->size_bytes : 0));
  }
  if (request.method != "HEAD" && request.method != "GET") set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_callbacks(CURL* easy, Exchange& exchange, BodyContext& body) {
  set(easy, CURLOPT_ERRORBUFFER, exchange.error);
  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, &exchange);
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, &body);
  set(easy, CURLOPT_READFUNCTION, &on_read);
  set(easy, CURLOPT_READDATA, &exchange);
  set(easy, CURLOPT_SEEKFUNCTION, &on_seek);
  set(easy, CURLOPT_SEEKDATA, &exchange);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, &exchange);
}

// Runs the transfer to its end. Throws Interrupted, and what the receiver throws when it wants no more.
CURLcode perform(Session& session, HttpReceiver& receiver) {
  session.add();
  struct curl_waitfd interrupt {
    util::interrupt_fd(), CURL_WAIT_POLLIN, 0
  };
  const unsigned extra = interrupt.fd >= 0 ? 1 : 0;
  for (int running = 1; running > 0;) {
    if (const auto code = ::curl_multi_perform(session.multi, &running)) throw Error(ErrorKind::system, ::curl_multi_strerror(code));
    util::check_interrupt();
    receiver.check_wanted();
    if (running > 0) ::curl_multi_poll(session.multi, &interrupt, extra, 1000, nullptr);
  }
  int left = 0;
  const CURLMsg* message = ::curl_multi_info_read(session.multi, &left);
  session.remove();
  return message != nullptr ? message->data.result : CURLE_FAILED_INIT;
}

bool is_one_of(CURLcode code, std::initializer_list<CURLcode> codes) { return std::find(codes.begin(), codes.end(), code) != codes.end(); }

bool is_about_certificates(CURLcode code) {
  return is_one_of(code, {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR});
}

// Other causes that no retry removes.
bool is_final(CURLcode code) {
  return is_one_of(code, {CURLE_URL_MALFORMAT, CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_NOT_BUILT_IN});
}

bool is_no_tls(CURLcode code, const Exchange& exchange) { return code == CURLE_SSL_CONNECT_ERROR && says_no_tls(exchange.error); }

std::string describe(CURLcode code, const Exchange& exchange) {
  // The text about a proxy quotes its URL, which may hold a password.
  const bool plain = exchange.error[0] == '\0' || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_URL_MALFORMAT;
  std::string text = util::escape_text(plain ? ::curl_easy_strerror(code) : exchange.error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

[[noreturn]] void refuse_address(const Exchange& exchange) {
  if (exchange.denied_private)
    throw Error(ErrorKind::refused, exchange.url.shown() + " leads from a public network into a private one, which is not followed");
  throw Error(ErrorKind::refused, exchange.url.shown() + " leads to a link-local or metadata address, which is not connected to");
}

// A failure for which a retry is no help.
void throw_final(CURLcode code, const Exchange& exchange, CURL* easy) {
  using Reason = HttpFailure::Reason;
  const std::string start = "cannot " + util::to_lower(exchange.request.method) + " " + exchange.url.shown() + ": ";
  if (is_about_certificates(code)) throw HttpFailure(Reason::certificate, start + describe(code, exchange));
  if (is_final(code)) throw Error(ErrorKind::failed, start + describe(code, exchange));
  if (code == CURLE_COULDNT_RESOLVE_PROXY) throw HttpFailure(Reason::unreachable, start + describe(code, exchange));
  long answer = 0;
  ::curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &answer);
  if (answer == 407)
    throw HttpFailure(Reason::unreachable, start + "the proxy wants credentials (407)",
                      "write them into https_proxy: http://user:password@host:port");
}

HttpOutcome judge(CURLcode code, Exchange& exchange, CURL* easy) {
  if (exchange.failure) std::rethrow_exception(exchange.failure);
  if (exchange.stopped) return {End::stopped, ""};
  if (code == CURLE_OK) return {finish_head(exchange, easy) ? End::complete : End::stopped, ""};
  if (exchange.denied || exchange.denied_private) refuse_address(exchange);
  throw_final(code, exchange, easy);
  // An answer may come before all is sent (413), and the connection break before all is read: it counts nevertheless.
  long status = 0;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_SEND_ERROR && status >= 300) return {finish_head(exchange, easy) ? End::complete : End::stopped, ""};
  const std::string cause = describe(code, exchange);
  if (is_no_tls(code, exchange)) return {End::no_tls, cause};
  curl_off_t connected = 0;
  ::curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  return {connected > 0 ? End::cut : End::unreachable, cause};
}

// The system's authorities and the extra ones in one text: CURLOPT_CAINFO alone would replace the system's.
std::string read_authorities(const std::vector<std::filesystem::path>& extra) {
  if (extra.empty()) return {};
  std::string text;
  const curl_version_info_data* version = ::curl_version_info(CURLVERSION_NOW);
  const char* system = version->cainfo != nullptr ? version->cainfo : "/etc/ssl/certs/ca-certificates.crt";
  text = util::find_file(system, k_max_authorities_bytes).value_or("");
  for (const auto& path : extra) text += "\n" + util::read_file(path, k_max_authorities_bytes);
  return text;
}

}  // namespace

// Connections are kept in two lots: one that was opened to a private address for a request that may must never serve one
// that must not.
struct CurlHttp::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Session>> idle[2];

  std::unique_ptr<Session> take(bool only_public, const std::string& origin) {
    const std::lock_guard lock(mutex);
    auto& lot = idle[only_public ? 1 : 0];
    if (lot.empty()) return std::make_unique<Session>();
    auto chosen = std::find_if(lot.rbegin(), lot.rend(), [&](const auto& session) { return session->origins.contains(origin); });
    if (chosen != lot.rend()) std::swap(*chosen, lot.back());
    auto session = std::move(lot.back());
    lot.pop_back();
    return session;
  }
  void give(bool only_public, const std::string& origin, std::unique_ptr<Session> session) {
    ::curl_easy_reset(session->easy);
    session->origins.insert(origin);
    const std::lock_guard lock(mutex);
    idle[only_public ? 1 : 0].push_back(std::move(session));
  }
};

CurlHttp::CurlHttp(CurlOptions options) : HttpClient(options.rules), m_options(std::move(options)) {
  initialise_curl();
  m_authorities = read_authorities(m_options.tls.authorities);
  m_options.host = util::to_lower(m_options.host);
  m_pool = std::make_unique<Pool>();
}

CurlHttp::~CurlHttp() = default;

bool CurlHttp::speaks_tls(const HttpUrl& url) {
  return !find_proxy(m_options.proxies, url).empty() || oci::speaks_tls(url, rules().connect_timeout);
}

HttpOutcome CurlHttp::exchange(const HttpRequest& request, HttpReceiver& receiver) {
  const HttpUrl url = HttpUrl::parse(request.url);
  Exchange exchange{request, receiver, rules(), url, find_proxy(m_options.proxies, url)};
  // Behind a proxy the address is the proxy's; what the URL itself says can still be judged.
  exchange.denied = !rules().allow_link_local && is_denied_literal(url.host);
  exchange.denied_private = request.only_public && is_private_literal(url.host);
  if (exchange.denied || exchange.denied_private) refuse_address(exchange);
  auto session = m_pool->take(request.only_public, url.origin());
  const HeaderList headers = make_header_list(request.headers);
  BodyContext body{exchange, session->easy};
  set_connection(session->easy, m_options.rules, exchange.proxy);
  set_tls(session->easy, m_options.tls, m_authorities, url.host == m_options.host);
  set_request(session->easy, request, headers.get());
  set_callbacks(session->easy, exchange, body);
  const CURLcode code = perform(*session, receiver);
  const HttpOutcome outcome = judge(code, exchange, session->easy);
  // After an exception, or when the server says that the connection is the wrong one (421), it goes with all of its connections.
  if (exchange.response.status != 421) m_pool->give(request.only_public, url.origin(), std::move(session));
  return outcome;
}

}  // namespace jcb::oci
