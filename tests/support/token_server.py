#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A token server as docker-registry 2.8 trusts it: JSON Web Tokens, signed with RS256 by openssl.

token_server.py --key KEY.pem --certificate CERT.pem [--user NAME:PASSWORD]... [--tls DIRECTORY]: prints "HOST:PORT" and
serves until its standard input ends.

GET  /token?service=S&scope=...   anonymous (pull only) or HTTP Basic; offline_token=true adds a refresh token
POST /token                       grant_type=refresh_token or password (OAuth 2)
GET  /_/tokens                    JSON of all tokens that were asked for: method, grant, who, scopes, credentials, status
POST /_/set {...}                 ttl (seconds), omit_expires, deny (repositories), no_post, no_anonymous; POST /_/forget
Everybody with a name may do everything but what `deny` says. The refresh token of NAME is "rt-NAME".
"""
import argparse
import base64
import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

from registry_http import Answer, Listener, Log
from registry_protocol import error

SERVICE, ISSUER = "test-registry", "test-issuer"


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=")


class TokenServer:
    def __init__(self, options):
        self.options, self.asked, self.lock = options, [], threading.Lock()
        self.users = dict(user.split(":", 1) for user in options.user)
        self.knobs = {"ttl": 300, "omit_expires": False, "deny": [], "no_post": False, "no_anonymous": False}
        der = subprocess.run(["openssl", "x509", "-in", options.certificate, "-outform", "DER"], capture_output=True, check=True).stdout
        self.header = encode({"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]})

    def application(self, request):
        if request.path == "/_/tokens":
            return self.json(self.asked)
        if request.path == "/_/forget":
            self.asked.clear()
            return self.json({})
        if request.path == "/_/set":
            self.knobs.update(json.loads(request.read_body()))
            return self.json({})
        if request.path == "/token" and request.method in ("GET", "POST"):
            return self.token(request)
        return error(404, "NOT_FOUND")

    @staticmethod
    def json(document):
        return Answer(200, json.dumps(document).encode(), [("Content-Type", "application/json")])

    def token(self, request):
        text = request.read_body(1 << 16).decode() if request.method == "POST" else urllib.parse.urlsplit(request.target).query
        fields = urllib.parse.parse_qs(text, keep_blank_values=True)
        scopes = [scope for value in fields.get("scope", []) for scope in value.split()]
        asked = {"method": request.method, "grant": fields.get("grant_type", [""])[0], "scopes": scopes,
                 "authorization": request.header("authorization") or "", "status": 200, "length": request.header("content-length")}
        answer = self.answer(request, fields, scopes, asked)
        asked["status"] = answer.status
        with self.lock:
            self.asked.append(asked)
        return answer

    def answer(self, request, fields, scopes, asked):
        if request.method == "POST" and self.knobs["no_post"]:
            return error(405, "UNSUPPORTED")
        who = self.who(request, fields)
        asked["who"] = who
        if who is None or (who == "" and self.knobs["no_anonymous"]):
            return error(401, "UNAUTHORIZED", "incorrect username or password")
        if fields.get("service", [""])[0] != SERVICE or (request.method == "POST" and not fields.get("client_id")):
            return error(400, "BAD_REQUEST", "no service or no client_id")
        document = {"token": self.sign(who, scopes), "expires_in": self.knobs["ttl"], "issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        if request.method == "POST":
            document["access_token"] = document.pop("token")
        if self.knobs["omit_expires"]:
            del document["expires_in"]
        if who and (fields.get("offline_token") == ["true"] or fields.get("access_type") == ["offline"]):
            document["refresh_token"] = f"rt-{who}"
        return self.json(document)

    def who(self, request, fields):
        """The name; "" is nobody; None: wrong credentials."""
        first = {name: values[0] for name, values in fields.items()}
        if request.method == "POST" and first.get("grant_type") == "refresh_token":
            name = first.get("refresh_token", "").removeprefix("rt-")
            return name if name in self.users else None
        if request.method == "POST":
            return self.checked(first.get("username", ""), first.get("password", ""))
        kind, _, value = (request.header("authorization") or "").partition(" ")
        if kind.lower() != "basic":
            return ""
        return self.checked(*base64.b64decode(value).decode().split(":", 1))

    def checked(self, name, password):
        return name if self.users.get(name) == password else None

    def access(self, who, scopes):
        granted = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = [] if name in self.knobs["deny"] else ["pull"] if not who else actions.split(",")
            granted.append({"type": kind, "name": name, "actions": [action for action in actions.split(",") if action in allowed]})
        return granted

    def sign(self, who, scopes):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": who, "aud": SERVICE, "exp": now + max(60, self.knobs["ttl"]), "nbf": now - 10, "iat": now,
                  "jti": str(uuid.uuid4()), "access": self.access(who, scopes)}
        text = self.header + b"." + encode(claims)
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.options.key], input=text, capture_output=True, check=True).stdout
        return (text + b"." + encode(signature)).decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--user", action="append", default=[])
    parser.add_argument("--tls", help="a directory with server.crt and server.key: speak https")
    options = parser.parse_args()
    wrap = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{options.tls}/server.crt", f"{options.tls}/server.key")
        wrap = lambda plain: context.wrap_socket(plain, server_side=True)
    listener = Listener("token", TokenServer(options).application, Log(), wrap=wrap)
    listener.start()
    print(listener.host, flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
