# SPDX-License-Identifier: Apache-2.0
"""As much HTTP/2 (RFC 9113) as it takes to end a connection badly: the first one that is made speaks h2, waits for a
request and answers it with GOAWAY or with RST_STREAM; later ones speak HTTP/1.1."""
import os
import ssl
import struct
import threading

PREFACE = 24
HEADERS, RST_STREAM, SETTINGS, GOAWAY = 1, 3, 4, 7
REFUSED_STREAM = 7


def frame(kind, stream=0, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Ending:
    """Wraps connections of a Listener in TLS; `how` is "goaway" or "refused"."""

    def __init__(self, directory, how):
        self.how, self.first, self.lock = how, True, threading.Lock()
        self.contexts = {protocol: self.context(directory, protocol) for protocol in ("h2", "http/1.1")}

    @staticmethod
    def context(directory, protocol):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(directory, "server.crt"), os.path.join(directory, "server.key"))
        context.set_alpn_protocols([protocol])
        return context

    def __call__(self, plain):
        with self.lock:
            protocol, self.first = "h2" if self.first else "http/1.1", False
        secure = self.contexts[protocol].wrap_socket(plain, server_side=True)
        if protocol == "h2" and secure.selected_alpn_protocol() == "h2":
            self.end(secure)
        return secure

    def end(self, secure):
        with secure.makefile("rb") as file:
            file.read(PREFACE)
            secure.sendall(frame(SETTINGS))
            stream = self.wait_for_request(file)
            if self.how == "refused":
                secure.sendall(frame(RST_STREAM, stream, struct.pack(">I", REFUSED_STREAM)))
            secure.sendall(frame(GOAWAY, 0, struct.pack(">II", 0, 0)))
            file.read(1 << 10)
        secure.close()
        raise OSError("as it is told")

    @staticmethod
    def wait_for_request(file):
        while True:
            head = file.read(9)
            if len(head) < 9:
                raise OSError("gone")
            length, kind, stream = int.from_bytes(head[:3], "big"), head[3], int.from_bytes(head[5:], "big")
            file.read(length)
            if kind == HEADERS:
                return stream
