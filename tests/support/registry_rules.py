# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the fault registry, as words: NAME[=VALUE][@REGEX][#COUNT][~PERCENT]

REGEX is searched in "METHOD TARGET big|small" ("big": a blob or a body of 500 kB); COUNT: the first so many that fit, and no
more; PERCENT: so many of a hundred, by a generator that always begins alike. {name} in a VALUE is the host and port of the
listener of that name, {target} the request's own target. A rule applies to the repositories that its prefix names.

Instead of an answer
  status=C[;retry=V][;code=X][;text=T]   an error; retry: Retry-After (a date for "date"); X
  challenge=V             401 with WWW-Authenticate: V         challenges=N    401 with N of them
  basic=USER:PASSWORD     401 unless those come as Basic       bearer=REALM    401 unless a token of ours comes (/token/MODE)
  plain                   400 where Authorization comes        redirect=URL[;code=C]
  close, reset0, hang     no answer: end, RST, silence         endpart         416 to every Range
  lost                    the upload session is gone (404)     cutup=N         N bytes of the body are taken, then RST
  lose=N                  N bytes are taken, then 404; gone    refuse          404 BLOB_UNKNOWN
On the wire               cut, reset, stall, rate, declared (relative: +N, -N), chunked, endless, closing: see registry_http.py
                          random-reset: reset at a random byte
In the answer
  digest=V, ctype=V, header=NAME: VALUE, without=NAME, big-header=N, many-headers=N
  corrupt=N               the byte at N is another             norange         200 and all of it, whatever is asked
  badrange                Content-Range is one too high        zip             Content-Encoding: gzip, and so it is
  says-zip                Content-Encoding: gzip, but is not   size=N          a body of N spaces follows
  other=TAG               the manifest of another tag          page-loop       Link to the page itself
  location=V              {location} in V is the path          unlocated       no Location
  fail-after=C            it is done, and then answered C      range=V         the Range header of an answer
  mount-not               mount is answered with a session
