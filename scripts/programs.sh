#!/bin/sh
# Sees to it that all tests can run: Chromium, what drives it, a font with Chinese characters, ssh-keygen and openssl.
#
# Where apt-get exists and may be used (root, or sudo that asks no password) what is missing is installed; elsewhere
# this says what is missing and how to get it, and fails. Chromium elsewhere than on PATH: CHROMIUM=/path/to/chrome
set -eu

there() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

browser() {
    [ -x "${CHROMIUM:-}" ] || there chromium chromium-browser google-chrome google-chrome-stable
}

driver() { # Playwright brings a Node.js along, which needs a library that small systems leave out
    for node in .venv/lib/python3*/site-packages/playwright/driver/node; do
        [ ! -x "$node" ] || "$node" --version >/dev/null 2>&1 || return 1
    done
}

font() {
    there fc-list && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]
}

look() { # sets `missing` to the packages that would help, each with a blank before it
    missing=''
    browser || missing="$missing chromium"
    driver || missing="$missing libatomic1"
    font || missing="$missing fontconfig fonts-noto-cjk"
    there ssh-keygen || missing="$missing openssh-client"
    there openssl || missing="$missing openssl"
}

look
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    root=''
elif there sudo && sudo -n true 2>/dev/null; then
    root='sudo -n'
else
    root='none'
fi

if [ "$root" != none ] && there apt-get; then
    echo "Installing for the tests:$missing"
    # shellcheck disable=SC2086 # lists of words are meant
    if $root apt-get update -qq >/dev/null &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        look
        [ -n "$missing" ] || exit 0
    fi
fi

{
    echo "Not all tests can run; missing:$missing"
    echo "  Debian, Ubuntu:  sudo apt-get install$missing"
    echo "  elsewhere:       install Chromium (or Chrome), a font with Chinese characters (Noto Sans CJK for instance),"
    echo "                   OpenSSH, OpenSSL and libatomic; Chromium under another name: CHROMIUM=/path/to/chromium make test"
    echo "  without them:    .venv/bin/python -m pytest runs everything, and what needs them fails"
} >&2
exit 1
