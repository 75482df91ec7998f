#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on 127.0.0.1 that misbehaves as its URLs say, and that serves git repositories.

fault_http.py [--git-root DIRECTORY] [--files DIRECTORY] [--tls PEM]: prints its port and serves until its standard input ends.

/ok/N/NAME            N bytes; ETag, Last-Modified, Range, If-Range, If-None-Match and If-Modified-Since as they should be
/plain/N/NAME         N bytes without ETag, Last-Modified or Range
/dated/N/NAME         N bytes with Last-Modified alone
/cut/K/N/NAME         as ok, but every response is cut after K bytes of body
/cut-once/K/N/NAME    as plain, but the first response is cut after K bytes
/changed/K/N/NAME     as cut for the first request; then another content under another ETag
/bad-part/K/N/NAME    as cut for the first request; then parts whose Content-Range is wrong
/no-part/K/N/NAME     as cut for the first request; then 416 to every Range
/fail/STATUS/K/N/NAME the first K requests are answered STATUS (?after=TEXT gives Retry-After), then as ok
/status/STATUS        that status with a JSON body
/close/K/N/NAME       the first K connections are closed without an answer, then as ok
/short/N/NAME         declares N + 10 bytes, sends N
/long/N/NAME          declares N bytes, sends N + 10
/endless/NAME         bytes until the client has enough
/stall/N/NAME         N bytes of more, then silence
/headers/N            a header of N bytes
/loop                 redirects to itself
/hops/N               redirects N times, then as ok
/to/STATUS?URL        redirects to URL, as it stands
/echo                 JSON of the request: method, path, headers, body
/private/N/NAME       as ok for the user `u` with password `p` (HTTP Basic), else 401
/early/STATUS         answers STATUS at once, without reading the body of the request, and closes
/encoded/N/NAME       as ok with Content-Encoding: gzip, though nothing is
/named/N/NAME         as ok with Content-Disposition: attachment; filename="other"
/etag-swap/NAME       the content "version K", K being what /bump/NAME has counted; a fitting ETag
/bump/NAME            counts
/files/PATH           a file below --files, as ok
/git/PATH             smart HTTP (git http-backend) below --git-root; /git-private/ wants u:p; /git-v0/ speaks protocol 0 only
/git-moved/PORT/PATH  redirects to /git/PATH of another port
/dumb/PATH            the same repositories as plain files (git update-server-info must have been run)
/log                  JSON of all requests so far but those for /log; /forget empties it
"""
import argparse
import base64
import collections
import email.utils
import hashlib
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

MODIFIED = 1_000_000_000
COUNTS = collections.Counter()
LOG = []
LOCK = threading.Lock()


def content(size, seed=0):
    """`size` bytes that differ at every place, the same at each call."""
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, i)).digest() for i in range(2048))
    return (block * (size // len(block) + 1))[:size]


def count(key):
    with LOCK:
        COUNTS[key] += 1
        return COUNTS[key]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def log_message(self, *arguments):
        pass

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        mode, *words = url.path.lstrip("/").split("/")
        self.body = b"" if mode == "early" else self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if mode != "log":
            with LOCK:
                LOG.append({"method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                            "port": self.client_address[1]})
        method = getattr(self, "do_" + mode.replace("-", "_") + "_mode", None)
        if method is None:
            return self.text(404, "no such mode")
        return method(words, url.query)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def text(self, status, text, headers=()):
        data = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def cut_connection(self):
        self.wfile.flush()
        self.close_connection = True

    def not_modified(self, tag, modified):
        if tag and self.headers.get("If-None-Match"):
            return tag in self.headers["If-None-Match"]
        since = self.headers.get("If-Modified-Since")
        return bool(modified and since and email.utils.parsedate_to_datetime(since).timestamp() >= modified)

    def wanted_part(self, data, tag, modified):
        """Where the part that is asked for begins and ends; None: send all."""
        wanted = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        fits = condition in (None, tag, email.utils.formatdate(modified, usegmt=True))
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        if not part or not fits:
            return None
        return min(int(part[1]), len(data)), min(int(part[2] or len(data)) + 1, len(data))

    def serve(self, data, tag=None, modified=MODIFIED, limit=None, parts=True, headers=(), shift=0):
        """Sends `data` by the rules; of the body `limit` bytes at most, then the connection ends."""
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"' if tag is None else tag
        if self.not_modified(tag, modified):
            self.send_response(304)
            if tag:
                self.send_header("ETag", tag)
            self.end_headers()
            return
        wanted = self.wanted_part(data, tag, modified) if parts else None
        start, end = wanted or (0, len(data))
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start + shift}-{end - 1}/{len(data)}")
        for name, value in [("ETag", tag), ("Last-Modified", modified and email.utils.formatdate(modified, usegmt=True)), *headers]:
            if value:
                self.send_header(name, value)
        part = data[start:end]
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(part if limit is None else part[:limit])
        if limit is not None and limit < len(part):
            self.cut_connection()

    def do_ok_mode(self, words, _):
        self.serve(content(int(words[0])))

    def do_plain_mode(self, words, _):
        self.serve(content(int(words[0])), tag="", modified=0, parts=False)

    def do_dated_mode(self, words, _):
        self.serve(content(int(words[0])), tag="")

    def do_cut_mode(self, words, _):
        self.serve(content(int(words[1])), limit=int(words[0]))

    def do_cut_once_mode(self, words, _):
        first = count(self.path) == 1
        self.serve(content(int(words[1])), tag="", modified=0, parts=False, limit=int(words[0]) if first else None)

    def do_changed_mode(self, words, _):
        if count(self.path) == 1:
            return self.serve(content(int(words[1])), limit=int(words[0]))
        return self.serve(content(int(words[1]), seed=1))

    def do_bad_part_mode(self, words, _):
        if count(self.path) == 1:
            return self.serve(content(int(words[1])), limit=int(words[0]))
        return self.serve(content(int(words[1])), shift=1)

    def do_no_part_mode(self, words, _):
        if count(self.path) == 1:
            return self.serve(content(int(words[1])), limit=int(words[0]))
        if self.headers.get("Range"):
            return self.text(416, "no")
        return self.serve(content(int(words[1])))

    def do_fail_mode(self, words, query):
        if count(self.path) > int(words[1]):
            return self.serve(content(int(words[2])))
        after = urllib.parse.parse_qs(query).get("after")
        return self.text(int(words[0]), '{"errors":[]}', [("Retry-After", after[0])] if after else [])

    def do_status_mode(self, words, _):
        self.text(int(words[0]), '{"errors":[{"code":"CODE"}]}')

    def do_close_mode(self, words, _):
        if count(self.path) > int(words[0]):
            return self.serve(content(int(words[1])))
        return self.cut_connection()

    def do_short_mode(self, words, _):
        self.send_response(200)
        self.send_header("Content-Length", str(int(words[0]) + 10))
        self.end_headers()
        self.wfile.write(content(int(words[0])))
        self.cut_connection()

    def do_long_mode(self, words, _):
        self.send_response(200)
        self.send_header("Content-Length", words[0])
        self.end_headers()
        self.wfile.write(content(int(words[0]) + 10))
        self.cut_connection()

    def do_endless_mode(self, words, _):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        data = content(1 << 16)
        while True:
            self.wfile.write(data)

    def do_stall_mode(self, words, _):
        self.send_response(200)
        self.send_header("Content-Length", str(int(words[0]) + 1000))
        self.end_headers()
        self.wfile.write(content(int(words[0])))
        self.wfile.flush()
        time.sleep(30)
        self.cut_connection()

    def do_headers_mode(self, words, _):
        self.text(200, "x", [(f"X-{i}", "y" * 1000) for i in range(int(words[0]) // 1000 + 1)])

    def do_loop_mode(self, words, _):
        self.text(302, "", [("Location", self.path)])

    def do_hops_mode(self, words, _):
        hops = int(words[0])
        self.text(302, "", [("Location", f"../hops/{hops - 1}")]) if hops > 0 else self.serve(content(100))

    def do_to_mode(self, words, query):
        self.text(int(words[0]), "", [("Location", query)])

    def do_echo_mode(self, words, _):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.text(200, json.dumps({"method": self.command, "path": self.path, "headers": headers, "body": self.body.decode("latin-1")}))

    def is_known(self):
        return self.headers.get("Authorization") == "Basic " + base64.b64encode(b"u:p").decode()

    def ask_for_credentials(self):
        self.text(401, "", [("WWW-Authenticate", 'Basic realm="test"')])

    def do_private_mode(self, words, _):
        self.serve(content(int(words[0]))) if self.is_known() else self.ask_for_credentials()

    def do_early_mode(self, words, _):
        self.text(int(words[0]), "too large", [("Connection", "close")])
        self.cut_connection()

    def do_encoded_mode(self, words, _):
        self.serve(content(int(words[0])), headers=[("Content-Encoding", "gzip")])

    def do_named_mode(self, words, _):
        self.serve(content(int(words[0])), headers=[("Content-Disposition", 'attachment; filename="other"')])

    def do_etag_swap_mode(self, words, _):
        self.serve(b"version %d" % COUNTS["bump " + words[0]])

    def do_bump_mode(self, words, _):
        self.text(200, str(count("bump " + words[0])))

    def below(self, top, words):
        """The path of a file below `top`; None for one outside."""
        path = os.path.realpath(os.path.join(top, *words))
        return path if path.startswith(os.path.realpath(top) + os.sep) else None

    def do_files_mode(self, words, _, top=None):
        path = self.below(top or self.options.files, [urllib.parse.unquote(word) for word in words])
        if path is None or not os.path.isfile(path):
            return self.text(404, "no such file")
        with open(path, "rb") as file:
            return self.serve(file.read())

    def do_dumb_mode(self, words, _):
        self.do_files_mode(words, _, self.options.git_root)

    def do_git_private_mode(self, words, query):
        self.do_git_mode(words, query) if self.is_known() else self.ask_for_credentials()

    def do_git_v0_mode(self, words, query):
        del self.headers["Git-Protocol"]
        self.do_git_mode(words, query)

    def do_git_moved_mode(self, words, query):
        self.text(302, "", [("Location", f"http://127.0.0.1:{words[0]}/git/{'/'.join(words[1:])}?{query}")])

    def do_git_mode(self, words, query):
        """The CGI program of git itself (git-http-backend(1))."""
        environment = {
            "PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": self.options.git_root, "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*", "HOME": "/",
            "PATH_INFO": "/" + "/".join(words), "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(self.body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        run = subprocess.run(["/usr/bin/git", "http-backend"], input=self.body, env=environment, capture_output=True, check=False)
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for name, value in fields if name == "Status"), 200 if run.stdout else 500)
        self.text(status, body, [(name, value) for name, value in fields if name not in ("Status", "Content-Length")])

    def do_log_mode(self, words, _):
        with LOCK:
            text = json.dumps(LOG)
        self.text(200, text)

    def do_forget_mode(self, words, _):
        with LOCK:
            LOG.clear()
        self.text(200, "")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that goes away early is what many of the tests are about."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--git-root", default="/nonexistent")
    parser.add_argument("--files", default="/nonexistent")
    parser.add_argument("--tls", help="a file with a certificate and its key: speak https")
    Handler.options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    if Handler.options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Handler.options.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