"""
import email.utils
import gzip
import random
import re
import threading
import time

from registry_http import Answer
from registry_protocol import error

BIG = 500_000


def with_escapes(text):
    return text.replace("\\e", "\x1b").replace("\\a", "\x07").replace("\\c", "\x9b")


class Rule:
    def __init__(self, text, hosts):
        self.text = text
        match = re.fullmatch(r"([a-z0-9-]+)(?:=(.*?))?(?:@(.*?))?(?:#(\d+))?(?:~(\d+))?", text, re.S)
        if match is None:
            raise ValueError(f"not a rule: {text}")
        self.name, value, where, count, percent = match.groups()
        value, *options = (value or "").split(";") if self.name in ("status", "redirect") else [value or ""]
        self.options = dict(option.split("=", 1) for option in options)
        self.value = re.sub(r"\{(\w+)\}", lambda found: hosts.get(found[1], found[0]), value)
        self.where = re.compile(where or "")
        self.left = int(count) if count else None
        self.percent = int(percent) if percent else 100
        self.random = random.Random(text)
        self.lock = threading.Lock()

    def applies(self, line):
        with self.lock:
            if not self.where.search(line) or self.left == 0 or self.random.randrange(100) >= self.percent:
                return False
            if self.left is not None:
                self.left -= 1
            return True

    def number(self):
        return int(float(self.value))


class Rules:
    """The rules of all prefixes, applied around a registry. `tokens` says whether a bearer token is good."""

    def __init__(self, registry, tokens, hosts):
        self.registry, self.tokens, self.hosts = registry, tokens, hosts
        self.by_prefix = {}

    def add(self, prefix, texts):
        self.by_prefix[prefix] = [Rule(text, self.hosts) for text in texts]

    def of(self, path):
        name = path.removeprefix("/v2/")
        return [rule for prefix, rules in list(self.by_prefix.items()) if name.startswith(prefix + "/") or name == prefix for rule in rules]

    def size_class(self, request):
        data = self.registry.pool.get(request.path.rsplit("/", 1)[-1], b"")
        return "big" if max(len(data), int(request.header("content-length") or 0)) >= BIG else "small"

    def handle(self, request):
        line = f"{request.method} {request.target} {self.size_class(request)}"
        rules = [rule for rule in self.of(request.path) if rule.applies(line)]
        for rule in rules:
            method = getattr(self, "instead_" + rule.name.replace("-", "_"), None)
            answer = method(rule, request) if method else None
            if answer is not None:
                return self.tidy(request, answer)
        if any(rule.name == "norange" for rule in rules):
            request.headers.pop("range", None)
        answer = self.registry.handle(request)
        for rule in rules:
            self.change(rule, request, answer)
        return answer

    def tidy(self, request, answer):
        """An honest server reads what it is sent before it refuses, unless that is much."""
        if "gone" not in answer.ways and int(request.header("content-length") or 0) <= 8 << 20:
            request.read_body()
        return answer

    def instead_status(self, rule, _):
        headers = []
        if "retry" in rule.options:
            retry = rule.options["retry"]
            headers.append(("Retry-After", email.utils.formatdate(time.time() + 2, usegmt=True) if retry == "date" else retry))
        text = with_escapes(rule.options.get("text", "it is scripted so"))
        return error(rule.number(), with_escapes(rule.options.get("code", "UNKNOWN")), text, headers)

    def unauthorized(self, *challenges):
        return error(401, "UNAUTHORIZED", "authentication required", [("WWW-Authenticate", challenge) for challenge in challenges])

    def instead_challenge(self, rule, _):
        return self.unauthorized(rule.value.replace("\\0", "\0"))

    def instead_challenges(self, rule, _):
        return self.unauthorized(*(f'Scheme{number} realm="{number}"' for number in range(rule.number())))

    def instead_basic(self, rule, request):
        return None if request.header("authorization") == self.tokens.basic(rule.value) else self.unauthorized('Basic realm="lab"')

    def instead_bearer(self, rule, request):
        repository = re.sub(r"^/v2/|/(manifests|blobs|tags|referrers)/.*", "", request.path)
        actions = "pull" if request.method in ("GET", "HEAD") else "pull,push"
        if self.tokens.is_good(request.header("authorization"), repository):
            return None
        return self.unauthorized(f'Bearer realm="{rule.value}",service="lab",scope="repository:{repository}:{actions}"')

    def instead_plain(self, _, request):
        return error(400, "UNSUPPORTED", "only one auth mechanism allowed") if request.header("authorization") else None

    def instead_redirect(self, rule, request):
        return Answer(int(rule.options.get("code", 307)), b"", [("Location", rule.value.replace("{target}", request.target))])

    def instead_close(self, _rule, _request):
        return Answer(0, gone=True)

    def instead_reset0(self, _, request):
        request.connection.reset()
        return Answer(0, gone=True)

    def instead_hang(self, _rule, _request):
        return Answer(0, hang=True)

    def instead_endpart(self, _, request):
        return error(416, "RANGE_INVALID") if request.header("range") else None

    def instead_refuse(self, _rule, _request):
        return error(404, "BLOB_UNKNOWN")

    def upload_of(self, request):
        return self.registry.uploads.get(request.path.rsplit("/", 1)[-1])

    def instead_lost(self, _, request):
        self.registry.uploads.pop(request.path.rsplit("/", 1)[-1], None)
        return error(404, "BLOB_UPLOAD_UNKNOWN")

    def instead_lose(self, rule, request):
        request.read_body(rule.number())
        return self.instead_lost(rule, request)

    def instead_cutup(self, rule, request):
        if upload := self.upload_of(request):
            upload.data += request.read_body(rule.number())
        request.connection.reset()
        return Answer(0, gone=True)

    def instead_fail_after(self, rule, request):
        self.registry.handle(request)
        return error(rule.number(), "UNKNOWN", "after it was done")

    def instead_mount_not(self, _, request):
        request.query.pop("mount", None)
        return None

    def instead_other(self, rule, request):
        request.path = re.sub(r"[^/]+$", rule.value, request.path)
        return None

    def change(self, rule, request, answer):
        method = getattr(self, "change_" + rule.name.replace("-", "_"), None)
        if method:
            method(rule, request, answer)
        elif rule.name in ("cut", "reset", "stall", "rate"):
            answer.ways[rule.name] = rule.number()
        elif rule.name in ("chunked", "endless"):
            answer.ways[rule.name] = True

    def change_closing(self, _rule, _request, answer):
        answer.ways["close"] = True

    def change_declared(self, rule, _, answer):
        answer.ways["declared"] = len(answer.body) + rule.number()

    def change_random_reset(self, rule, _, answer):
        answer.ways["reset"] = rule.random.randrange(max(1, len(answer.body)))

    def change_digest(self, rule, _, answer):
        answer.set("Docker-Content-Digest", rule.value)

    def change_ctype(self, rule, _, answer):
        answer.set("Content-Type", rule.value or None)

    def change_header(self, rule, _, answer):
        name, _, value = rule.value.partition(": ")
        answer.headers.append((name, with_escapes(value)))

    def change_without(self, rule, _, answer):
        answer.set(rule.value, None)

    def change_big_header(self, rule, _, answer):
        answer.headers.append(("X-Big", "x" * rule.number()))

    def change_many_headers(self, rule, _, answer):
        answer.headers += [(f"X-{number}", "x") for number in range(rule.number())]

    def change_corrupt(self, rule, request, answer):
        """The byte at an offset of the whole blob, in whichever part it is."""
        wanted = re.match(r"bytes (\d+)-", answer.get("Content-Range") or "bytes 0-")
        place = rule.number() - int(wanted[1])
        if answer.status in (200, 206) and 0 <= place < len(answer.body):
            answer.body = bytearray(answer.body)
            answer.body[place] ^= 1

    def change_badrange(self, _rule, _request, answer):
        found = re.match(r"bytes (\d+)-(\d+)/(\d+)", answer.get("Content-Range") or "")
        if found:
            answer.set("Content-Range", f"bytes {int(found[1]) + 1}-{int(found[2]) + 1}/{found[3]}")

    def change_zip(self, _rule, _request, answer):
        answer.body = gzip.compress(bytes(answer.body), 1)
        answer.set("Content-Encoding", "gzip")

    def change_says_zip(self, _rule, _request, answer):
        answer.set("Content-Encoding", "gzip")

    def change_size(self, rule, _, answer):
        answer.body = bytes(answer.body) + b" " * rule.number()

    def change_page_loop(self, _, request, answer):
        answer.set("Link", f'<{request.target}>; rel="next"')

    def change_location(self, rule, _, answer):
        answer.set("Location", rule.value.replace("{location}", answer.get("Location") or ""))

    def change_unlocated(self, _rule, _request, answer):
        answer.set("Location", None)

    def change_range(self, rule, _, answer):
        answer.set("Range", rule.value)
