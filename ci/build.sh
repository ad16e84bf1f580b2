# shellcheck shell=bash
# What the scripts of ci/ share: steps that are announced, and the build of a preset. Sourced with ROOT, the repository, set.
#
#   . ci/build.sh; step 'building'; build dev

step() {
    printf '\n== %s\n' "$*"
}

# Configures and builds PRESET, through ccache where it is installed.
build() {
    if command -v ccache >/dev/null; then
        export CMAKE_CXX_COMPILER_LAUNCHER=ccache
        # Precompiled headers need the first two.
        export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
        if [ -z "${CCACHE_DIR-}" ] && [ ! -w "${HOME:-/}" ]; then export CCACHE_DIR=$ROOT/build/ccache; fi
    fi
    step "configuring and building the preset $1"
    (
        cd "$ROOT" || exit
        cmake --preset "$1"
        cmake --build --preset "$1" --parallel "$(nproc)"
    )
}
