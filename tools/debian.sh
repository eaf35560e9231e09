#!/usr/bin/env bash
# Sourced by the scripts that install Debian's servers for the tests: installs packages and lets none of them start.

# Usage: install_debian WHAT PACKAGE...; WHAT is named in messages. Returns 1, having said so, where it cannot install.
install_debian() {
    local what="$1" as_root=()
    shift
    if ! command -v apt-get >/dev/null; then
        echo "$what: no apt-get here; install it yourself, else its tests are skipped" >&2
        return 1
    fi
    if [[ $(id -u) -ne 0 ]]; then
        if ! sudo -n true 2>/dev/null; then
            echo "$what: not installed, its tests are skipped; to run them: sudo apt-get install $*" >&2
            return 1
        fi
        as_root=(sudo -n)
    fi
    echo "$what: installing"
    local policy=/usr/sbin/policy-rc.d own_policy=false
    if [[ ! -e $policy ]]; then # a package's server is the tests' to start, on ports of their own
        own_policy=true
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
    fi
    local done_well=0
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        done_well=1
    if $own_policy; then "${as_root[@]}" rm -f "$policy"; fi
    return "$done_well"
}
