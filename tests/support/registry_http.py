# SPDX-License-Identifier: Apache-2.0
"""The HTTP of the fault registry: a thread a connection, and answers that may be cut, stalled, slowed down or lied about.

An application is a function Request -> Answer. What an Answer's `ways` may hold, for the body on the wire:
cut=N, reset=N      the connection ends (FIN, RST) after N bytes
stall=N             silence after N bytes, until the client goes away
rate=N              N bytes a second at most, on this connection
declared=N          Content-Length says so
chunked             chunked transfer coding (with cut: without its end)
endless             the body again and again
close               Connection: close
gone                no answer at all: the connection ends
hang                no answer at all: silence
"""
import array
import fcntl
import http
import re
import socket
import struct
import termios
import threading
import time
import urllib.parse

SLICE = 1 << 18
MOST_HEADER_BYTES = 1 << 20


class Gone(Exception):
    """The connection is over."""


class Request:
    """One request; its body is read when it is asked for."""

    def __init__(self, connection, method, target, headers):
        self.connection, self.method, self.target, self.headers = connection, method, target, headers
        parts = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(parts.path)
        self.query = {name: values[0] for name, values in urllib.parse.parse_qs(parts.query, keep_blank_values=True).items()}
        self.received, self.entry = 0, {}
        self.complete = not self.has_body()

    def header(self, name):
        return self.headers.get(name.lower())

    def has_body(self):
        return self.header("transfer-encoding") is not None or int(self.header("content-length") or 0) > 0

    def read_body(self, limit=None):
        """The body; of it only `limit` bytes, where that is given and it is longer."""
        if self.complete:
            return bytearray()
        if (self.header("expect") or "").lower() == "100-continue":
            self.connection.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        data = bytearray()
        for length in self.pieces():
            wanted = length if limit is None else min(length, limit - len(data))
            self.read_into(data, wanted)
            if wanted < length:
                return data
        self.complete = True
        return data

    def pieces(self):
        if self.header("transfer-encoding") is None:
            yield int(self.header("content-length"))
            return
        file = self.connection.file
        while (length := int(file.readline().split(b";")[0] or b"0", 16)) > 0:
            yield length
            file.readline()
        file.readline()

    def read_into(self, data, length):
        start = len(data)
        data.extend(bytes(length))
        with memoryview(data) as view:
            while length > 0:
                got = self.connection.file.readinto(view[start:start + min(length, 1 << 20)])
                if not got:
                    raise Gone
                start, length = start + got, length - got
                self.received += got


