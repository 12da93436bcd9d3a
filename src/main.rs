//! The `gitops-lint` binary.

/// Rendering makes millions of small values on several threads, which is what this allocator is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    gitops_lint::cli::run()
}
