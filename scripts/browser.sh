#!/bin/sh
# Sees to it that the browser tests can run: Chromium and a font with Chinese characters.
#
# Where apt-get exists and may be used (root, or sudo that asks no password) what is missing is installed; elsewhere
# this says what is missing and how to get it, and fails. Chromium elsewhere than on PATH: CHROMIUM=/path/to/chrome
set -eu

browser() {
    [ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

font() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]
}

missing=''
browser || missing="$missing chromium"
font || missing="$missing fontconfig fonts-noto-cjk"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    root=''
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    root='sudo -n'
else
    root='none'
fi

if [ "$root" != none ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the browser tests:$missing"
    # shellcheck disable=SC2086 # lists of words are meant
    if $root apt-get update -qq >/dev/null &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        missing=''
        browser || missing="$missing chromium"
        font || missing="$missing fonts-noto-cjk"
        [ -n "$missing" ] || exit 0
    fi
fi

{
    echo "The browser tests cannot run; missing:$missing"
    echo "  Debian, Ubuntu:  sudo apt-get install$missing"
    echo "  elsewhere:       install Chromium (or Chrome) and a font with Chinese characters, Noto Sans CJK for instance;"
    echo "                   Chromium under another name: CHROMIUM=/path/to/chromium make test"
    echo "  without them:    make test ARGS='-m \"not browser\" --no-cov' runs everything else"
} >&2
exit 1
