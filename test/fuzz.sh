#!/bin/sh
set -eu

# fuzz calls every fuzz target of the module COUNT times.
#
#   test/fuzz.sh COUNT [PACKAGE...]       test/fuzz.sh 20000x ./internal/document
#
# It runs by count, because a duration can fail spuriously on Go 1.26, and without the race detector, which would
# take most of the calls' time. One target at a time, on all cores. What is found is kept in Go's fuzz cache; an
# input that fails is written to the package's testdata/fuzz, where it is a case from then on.

if [ $# -lt 1 ]; then
	echo "fuzz: call it as test/fuzz.sh COUNT [PACKAGE...], for example: test/fuzz.sh 20000x" >&2
	exit 2
fi
count=$1
shift
[ $# -gt 0 ] || set -- ./...

# Names come before the "ok" line of their package; packages without tests print neither.
listed=$(go test -list '^Fuzz' "$@") || {
	printf '%s\n' "$listed" >&2
	exit 1
}
targets=$(printf '%s\n' "$listed" | awk '/^Fuzz/ { names[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }')
if [ -z "$targets" ]; then
	echo "fuzz: no targets in $*"
	exit 0
fi

failed=0
total=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
while read -r package name; do
	total=$((total + 1))
	begin=$(date +%s)
	if go test -run='^$' -fuzz="^$name\$" -fuzztime="$count" -fuzzminimizetime=1000x "$package" >"$output" 2>&1 </dev/null; then
		printf 'ok    %s %s %s %ss\n' "$package" "$name" "$count" "$(($(date +%s) - begin))"
	else
		failed=$((failed + 1))
		printf 'FAIL  %s %s\n' "$package" "$name"
		cat "$output"
	fi
done <<END
$targets
END
echo "fuzz: $total targets, $failed failed"
[ "$failed" -eq 0 ]
