//! The program `portcullis`.

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without it, and `bench` counts allocations"
)]
mod alloc;

use std::process::ExitCode;

fn main() -> ExitCode {
    portcullis_cli::run(alloc::count)
}
