# Functions of run and long, which source this file.

# Returns whether tests with this ignore reason can run here. Reasons that start with "long: " are for .ci/long.
can_run() {
    case "$1" in
        "long: "*)
            [ "${long:-no}" = yes ] || return 1
            case "$1" in "long: needs "*) can_run "${1#long: }" ;; esac
            ;;
        "needs ../shared") [ -d ../shared ] ;;
        "needs root")
            [ "$(id -u)" -eq 0 ] && mkdir -p target/mounted && mount -t tmpfs none target/mounted 2>/dev/null &&
                umount target/mounted
            ;;
        "needs a user other than root") [ "$(id -u)" -ne 0 ] ;;
        "needs seccomp") cc -O1 -o target/disk tests/support/disk.c && target/disk --try 2>/dev/null ;;
        *) false ;;
    esac
}

# Sums the summary lines of all test programs.
count() {
    awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 } END { print passed + 0, failed + 0, ignored + 0 }' "$@"
}

# Runs the ignored tests that can run here. The log has the program, name and reason of each.
# Arguments: the log of the other tests, and a prefix of the reasons to consider.
run_ignored() {
    local log=$1 prefix=${2:-} runnable=$'\n' reason program name names
    while read -r reason; do
        if can_run "$reason"; then runnable+="$reason"$'\n'; else echo "not run here: tests with \"$reason\"" >&2; fi
    done < <(sed -n 's/^test .* \.\.\. ignored, //p' "$log" | grep "^$prefix" | sort -u)
    awk '/^ +Running .*\(.*\)$/ { program = $NF; gsub(/[()]/, "", program) }
         /^test .* \.\.\. ignored, / { name = $2; sub(/^test .* \.\.\. ignored, /, ""); print program "\t" name "\t" $0 }' \
        "$log" >target/ignored.tsv
    while read -r program; do
        names=()
        while IFS=$'\t' read -r other name reason; do
            if [ "$other" = "$program" ] && [[ "$runnable" == *$'\n'"$reason"$'\n'* ]]; then names+=("$name"); fi
        done <target/ignored.tsv
        if [ ${#names[@]} -gt 0 ]; then
            echo "     Running ignored tests of $program"
            "$program" --ignored --exact "${names[@]}" </dev/null || echo "failed: ignored tests of $program"
        fi
    done < <(cut -f 1 target/ignored.tsv | sort -u)
}

# Prints how many tests passed, failed and were skipped, from the log of all tests and that of the ignored ones.
# Returns an error if one failed.
summarize() {
    local passed failed skipped more_passed more_failed
    read -r passed failed skipped < <(count "$1")
    read -r more_passed more_failed _ < <(count "$2")
    passed=$((passed + more_passed))
    failed=$((failed + more_failed))
    echo "$passed passed, $failed failed, $((skipped - more_passed - more_failed)) skipped"
    [ "$failed" -eq 0 ] && ! grep -q '^failed: ' "$2"
}
