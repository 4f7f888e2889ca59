#!/usr/bin/env bash
# Counts the instructions of each case in benches/instructions.rs with callgrind, and fails if one takes over 3 % more than
# in benches/instructions.txt. The last line counts the cases as cargo counts tests. `--update` writes the baseline.
set -euo pipefail
cd "$(dirname "$0")/.."
baseline=benches/instructions.txt

skip() {
    echo "skipped: $1"
    [ ! -f "$baseline" ] || echo "test result: ok. 0 passed; 0 failed; $(($(wc -l <"$baseline") - 1)) ignored"
    exit 0
}

# Counts depend on the compilers (SQLite is C), the C library, and the instruction sets that memchr detects.
tools() {
    local rust host
    rust=$(rustc -Vv | sed -n '1p')
    host=$(rustc -Vv | sed -n 's/^host: //p')
    echo "$rust $host, cc $(cc -dumpfullversion), $(getconf GNU_LIBC_VERSION)$(grep -qw avx2 /proc/cpuinfo && echo ', avx2')"
}

command -v valgrind >/dev/null || skip "valgrind is not installed"
tools=$(tools)
[ "${1:-}" = --update ] || [ -f "$baseline" ] || skip "$baseline is missing; run benches/instructions.sh --update"
if [ "${1:-}" != --update ] && [ "$(head -n 1 "$baseline")" != "$tools" ]; then
    skip "the baseline is of $(head -n 1 "$baseline"), here is $tools"
fi

program=$(cargo bench --locked --bench instructions --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\/instructions-[^"]*\)".*/\1/p' | tail -n 1)
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
for name in $("$program"); do
    # Without the caller's environment, whose size shifts the stack.
    log=$(env -i PATH="$PATH" TZ=UTC valgrind --tool=callgrind --toggle-collect='instructions::measured*' \
        --callgrind-out-file=/dev/null "$program" "$name" 2>&1) || { echo "$log"; exit 1; }
    echo "$name $(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<<"$log")" | tee -a "$counts" >&2
done

if [ "${1:-}" = --update ]; then
    { echo "$tools"; cat "$counts"; } >"$baseline"
    echo "wrote $baseline"
    exit 0
fi
awk '
    FNR == NR { if (FNR > 1) before[$1] = $2; next }
    !($1 in before) { printf "%-24s %12s %12d  no baseline\n", $1, "", $2; failed++; next }
    {
        change = ($2 / before[$1] - 1) * 100
        printf "%-24s %12d %12d %+6.1f %%\n", $1, before[$1], $2, change
        if (change > 3) failed++; else passed++
    }
    END {
        if (failed) print "If the change is wanted: benches/instructions.sh --update"
        printf "test result: %s. %d passed; %d failed; 0 ignored\n", failed ? "FAILED" : "ok", passed, failed
        exit failed > 0
    }' "$baseline" "$counts"
