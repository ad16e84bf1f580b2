# shellcheck shell=bash
# What the scripts of ci/ share: steps that are announced, and the build of a preset. Sourced with ROOT, the repository, set.
#
#   . ci/build.sh; step 'building'; build dev; build release verify

step() {
    printf '\n== %s\n' "$*"
}

# Configures PRESET and builds the TARGETs, or all that is built by default, through ccache where it is installed.
build() {
    local preset=$1
    shift
    if command -v ccache >/dev/null; then
        export CMAKE_CXX_COMPILER_LAUNCHER=ccache
        # Precompiled headers need these; and one checkout has what another compiled, wherever either lies.
        export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
        export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$ROOT} CCACHE_NOHASHDIR=1
        if [ -z "${CCACHE_DIR-}" ] && [ ! -w "${HOME:-/}" ]; then export CCACHE_DIR=$ROOT/build/ccache; fi
    fi
    step "configuring and building the preset $preset"
    (
        cd "$ROOT" || exit
        cmake --preset "$preset"
        cmake --build --preset "$preset" --parallel "$(nproc)" ${1+--target "$@"}
    )
}
