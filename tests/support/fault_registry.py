#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that misbehaves as it is told, on several ports; it logs every request.

fault_registry.py [--certificates DIRECTORY] [--blobs DIRECTORY]: prints {"LISTENER": "HOST:PORT", ...} as one line of JSON and serves until its
standard input ends. DIRECTORY holds NAME.crt and NAME.key for server, expired, elsewhere and selfsigned.

Listeners  http (127.0.0.1), other (another port), far (127.0.0.2), six ([::1], where there is IPv6): one registry
           tls: the same over TLS; expired, elsewhere, selfsigned: with such certificates; noshake: closes in the handshake
           goaway, refused: HTTP/2 that ends the first connection so (registry_http2.py), then HTTP/1.1
           proxy: answers 407 to all; dead: never accepts a connection
Faults     repository fault-NUMBER/NAME: registry_behaviours.py; POST /_/rules {"prefix": P, "rules": [...]}: registry_rules.py
Control    GET /_/log?match=REGEX (in "METHOD TARGET"): JSON of the requests, with status, sent and received bytes, listener
           and headers; POST /_/forget empties the log and forgets what rules and tokens have counted
           POST /_/manifest?repository=R&tag=T&type=M with any bytes: kept unseen; GET, POST: {"digest": D}
           POST /_/chunk-least {"repository": N}; POST /_/page {"size": N}
           GET /_/uploads: how many upload sessions are open
Tokens     /token/ok, no-token, access-only, expires/SECONDS, huge, uses/N (good for N requests); anonymous, Basic or POST
/docker/...    files below --blobs, as docker-registry's middleware "redirect" asks for them; with the same refusal
/v2-plain/...  the same as the rest of the path, but 400 where Authorization or Cookie comes: a blob store behind a redirect
"""
import argparse
import base64
import json
import os
import socket
import ssl
import sys
import threading

import registry_http2
from registry_behaviours import BEHAVIOURS
from registry_http import Answer, Listener, Log
from registry_protocol import Registry, error
from registry_rules import Rules


class Tokens:
    """Bearer tokens: how often each may still be used."""

    def __init__(self):
        self.left, self.lock = {}, threading.Lock()

    @staticmethod
    def basic(text):
        return "Basic " + base64.b64encode(text.encode()).decode()

    def is_good(self, authorization, _repository):
        token = (authorization or "").removeprefix("Bearer ")
        with self.lock:
            if self.left.get(token, 0) <= 0:
                return False
            self.left[token] -= 1
            return True

    def make(self, uses=10 ** 9):
        with self.lock:
            token = f"token-{len(self.left)}"
            self.left[token] = uses
            return token

    def answer(self, mode, value):
        if mode == "no-token":
            return {"expires_in": 300}
        if mode == "access-only":
            return {"access_token": self.make()}
        if mode == "expires":
            return {"token": self.make(), "expires_in": float(value) if "e" in value else int(value)}
        if mode == "uses":
            return {"token": self.make(int(value)), "expires_in": 300}
        return {"token": self.make(), "expires_in": 300} if mode == "ok" else None


class Lab:
    def __init__(self, blobs):
        self.blobs = blobs
        self.registry, self.tokens, self.log, self.hosts = Registry(), Tokens(), Log(), {}
        self.rules = Rules(self.registry, self.tokens, self.hosts)

    def load_behaviours(self):
        for number, texts in BEHAVIOURS.items():
            self.rules.add(f"fault-{number}", texts)

    def application(self, request):
        if request.path.startswith("/_/"):
            return self.control(request)
        if request.path.startswith("/token/"):
            return self.token(request)
        if request.path.startswith(("/v2-plain/", "/docker/")):
            return self.plain(request)
        return self.rules.handle(request)

    def plain(self, request):
        if request.header("authorization") or request.header("cookie"):
            request.read_body()
            return error(400, "UNSUPPORTED", "only one auth mechanism allowed")
        if request.path.startswith("/docker/"):
            return self.file(request)
        request.path = request.path.removeprefix("/v2-plain")
        return self.registry.handle(request)

    def file(self, request):
        path = os.path.join(self.blobs or "/nonexistent", request.path.lstrip("/"))
        if ".." in path or not os.path.isfile(path):
            return error(404, "NOT_FOUND")
        with open(path, "rb") as file:
            return self.registry.content(request, file.read(), [("Accept-Ranges", "bytes")])

    def token(self, request):
        request.read_body(1 << 20)
        mode, _, value = request.path.removeprefix("/token/").partition("/")
        if mode == "huge":
            return Answer(200, b'{"token":"' + b"x" * (16 << 20) + b'"}', [("Content-Type", "application/json")])
        document = self.tokens.answer(mode, value)
        return error(404, "NOT_FOUND") if document is None else self.json(document)

    @staticmethod
    def json(document):
        return Answer(200, json.dumps(document).encode(), [("Content-Type", "application/json")])

    def control(self, request):
        what = request.path.removeprefix("/_/")
        if what == "manifest" and request.method == "GET":
            repository = self.registry.repositories.get(request.query["repository"])
            return self.json({"digest": repository and repository.tags.get(request.query["tag"])})
        if what == "manifest":
            return self.json({"digest": self.registry.keep_manifest(request.query, bytes(request.read_body()))})
        body = json.loads(request.read_body() or b"{}")
        if what == "log":
            return self.json(self.log.matching(request.query.get("match", "")))
        if what == "uploads":
            return self.json(len(self.registry.uploads))
        if what == "rules":
            self.rules.add(body["prefix"], body["rules"])
        elif what == "chunk-least":
            self.registry.chunk_least.update(body)
        elif what == "page":
            self.registry.page = body["size"]
        elif what == "forget":
            self.log.entries.clear()
            self.load_behaviours()
        else:
            return error(404, "NO_SUCH_CONTROL")
        return self.json({})


def serving_tls(directory, name):
    """What makes TLS of a connection with the certificate NAME."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, name + ".crt"), os.path.join(directory, name + ".key"))
    return lambda plain: context.wrap_socket(plain, server_side=True)


