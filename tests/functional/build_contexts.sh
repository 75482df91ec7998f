#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where a build takes its files from: directories with ignore files, archives, standard input, named contexts.
. "$(dirname "$0")/common.sh"
require jq umoci
import_tiny
context=$scratch/context
mkdir -p "$context/keep" "$context/drop" "$scratch/data"
echo kept > "$context/keep/file"
echo dropped > "$context/drop/file"
echo data > "$scratch/data/file"
printf '# a comment\ndrop\n*.log\n!keep.log\n' > "$context/.dockerignore"
touch "$context/a.log" "$context/keep.log"
printf 'FROM tiny\nCOPY . /c/\n' > "$context/Dockerfile"
names() { umoci_unpack "$1" "$scratch/$1"; (cd "$scratch/$1/rootfs/c" && find . -mindepth 1 | sort | tr '\n' ' '); }
all="./.dockerignore ./Dockerfile ./keep ./keep.log ./keep/file "
expect 0 jc build -t directory "$context"
equal "$(names directory)" "$all"
# What is not there because it is ignored is said to be ignored.
printf 'FROM tiny\nCOPY drop /c/\n' > "$context/Dockerfile"
expect 1 jc build -t x "$context"
first_line_says drop
says .dockerignore
# An ignore file of the Dockerfile's own comes first.
printf 'FROM tiny\nCOPY . /c/\n' > "$context/Dockerfile"
echo keep > "$context/Dockerfile.dockerignore"
expect 0 jc build -t own "$context"
[[ "$(names own)" == *./drop/file* ]] || fail "the Dockerfile's own ignore file was not read"
rm "$context/Dockerfile.dockerignore"

# The same files in other wrappings give the same image.
wanted=$(digest_of directory)
tar -C "$context" -czf "$scratch/context.tgz" .
expect 0 jc build -t archive "$scratch/context.tgz"
equal "$(digest_of archive)" "$wanted" "digest from an archive"
"$JCBUILD" build -t stdin - < "$scratch/context.tgz" > "$scratch/out" 2> "$scratch/err" || fail "archive on standard input: $(cat "$scratch/err")"
equal "$(digest_of stdin)" "$wanted" "digest from standard input"
"$JCBUILD" build -t file -f - "$context" < "$context/Dockerfile" > /dev/null 2> "$scratch/err" || fail "-f -"
equal "$(digest_of file)" "$wanted" "digest with the Dockerfile on standard input"
printf 'FROM tiny\nRUN echo x > /x\n' | "$JCBUILD" build -t alone - > /dev/null 2> "$scratch/err" || fail "a Dockerfile on standard input"
printf 'FROM tiny\nCOPY x /\n' | "$JCBUILD" build -t alone - > /dev/null 2> "$scratch/err" && fail "COPY without a context"
grep -q "needs a build context" "$scratch/err" || fail "no cause"

# Named contexts: a directory, an image in the place of another.
printf 'FROM other\nCOPY --from=data file /c/\nCOPY --from=other /etc/passwd /c/\n' > "$context/Dockerfile"
expect 0 jc build -t named --build-context "data=$scratch/data" --build-context other=docker-image://tiny "$context"
equal "$(names named)" "./file ./passwd "
expect 1 jc build -t x "$scratch/nowhere"
first_line_says nowhere
nothing_left
