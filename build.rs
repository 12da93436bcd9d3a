//! Link options of the binary.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script what it builds through the environment"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| std::env::var(name).is_ok_and(|value| value == wanted);
    // A hook runs for every commit, so starting counts. At a fixed address the tables of the program need no
    // relocation: half of the page faults of a start, and a sixth of its time, are gone.
    if is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("PROFILE", "release")
    {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
