# SPDX-License-Identifier: Apache-2.0
"""A registry in memory: the distribution-spec 1.1 as a server sees it. Blobs are one pool, repositories know which of them
they have. Nothing is deleted by itself and nobody is refused: that is what the rules are for (registry_rules.py)."""
import hashlib
import json
import re
import threading
import uuid

from registry_http import Answer

INDEX = "application/vnd.oci.image.index.v1+json"
LARGEST_MANIFEST = 4 << 20
ROUTES = [(re.compile(pattern), name) for pattern, name in (
    (r"/v2/?", "base"), (r"/v2/_catalog", "catalog"), (r"/v2/(.+)/tags/list", "tags"),
    (r"/v2/(.+)/manifests/([^/]+)", "manifest"), (r"/v2/(.+)/blobs/uploads/?", "uploads"), (r"/v2/(.+)/blobs/uploads/([^/]+)", "upload"),
    (r"/v2/(.+)/blobs/([^/]+)", "blob"), (r"/v2/(.+)/referrers/([^/]+)", "referrers"))]


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def error(status, code, message="", headers=()):
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower().replace("_", " ")}]}).encode()
    return Answer(status, body, [("Content-Type", "application/json"), *headers])


class Repository:
    def __init__(self):
        self.tags, self.manifests, self.blobs = {}, {}, set()


class Upload:
    def __init__(self, repository, least):
        self.repository, self.least, self.identifier = repository, least, str(uuid.uuid4())
        self.data, self.state, self.had_short_chunk = bytearray(), 0, False


