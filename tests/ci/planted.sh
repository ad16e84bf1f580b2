# shellcheck shell=bash
# What the tests of ci/'s checks share: a scratch repository with the checks in it, and their verdict before and after a fault is planted.
#
#   . planted.sh; repository "$source" ci/format .clang-format; passes ci/format; fails ci/format 'not as clang-format has it'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A repository in $scratch with these files of SOURCE; the rest of the test runs in it.
repository() {
    local from=$1
    shift
    git -C "$scratch" init --quiet
    (cd "$from" && tar -c -- "$@") | tar -x -C "$scratch"
    cd "$scratch" || exit
    git add --all
}

passes() {
    if ! "$@" >"$scratch/.git/said" 2>&1; then
        echo "finds a fault where there is none: $*"
        cat "$scratch/.git/said"
        exit 1
    fi
}

# COMMAND… TEXT: fails, and says TEXT.
fails() {
    local text=${*: -1}
    set -- "${@:1:$#-1}"
    if "$@" >"$scratch/.git/said" 2>&1; then
        echo "does not see the fault: $*"
        exit 1
    fi
    if ! grep -qF -- "$text" "$scratch/.git/said"; then
        echo "does not say '$text': $*"
        cat "$scratch/.git/said"
        exit 1
    fi
}
