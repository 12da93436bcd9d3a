//! The `gitops-lint` binary.

fn main() -> std::process::ExitCode {
    gitops_lint::facade::cli::run()
}
