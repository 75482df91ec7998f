# SPDX-License-Identifier: Apache-2.0
"""The hostile and broken behaviours that the fault registry knows by number: repository fault-NUMBER/NAME shows what NAME
holds, and misbehaves so. Rules as in registry_rules.py. "tls" after the number in a comment: to be asked on the TLS port."""

BLOB = "@GET .*/blobs/.*big"
BLOB_ONCE = BLOB + "#1"
MANIFEST = "@(GET|HEAD) .*/manifests/"
TOKEN = "bearer=http://{http}/token/"

BEHAVIOURS = {
    "1": ["status=401"],                                              # 401 without a challenge
    "2": ['challenge=Bearer realm="http://{http}/token/ok",service="lab"'],  # 401 for ever
    "3": ["basic=u:p"],
    "4": ["bearer=http://{far}/token/ok"],                            # realm on another host
    "5a": ['challenge=Bearer realm="file:///etc/passwd",service="lab"'],
    "5b": ['challenge=Bearer realm="http://169.254.169.254/latest/meta-data",service="lab"'],
    "5c": [TOKEN + "ok"],                                             # tls: http realm on a https registry
    "6a": ['challenge=Bearer realm="http://{http}/token/ok'],
    "6b": ['challenge=Bearer realm="' + "x" * 65536 + '"'],
    "6c": ["challenges=100"],
    "6d": ['challenge=Bearer realm="http://{http}/token/ok",realm="http://{far}/token/ok",service="lab"'],
    "6e": ['challenge=Bearer realm="http://{http}/\\0token",service="lab"'],
    "7a": [TOKEN + "no-token"],
    "7b": [TOKEN + "access-only"],
    "7c": [TOKEN + "expires/0"],
    "7d": [TOKEN + "expires/-5"],
    "7e": [TOKEN + "expires/1e99"],
    "7f": [TOKEN + "huge"],
    "8": [TOKEN + "uses/24"],                                          # a token expires in the middle
    "9a": ["status=403;code=DENIED"],
    "9b": ["status=404;code=NAME_UNKNOWN"],
    "9c": ["status=429;code=TOOMANYREQUESTS;retry=1#2"],
    "9d": ["status=429;code=TOOMANYREQUESTS;retry=date#1"],
    "9e": ["status=429;code=TOOMANYREQUESTS;retry=1000000000"],
    "9f": ["status=429;code=TOOMANYREQUESTS;retry=-7#1"],
    "10a": ["status=500@/blobs/#2"],
    "10b": ["status=502@/blobs/#2"],
    "10c": ["status=503@/manifests/#2"],
    "10d": ["status=504@/blobs/#2"],
    "10e": ["status=503"],
    "11": ["reset=300000" + BLOB + "#3"],
    "12": ["stall=300000" + BLOB_ONCE],
    "13": ["rate=1" + BLOB_ONCE],
    "14": ["declared=10" + BLOB],
    "15": ["declared=-10" + BLOB],
    "16": ["chunked" + BLOB + "#2", "cut=300000" + BLOB + "#2"],
    "17": ["corrupt=70000" + BLOB],
    "17b": ["corrupt=70000" + BLOB_ONCE],
    "18": ["endless" + BLOB],
    "19a": ["zip" + BLOB],
    "19b": ["says-zip" + BLOB],
    "20": ["badrange" + BLOB],
    "21": ["cut=300000" + BLOB_ONCE, "norange" + BLOB],
    "22": ["cut=300000" + BLOB_ONCE, "endpart" + BLOB],
    "23a": ["redirect=http://{http}{target}" + BLOB],                 # a loop
    "23b": ["redirect=http://{other}/v2-plain{target}" + BLOB],       # another origin
    "23c": ["redirect=http://{http}/v2-plain{target}" + BLOB],        # tls: down to http
    "23d": ["redirect=file:///etc/passwd" + BLOB],
    "23e": ["redirect=http://169.254.169.254/latest" + BLOB],
    "24": [TOKEN + "ok", "redirect=http://{far}/v2-plain{target}" + BLOB],  # the target answers 400 to Authorization
    "25": ["digest=sha256:" + "0" * 64 + MANIFEST],
    "25b": ["digest=sha256:../../x" + MANIFEST],
    "26": ["ctype=application/vnd.oci.image.index.v1+json" + MANIFEST],
    "26b": ["ctype=text/html" + MANIFEST],
    "27": ["other=second@GET .*/manifests/1 "],                       # the tag moves after HEAD
    "28": [f"size={64 << 20}@GET .*/manifests/"],
    "29a": [f"big-header={1 << 20}" + MANIFEST],
    "29b": ["many-headers=10000" + MANIFEST],
    "30a": ["unlocated@POST .*/uploads/"],
    "30b": [],                                                        # relative Location: the default of this registry
    "30c": ["basic=u:p", "location=http://{far}/v2-plain{location}@POST .*/uploads/"],
    "30d": ["location={location}&a=b%2Fc@POST .*/uploads/"],
    "30e": ["location=http://{http}{location}@(POST|PATCH) .*/uploads/"],
    "30f": ["location=http://169.254.169.254{location}@POST .*/uploads/"],
    "31a": ["status=413@PUT .*/uploads/.* big#1", "status=416@PATCH#1"],
    "31b": ["status=413@PUT .*/uploads/.* big#1", "range=0-1000@PATCH#1"],
    "31c": ["status=400;code=DIGEST_INVALID@PUT .*/uploads/"],
    "32": ["mount-not@POST .*mount="],
    "33": ["lose=900000@(PUT|PATCH) .*/uploads/.* big#1"],
    "34": ["refuse" + BLOB],
    "35": ["fail-after=500@PUT .*/manifests/#1"],
    "36a": ["status=404@/referrers/", "without=OCI-Subject@PUT .*/manifests/"],
    "36b": ["ctype=text/html@/referrers/"],
    "37": ["page-loop@/tags/list"],
    "43": ["closing"],
    "44": ["status=403;code=DENIED\\e[31m;text=\\e]0owned\\a\\e[2Jhidden"],
    "44b": ["header=Warning: 299 - \"\\e[2Jwarned\""],
    # The rows of the fault table that are not among those above.
    "cut": ["cut=2000000" + BLOB_ONCE],
    "cut-norange": ["cut=2000000" + BLOB_ONCE, "norange" + BLOB],
    "blob503": ["status=503" + BLOB_ONCE],
    "upload-cut": ["cutup=500000@PUT .*/uploads/.* big#1"],
    "upload-500": ["status=500@PUT .*/uploads/.* big#1"],
    "upload-401": ["bearer=http://{http}/token/ok", "challenge=Bearer realm=\"http://{http}/token/ok\",service=\"lab\"@PUT .*/uploads/.* big#1"],
    "upload-413": ["status=413@PUT .*/uploads/.* big#1"],
    "slow": ["rate=20000000" + BLOB],
    "storm": ["random-reset" + BLOB + "~30", "status=503~10", "status=500@GET .*/blobs/~5"],
}