class Answer:
    def __init__(self, status, body=b"", headers=(), **ways):
        self.status, self.body, self.headers, self.ways = status, body, list(headers), ways

    def set(self, name, value):
        """Replaces a header; None removes it."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def get(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Connection:
    def __init__(self, listener, plain):
        self.listener, self.socket = listener, plain
        self.file = None
        self.sent_at = time.monotonic()

    def run(self):
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.listener.wrap:
                self.socket = self.listener.wrap(self.socket)
            elif self.socket.recv(1, socket.MSG_PEEK) == b"\x16":
                return self.refuse_tls()
            self.file = self.socket.makefile("rb", 1 << 16)
            while self.one():
                pass
        except (OSError, Gone, ValueError):
            pass
        finally:
            self.end()

    def refuse_tls(self):
        """What servers say who do not understand a ClientHello."""
        self.socket.recv(1 << 16)
        self.socket.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request")

    def one(self):
        """One request and its answer; returns whether the connection goes on."""
        request = self.read_request()
        if request is None:
            return False
        entry = request.entry = self.listener.log_request(self, request)
        try:
            answer = self.listener.application(request)
            entry["status"] = answer.status
            stays = self.send(request, answer, entry)
        finally:
            entry["received"] = request.received
        if not request.complete and "gone" not in answer.ways:
            self.linger()
        return stays and request.complete and (request.header("connection") or "").lower() != "close"

    def read_request(self):
        line = self.file.readline(MOST_HEADER_BYTES)
        words = line.decode("latin-1").split()
        if len(words) != 3:
            return None
        headers = {}
        while (line := self.file.readline(MOST_HEADER_BYTES)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return Request(self, words[0], words[1], headers)

    def send(self, request, answer, entry):
        if "hang" in answer.ways:
            self.wait_for_client()
            return False
        if "gone" in answer.ways:
            return False
        self.socket.sendall(self.head(request, answer))
        if request.method == "HEAD" or answer.status in (204, 304):
            return "close" not in answer.ways
        whole = self.send_body(answer, entry)
        return whole and "close" not in answer.ways

    def head(self, request, answer):
        if "chunked" in answer.ways:
            answer.set("Transfer-Encoding", "chunked")
        elif "endless" in answer.ways:
            answer.set("Connection", "close")
        elif answer.status not in (204, 304) and answer.get("Content-Length") is None:
            answer.set("Content-Length", str(answer.ways.get("declared", len(answer.body))))
        if "close" in answer.ways:
            answer.set("Connection", "close")
        try:
            reason = http.HTTPStatus(answer.status).phrase
        except ValueError:
            reason = "Odd"
        lines = [f"HTTP/1.1 {answer.status} {reason}"] + [f"{name}: {value}" for name, value in answer.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def send_body(self, answer, entry):
        """Returns whether the body is whole, so that another request may follow."""
        ways = answer.ways
        body = memoryview(answer.body)
        stop = min([len(body)] + [ways[name] for name in ("cut", "reset", "stall") if name in ways])
        try:
            self.send_slices(body[:stop], ways, entry)
            while "endless" in ways:
                self.send_slices(body, ways, entry)
        except OSError:
            entry["sent"] -= self.unacknowledged()
            raise
        if "stall" in ways:
            self.wait_for_client()
        elif "reset" in ways:
            self.reset()
        elif "chunked" in ways and "cut" not in ways:
            self.socket.sendall(b"0\r\n\r\n")
        return not any(name in ways for name in ("cut", "reset", "stall")) and ways.get("declared", len(body)) == len(body)

    def send_slices(self, body, ways, entry):
        rate = ways.get("rate")
        size = SLICE if rate is None else max(1, min(SLICE, rate // 50))
        for start in range(0, len(body), size):
            part = body[start:start + size]
            if rate:
                self.keep_pace(len(part), rate)
            entry["sent"] += len(part)
            if "chunked" in ways:
                self.socket.sendall(b"%x\r\n%s\r\n" % (len(part), bytes(part)))
            else:
                self.socket.sendall(part)

    def keep_pace(self, size, rate):
        """Waits until the connection may send again; what it may have missed is lost, but for a tenth of a second."""
        now = time.monotonic()
        self.sent_at = max(self.sent_at, now - 0.1) + size / rate
        if self.sent_at > now:
            time.sleep(self.sent_at - now)

    def unacknowledged(self):
        """Bytes that are still in our kernel: the client has not had them."""
        left = array.array("i", [0])
        try:
            fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, left)
        except OSError:
            return 0
        return left[0]

    def wait_for_client(self):
        self.socket.settimeout(600)
        while self.socket.recv(1 << 16):
            pass

    def linger(self):
        """Lets the client read the answer although it is still sending: closing at once would be a reset."""
        self.socket.shutdown(socket.SHUT_WR)
        self.socket.settimeout(1)
        until = time.monotonic() + 1
        while time.monotonic() < until and self.socket.recv(1 << 16):
            pass

    def reset(self):
        """Ends with RST, but not before all that was sent has arrived: the client must have had it."""
        until = time.monotonic() + 2
        while self.unacknowledged() and time.monotonic() < until:
            time.sleep(0.002)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def end(self):
        if self.file:
            self.file.close()
        self.socket.close()


class Log:
    """All requests so far, with what was sent for each."""

    def __init__(self):
        self.entries, self.lock = [], threading.Lock()

    def add(self, entry):
        with self.lock:
            entry["id"] = len(self.entries)
            self.entries.append(entry)
        return entry

    def matching(self, pattern):
        with self.lock:
            return [entry for entry in self.entries if re.search(pattern, entry["line"])]


class Listener:
    """A port with an application behind it. `wrap` makes TLS of a connection."""

    def __init__(self, name, application, log, address="127.0.0.1", wrap=None):
        self.name, self.application, self.log, self.wrap = name, application, log, wrap
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind((address, 0))
        self.socket.listen(256)
        self.port = self.socket.getsockname()[1]
        self.host = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.origin = f"http{'s' if wrap else ''}://{self.host}"

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            plain, _ = self.socket.accept()
            threading.Thread(target=Connection(self, plain).run, daemon=True).start()

    def log_request(self, connection, request):
        names = ("authorization", "cookie", "range", "if-range", "content-range", "content-length", "accept", "accept-encoding",
                 "transfer-encoding", "content-type", "host")
        entry = {"line": f"{request.method} {request.target}", "listener": self.name, "status": 0, "sent": 0, "received": 0,
                 "time": round(time.monotonic(), 3), "connection": id(connection),
                 "headers": {name: request.headers[name] for name in names if name in request.headers}}
        return self.log.add(entry) if not request.path.startswith("/_/") else entry
