#!/bin/sh
# What the prover adds to a WebAssembly module: a module that compiles policies and decides by them, with and without
# comparing policies by proof. Needs `rustup target add wasm32-unknown-unknown`. The goal is 400,000 bytes added.
#
#   benches/wasm-size.sh

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
# The versions of the repository.
cp "$root/Cargo.lock" "$root/rust-toolchain.toml" "$folder"

cat > "$folder/Cargo.toml" <<TOML
[package]
name = "module"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[features]
prove = ["portcullis/prove", "dep:bumpalo"]

[dependencies]
bumpalo = { version = "3", optional = true }
portcullis = { path = "$root/crates/portcullis", default-features = false, features = ["compile"] }

[profile.release]
opt-level = "z"
lto = "fat"
codegen-units = 1
panic = "abort"
strip = "symbols"

[workspace]
TOML

cat > "$folder/src/lib.rs" <<'RUST'
//! Texts lie in the module's memory, behind each other; lengths say where one ends.
use portcullis::{Authorizer, PolicySet, Principal, Query};

fn text<'a>(start: *const u8, len: usize) -> &'a str {
    let bytes = unsafe { core::slice::from_raw_parts(start, len) };
    core::str::from_utf8(bytes).unwrap_or_default()
}

/// 1 for Allow, 0 for Deny, 2 for what cannot be read.
#[unsafe(no_mangle)]
pub extern "C" fn decide(policy: *const u8, policy_len: usize, request: *const u8, request_len: usize) -> u32 {
    let Ok(image) = PolicySet::new().identity("policy", text(policy, policy_len)).compile() else { return 2 };
    let mut parts = text(request, request_len).split(' ');
    let mut next = || parts.next().unwrap_or_default();
    let Ok(principal) = Principal::from_arn(next()) else { return 2 };
    let query = Query::new(&principal, next(), next());
    Authorizer::new([image]).decide(&query).is_allow().into()
}

/// 1 if the new policy allows something that the old one does not, 0 if not, 2 if that is not known.
#[cfg(feature = "prove")]
#[unsafe(no_mangle)]
pub extern "C" fn compare(old: *const u8, old_len: usize, new: *const u8, new_len: usize) -> u32 {
    use portcullis::PolicyKind;
    use portcullis::prove::{Answer, Options, compare, read};
    let arena = bumpalo::Bump::new();
    let one = |start, len| read("policy", text(start, len), PolicyKind::Identity, &arena);
    let (Ok(old), Ok(new)) = (one(old, old_len), one(new, new_len)) else { return 2 };
    match compare(&[old], &[new], &Options::default()) {
        Answer::Proved(_) => 0,
        Answer::Refuted(_) => 1,
        Answer::Unknown(_) => 2,
    }
}
RUST

size() {
    cargo build --quiet --release --target wasm32-unknown-unknown --manifest-path "$folder/Cargo.toml" \
        --target-dir "$folder/target" "$@" >&2
    wc -c < "$folder/target/wasm32-unknown-unknown/release/module.wasm"
}

without=$(size)
with=$(size --features prove)
echo "without the prover: $without bytes"
echo "with it:            $with bytes"
echo "added:              $((with - without)) bytes (goal: at most 400000)"
