// SPDX-License-Identifier: Apache-2.0
// libcurl does one exchange at a time and decides nothing: no redirects, no retries, no environment, no .netrc, no
// cookies, no other protocol than http and https. Each exchange runs on a multi handle, because only that can wait for
// our interrupt pipe as well. Callbacks may not throw through C: they keep the exception and end the transfer.
#include "oci/registry/curl_http.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include "jcbuild/error.h"
#include "oci/registry/address.h"
#include "oci/registry/http_url.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using End = HttpOutcome::End;

void initialise_curl() {
  static const CURLcode result = ::curl_global_init(CURL_GLOBAL_DEFAULT);  // thread-safe: a function's static
  if (result != CURLE_OK) throw Error(ErrorKind::system, "libcurl cannot start");
}

// An easy handle and the multi handle that runs it and keeps its connections.
struct Session {
  CURLM* multi = ::curl_multi_init();
  CURL* easy = ::curl_easy_init();
  bool added = false;

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
  // "Name;" is curl's way to send a header without a value.
  for (const auto& [name, value] : headers.fields()) append(list, value.empty() ? name + ";" : name + ": " + value);
  return list;
}

// The state of one exchange that curl's callbacks see.
struct Exchange {
  const HttpRequest& request;
  HttpReceiver& receiver;
  const HttpRules& rules;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::uint64_t sent_bytes = 0;
  bool head_done = false, stopped = false, denied = false, connected = false;
  std::exception_ptr failure;
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
                "the headers of " + exchange.request.url + " exceed " + std::to_string(exchange.rules.header_bytes) + " bytes");
  if (exchange.head_done) return;   // a trailer
  if (line.starts_with("HTTP/")) {  // a new response: the former was 1xx, or a proxy's
    exchange.response.headers = {};
    return;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos)
    exchange.response.headers.add(std::string(line.substr(0, colon)), std::string(util::trim(line.substr(colon + 1))));
}

// Hands the head over once, before the first byte of the body or at the end.
bool finish_head(Exchange& exchange, CURL* easy) {
  if (std::exchange(exchange.head_done, true)) return true;
  long status = 0;
  ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  exchange.response.url = exchange.request.url;
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
  static_cast<Exchange*>(context)->sent_bytes = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

// The one place where an address is known that will really be connected to.
curl_socket_t on_open_socket(void* context, curlsocktype, struct curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (!exchange.rules.allow_link_local && is_denied_address(&address->addr)) {
    exchange.denied = true;
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

void set_connection(CURL* easy, const CurlOptions& options, bool encrypted) {
  restrict_protocols(easy);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_PROXY, (encrypted ? options.proxies.https : options.proxies.http).c_str());  // "": none, whatever is in the environment
  set(easy, CURLOPT_NOPROXY, options.proxies.none.c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.rules.connect_timeout.count()));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.rules.stall_bytes));
  set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.rules.stall_timeout.count()));
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy, CURLOPT_SSL_VERIFYPEER, options.tls.insecure ? 0L : 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, options.tls.insecure ? 0L : 2L);
  set_path(easy, CURLOPT_CAINFO, options.tls.authorities);
  set_path(easy, CURLOPT_CAPATH, options.tls.authorities_directory);
  set_path(easy, CURLOPT_SSLCERT, options.tls.client_certificate);
  set_path(easy, CURLOPT_SSLKEY, options.tls.client_key);
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

// Causes that no retry removes.
bool is_final(CURLcode code) {
  static constexpr CURLcode final_codes[] = {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
                                             CURLE_SSL_ISSUER_ERROR,         CURLE_URL_MALFORMAT,      CURLE_OUT_OF_MEMORY,
                                             CURLE_BAD_FUNCTION_ARGUMENT,    CURLE_NOT_BUILT_IN,       CURLE_COULDNT_RESOLVE_PROXY};
  return std::find(std::begin(final_codes), std::end(final_codes), code) != std::end(final_codes);
}

std::string describe(CURLcode code, const Exchange& exchange) {
  // The text about a proxy quotes its URL, which may hold a password.
  const bool plain = exchange.error[0] == '\0' || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_URL_MALFORMAT;
  std::string text = util::escape_text(plain ? ::curl_easy_strerror(code) : exchange.error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

HttpOutcome judge(CURLcode code, Exchange& exchange, CURL* easy) {
  if (exchange.failure) std::rethrow_exception(exchange.failure);
  if (exchange.stopped) return {End::stopped, ""};
  if (exchange.denied)
    throw Error(ErrorKind::refused, exchange.request.url + " leads to a link-local or metadata address, which is not connected to");
  if (code == CURLE_OK) return {finish_head(exchange, easy) ? End::complete : End::stopped, ""};
  const std::string cause = describe(code, exchange);
  if (is_final(code))
    throw Error(ErrorKind::failed, "cannot " + util::to_lower(exchange.request.method) + " " + exchange.request.url + ": " + cause);
  curl_off_t connected = 0;
  ::curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  return {connected > 0 ? End::cut : End::unreachable, cause};
}

// The variable's value, the last of several as a shell would have it.
std::string value_of(const std::vector<std::string>& environment, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
      if (entry->starts_with(name) && entry->size() > name.size() + 1 && (*entry)[name.size()] == '=')
        return entry->substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

HttpProxies read_proxies(const std::vector<std::string>& environment) {
  return {value_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"}),
          value_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}), value_of(environment, {"no_proxy", "NO_PROXY"})};
}

struct CurlHttp::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Session>> idle;

  std::unique_ptr<Session> take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Session>();
    auto session = std::move(idle.back());
    idle.pop_back();
    return session;
  }
  void give(std::unique_ptr<Session> session) {
    ::curl_easy_reset(session->easy);
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(session));
  }
};

CurlHttp::CurlHttp(CurlOptions options) : HttpClient(options.rules), m_options(std::move(options)) {
  initialise_curl();
  m_pool = std::make_unique<Pool>();
}

CurlHttp::~CurlHttp() = default;

HttpOutcome CurlHttp::exchange(const HttpRequest& request, HttpReceiver& receiver) {
  const HttpUrl url = HttpUrl::parse(request.url);
  // Behind a proxy the address is the proxy's; what the URL itself says can still be judged.
  if (!rules().allow_link_local && is_denied_literal(url.host))
    throw Error(ErrorKind::refused, request.url + " names a link-local or metadata address, which is not connected to");
  auto session = m_pool->take();
  const HeaderList headers = make_header_list(request.headers);
  Exchange exchange{request, receiver, rules(), {}, 0, 0, false, false, false, false, nullptr, {}};
  BodyContext body{exchange, session->easy};
  set_connection(session->easy, m_options, url.scheme == "https");
  set_request(session->easy, request, headers.get());
  set_callbacks(session->easy, exchange, body);
  const CURLcode code = perform(*session, receiver);
  const HttpOutcome outcome = judge(code, exchange, session->easy);
  m_pool->give(std::move(session));  // after an exception it goes with all its connections instead
  return outcome;
}

}  // namespace jcb::oci
