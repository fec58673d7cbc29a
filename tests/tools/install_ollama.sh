#!/usr/bin/env bash
# Builds an Ollama server for this machine's CPU, for the tests that talk to a real one.
#
#   tests/tools/install_ollama.sh TARGET      puts it at TARGET/bin/ollama and prints that path
#
# Needs Go, a C++ compiler and the headers of nlohmann-json and stb. The module archive that Go
# downloads lacks the C headers Ollama vendors elsewhere: two come as Debian packages, the third
# (miniaudio.h) from another Go module. Called again, it does nothing if the build is there.
set -euo pipefail

VERSION=v0.13.5
MALGO=github.com/gen2brain/malgo@v0.11.23   # carries miniaudio.h

fail() { echo "install_ollama: $*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: $0 TARGET"
mkdir -p "$1" || fail "cannot make the folder $1"
target=$(cd "$1" && pwd)
server=$target/bin/ollama
stamp=$target/built
# Without -march=native the server is built for the oldest CPUs and reads prompts many times slower.
flags="-O2 -g0 -march=native -I$target/include"
# On a CPU with AMX that would call for sources which the module archive leaves out.
for option in -mno-amx-tile -mno-amx-int8 -mno-amx-bf16; do
    echo | "${CXX:-g++}" "$option" -E -x c++ - >/dev/null 2>&1 && flags="$flags $option"
done
recipe="$VERSION $flags $(uname -m) $(grep -m1 '^flags\|^Features' /proc/cpuinfo 2>/dev/null | cksum)"

if [ -x "$server" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$recipe" ]; then
    echo "$server"
    exit 0
fi

command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || fail "Go is not installed"
compiler=${CXX:-g++}
command -v "$compiler" >/dev/null || fail "no C++ compiler ($compiler); set CXX or install g++"

has_header() { echo "#include <$1>" | "$compiler" -E -x c++ - >/dev/null 2>&1; }
if ! { has_header nlohmann/json.hpp && has_header stb/stb_image.h; }; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get install -y -qq nlohmann-json3-dev libstb-dev >&2 \
            || { apt-get update -qq >&2 && apt-get install -y -qq nlohmann-json3-dev libstb-dev >&2; } \
            || fail "apt-get could not install nlohmann-json3-dev and libstb-dev"
    else
        fail "headers are missing; install the Debian packages nlohmann-json3-dev and libstb-dev"
    fi
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
module=$(cd "$scratch" && go mod init scratch >/dev/null 2>&1 && go mod download -json "$MALGO" \
    | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p') || fail "Go could not fetch $MALGO"
[ -f "$module/miniaudio.h" ] || fail "$MALGO holds no miniaudio.h"
mkdir -p "$target/include/miniaudio" "$target/bin"
cp -f "$module/miniaudio.h" "$target/include/miniaudio/"

CGO_ENABLED=1 CGO_CPPFLAGS="-I$target/include" CGO_CFLAGS=$flags CGO_CXXFLAGS=$flags \
    GOBIN="$target/bin" go install "github.com/ollama/ollama@$VERSION" >&2 \
    || fail "the build of Ollama $VERSION failed; its messages stand above"
[ -x "$server" ] || fail "the build left no $server"
echo "$recipe" > "$stamp"
echo "$server"
