#!/usr/bin/env bash
# Builds the static binary of TARGET (such as x86_64-unknown-linux-musl) on Linux of the same processor, and packs it with its
# checksum into dist/. Needs rustup and a C compiler for musl (musl-gcc).
set -euo pipefail
cd "$(dirname "$0")/.."
target="${1:?the target, such as x86_64-unknown-linux-musl}"
rustup target add "$target"
export "CC_${target//-/_}=musl-gcc"
cargo build --release --locked --bin phxproof --target "$target"
binary="target/$target/release/phxproof"
# A binary that asks for a loader would not run on every Linux.
if readelf --program-headers "$binary" | grep -q INTERP; then
    echo "$binary is not static" >&2
    exit 1
fi
"$binary" check 'join/*' --out "$(mktemp -d)" --quiet
mkdir -p dist
tar -czf "dist/phxproof-$target.tar.gz" -C "target/$target/release" phxproof
(cd dist && sha256sum "phxproof-$target.tar.gz" > "phxproof-$target.tar.gz.sha256")
