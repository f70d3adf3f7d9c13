#!/bin/sh
set -eu

# unit runs the tests of every package, those that start servers one at a time.
#
#   test/unit.sh [FLAG...] -- [SERVER-FOLDER...]
#
# FLAGs go to go test. PACKAGES says which packages instead of all, for example ./test/interop/... . A skipped test is named
# with its reason; with CI=true it is a failure.

flags=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	flags="$flags $1"
	shift
done
[ $# -gt 0 ] && shift

mkdir -p .cache
rm -f .cache/test-*.jsonl
servers=
if [ $# -gt 0 ]; then
	servers=$(for folder in "$@"; do printf './%s\n' "$folder"; done)
	servers=$(go list $servers)
fi
others=${PACKAGES:-}
if [ -z "$others" ]; then
	all=$(go list ./...)
	others=$(printf '%s\n' "$all" | grep -vxF -e "${servers:-no such package}" || true)
fi

# gotestsum prints a line a package, the output of what fails, and the skipped tests at the end.
run() {
	log=$1
	shift
	go tool -modfile=tools.mod gotestsum --format pkgname --format-hide-empty-pkg \
		--jsonfile ".cache/$log" -- $flags "$@"
}

status=0
[ -z "$others" ] || run test-parallel.jsonl $others || status=1
[ -z "$servers" ] || run test-servers.jsonl -p 1 $servers || status=1

# A package without test files is a skip event too, one without a test's name.
skipped=$(cat .cache/test-*.jsonl | sed -n 's/.*"Action":"skip","Package":"\([^"]*\)","Test":"\([^"]*\)".*/\1 \2/p')
if [ -n "$skipped" ] && [ "${CI:-}" = true ]; then
	echo "skipped in CI, where every test must run:" >&2
	printf '%s\n' "$skipped" >&2
	status=1
fi
exit "$status"