class Registry:
    """`chunk_least`: the OCI-Chunk-Min-Length that a repository announces. A repository "fault-X/NAME" that nobody has
    pushed to shows what NAME has: the same images, under rules of its own."""

    def __init__(self):
        self.repositories, self.pool, self.uploads = {}, {}, {}
        self.lock = threading.RLock()
        self.chunk_least = {}
        self.page = 1000

    def route(self, path):
        for pattern, name in ROUTES:
            if match := pattern.fullmatch(path):
                return name, match.groups()
        return None, ()

    def handle(self, request):
        name, words = self.route(request.path)
        method = getattr(self, f"{request.method.lower().replace('head', 'get')}_{name}", None) if name else None
        if method is None:
            return error(405 if name else 404, "UNSUPPORTED")
        answer = method(request, *words)
        answer.headers.append(("Docker-Distribution-Api-Version", "registry/2.0"))
        return answer

    def shown(self, name):
        """The repository that is read under a name."""
        base = re.sub(r"^fault-[^/]+/", "", name)
        return self.repositories.get(name) or self.repositories.get(base)

    def written(self, name):
        with self.lock:
            return self.repositories.setdefault(name, Repository())

    def get_base(self, _):
        return Answer(200, b"{}", [("Content-Type", "application/json")])

    def get_catalog(self, _):
        return Answer(200, json.dumps({"repositories": sorted(self.repositories)}).encode(), [("Content-Type", "application/json")])

    def get_tags(self, request, name):
        repository = self.shown(name)
        if repository is None:
            return error(404, "NAME_UNKNOWN")
        tags = sorted(tag for tag in repository.tags if tag > request.query.get("last", ""))
        count = min(int(request.query.get("n", self.page)), self.page)
        headers = [("Content-Type", "application/json")]
        if len(tags) > count:
            headers.append(("Link", f'</v2/{name}/tags/list?n={count}&last={tags[count - 1]}>; rel="next"'))
        return Answer(200, json.dumps({"name": name, "tags": tags[:count]}).encode(), headers)

    def get_manifest(self, _, name, reference):
        repository = self.shown(name)
        digest = repository and repository.tags.get(reference, reference)
        if not repository or digest not in repository.manifests:
            return error(404, "MANIFEST_UNKNOWN" if repository else "NAME_UNKNOWN")
        media_type, data = repository.manifests[digest]
        return Answer(200, data, [("Content-Type", media_type), ("Docker-Content-Digest", digest)])

    def put_manifest(self, request, name, reference):
        data = bytes(request.read_body(LARGEST_MANIFEST + 1))
        if len(data) > LARGEST_MANIFEST:
            return error(413, "SIZE_INVALID")
        media_type = (request.header("content-type") or "").split(";")[0]
        try:
            document = json.loads(data)
        except ValueError:
            return error(400, "MANIFEST_INVALID")
        if document.get("mediaType", media_type) != media_type:
            return error(400, "MANIFEST_INVALID", "mediaType and Content-Type differ")
        return self.store_manifest(name, reference, media_type, data, document)

    def store_manifest(self, name, reference, media_type, data, document):
        repository, digest = self.written(name), digest_of(data)
        wanted = [document.get("config"), *document.get("layers", [])]
        missing = [entry["digest"] for entry in wanted if entry and entry["digest"] not in repository.blobs and not entry.get("urls")]
        missing += [entry["digest"] for entry in document.get("manifests", []) if entry["digest"] not in repository.manifests]
        if missing:
            return error(400, "MANIFEST_BLOB_UNKNOWN", missing[0])
        if ":" in reference and reference != digest:
            return error(400, "DIGEST_INVALID")
        with self.lock:
            repository.manifests[digest] = media_type, data
            if ":" not in reference:
                repository.tags[reference] = digest
        headers = [("Location", f"/v2/{name}/manifests/{digest}"), ("Docker-Content-Digest", digest)]
        if document.get("subject"):
            headers.append(("OCI-Subject", document["subject"]["digest"]))
        return Answer(201, b"", headers)

    def keep_manifest(self, query, data):
        """Stores what no honest registry would."""
        repository, digest = self.written(query["repository"]), digest_of(data)
        repository.manifests[digest] = query["type"], data
        repository.tags[query["tag"]] = digest
        return digest

    def delete_manifest(self, _, name, reference):
        repository = self.shown(name)
        if repository is None or (reference not in repository.tags and reference not in repository.manifests):
            return error(404, "MANIFEST_UNKNOWN")
        with self.lock:
            if repository.tags.pop(reference, None) is None:
                del repository.manifests[reference]
                repository.tags = {tag: digest for tag, digest in repository.tags.items() if digest != reference}
        return Answer(202)

    def get_referrers(self, request, name, subject):
        repository, found = self.shown(name), []
        for digest, (media_type, data) in sorted(repository.manifests.items() if repository else ()):
            document = json.loads(data)
            if (document.get("subject") or {}).get("digest") == subject:
                kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType")
                found.append({"mediaType": media_type, "digest": digest, "size": len(data), "artifactType": kind,
                              "annotations": document.get("annotations", {})})
        headers = [("Content-Type", INDEX)]
        if wanted := request.query.get("artifactType"):
            found = [entry for entry in found if entry["artifactType"] == wanted]
            headers.append(("OCI-Filters-Applied", "artifactType"))
        return Answer(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode(), headers)

    def get_blob(self, request, name, digest):
        repository = self.shown(name)
        if repository is None or digest not in repository.blobs:
            return error(404, "BLOB_UNKNOWN")
        data = memoryview(self.pool[digest])
        headers = [("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest), ("Accept-Ranges", "bytes"), ("ETag", f'"{digest}"')]
        return self.content(request, data, headers)

    def content(self, request, data, headers):
        """The bytes, or the part of them that is asked for."""
        tag = next((value for name, value in headers if name == "ETag"), None)
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.header("range") or "")
        if not wanted or wanted.groups() == ("", "") or request.header("if-range") not in (None, tag):
            return Answer(200, data, headers)
        return self.part(data, *wanted.groups(), headers)

    def part(self, data, first, last, headers):
        first, last = (len(data) - int(last), len(data) - 1) if not first else (int(first), min(int(last or len(data)), len(data) - 1))
        if not 0 <= first < len(data) or last < first:
            return Answer(416, b"", [("Content-Range", f"bytes */{len(data)}")])
        return Answer(206, data[first:last + 1], headers + [("Content-Range", f"bytes {first}-{last}/{len(data)}")])

    def delete_blob(self, _, name, digest):
        repository = self.shown(name)
        if repository is None or digest not in repository.blobs:
            return error(404, "BLOB_UNKNOWN")
        repository.blobs.discard(digest)
        return Answer(202)

    def post_uploads(self, request, name):
        mount, source = request.query.get("mount"), self.shown(request.query.get("from", ""))
        if mount and source and mount in source.blobs:
            self.written(name).blobs.add(mount)
            return self.created(name, mount)
        if "digest" in request.query:
            return self.commit(name, request.read_body(), request.query["digest"])
        upload = Upload(name, self.chunk_least.get(name, 0))
        with self.lock:
            self.uploads[upload.identifier] = upload
        return self.standing(upload, 202)

    def created(self, name, digest):
        return Answer(201, b"", [("Location", f"/v2/{name}/blobs/{digest}"), ("Docker-Content-Digest", digest)])

    def standing(self, upload, status):
        """Where an upload stands, and the address for what comes next: it changes with each part."""
        headers = [("Location", f"/v2/{upload.repository}/blobs/uploads/{upload.identifier}?_state={upload.state}"),
                   ("Range", f"0-{max(0, len(upload.data) - 1)}"), ("Docker-Upload-UUID", upload.identifier)]
        if upload.least:
            headers.append(("OCI-Chunk-Min-Length", str(upload.least)))
        return Answer(status, b"", headers)

    def find_upload(self, request, name, identifier):
        upload = self.uploads.get(identifier)
        if upload is None or upload.repository != name:
            return None
        return upload if request.method in ("GET", "DELETE") or request.query.get("_state") == str(upload.state) else None

    def get_upload(self, request, name, identifier):
        upload = self.find_upload(request, name, identifier)
        return self.standing(upload, 204) if upload else error(404, "BLOB_UPLOAD_UNKNOWN")

    def delete_upload(self, request, name, identifier):
        upload = self.find_upload(request, name, identifier)
        if upload is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        del self.uploads[identifier]
        return Answer(204)

    def patch_upload(self, request, name, identifier):
        upload = self.find_upload(request, name, identifier)
        if upload is None:
            return error(404, "BLOB_UPLOAD_INVALID")
        first = re.match(r"(\d+)-\d+$", request.header("content-range") or "")
        data = request.read_body()
        if first and int(first.group(1)) != len(upload.data):
            return self.standing(upload, 416)
        if upload.had_short_chunk:
            return error(400, "SIZE_INVALID", "a chunk below OCI-Chunk-Min-Length was not the last")
        upload.had_short_chunk = len(data) < upload.least
        upload.data += data
        upload.state += 1
        return self.standing(upload, 202)

    def put_upload(self, request, name, identifier):
        upload = self.find_upload(request, name, identifier)
        if upload is None:
            return error(404, "BLOB_UPLOAD_INVALID")
        first = re.match(r"(\d+)-\d+$", request.header("content-range") or "")
        data = request.read_body()
        if first and int(first.group(1)) != len(upload.data):
            return self.standing(upload, 416)
        upload.data += data
        answer = self.commit(name, upload.data, request.query.get("digest", ""))
        self.uploads.pop(identifier, None)
        return answer

    def commit(self, name, data, digest):
        algorithm = digest.split(":")[0]
        if algorithm not in ("sha256", "sha512") or digest_of(data, algorithm) != digest:
            return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        with self.lock:
            self.pool.setdefault(digest, data)
            self.written(name).blobs.add(digest)
        return self.created(name, digest)