def breaking_off(plain):
    plain.recv(1 << 10)
    raise OSError("as it is told")


def dead_port():
    """A port where connections are never accepted: they hang, as when packets get lost."""
    listening = socket.socket()
    listening.bind(("127.0.0.3", 0))
    listening.listen(0)
    kept = [listening]
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listening.getsockname())
        kept.append(client)
    return f"127.0.0.3:{listening.getsockname()[1]}", kept


def listeners(lab, directory):
    made = [Listener("http", lab.application, lab.log), Listener("other", lab.application, lab.log),
            Listener("far", lab.application, lab.log, "127.0.0.2"),
            Listener("proxy", lambda request: Answer(407, b"", [("Proxy-Authenticate", 'Basic realm="lab"')], close=True), lab.log)]
    try:
        made.append(Listener("six", lab.application, lab.log, "::1"))
    except OSError:
        pass  # no IPv6 here
    if directory:
        made += [Listener(name, lab.application, lab.log, wrap=serving_tls(directory, certificate)) for name, certificate in
                 (("tls", "server"), ("expired", "expired"), ("elsewhere", "elsewhere"), ("selfsigned", "selfsigned"))]
        made.append(Listener("noshake", lab.application, lab.log, wrap=breaking_off))
        made += [Listener(name, lab.application, lab.log, wrap=registry_http2.Ending(directory, name)) for name in ("goaway", "refused")]
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificates", help="speak TLS too, with the certificates of this directory")
    parser.add_argument("--blobs", help="the data of a docker-registry whose blobs are asked for here")
    options = parser.parse_args()
    lab = Lab(options.blobs)
    made = listeners(lab, options.certificates)
    lab.hosts.update({listener.name: listener.host for listener in made})
    lab.hosts["dead"], _kept = dead_port()
    lab.load_behaviours()
    for listener in made:
        listener.start()
    print(json.dumps(lab.hosts), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
