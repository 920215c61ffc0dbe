//! The `katydid` command.

use std::process::ExitCode;

/// Every request allocates a dozen small things; this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(katydid::cli::main(std::env::args_os()))
}
