//! Where the lines of the schema tables begin, so that nobody has to look for them when the program starts; and link options of
//! the released binary: on Linux with glibc it is static and at a fixed address, where that can be.
//!
//! A hook runs for every commit and a chart is rendered in a millisecond or two, so starting counts: finding and
//! relocating three shared libraries and the tables of the program takes as long as all the rest of a start. A static program
//! also runs in any container. The program that downloads is linked as usual: a static one cannot resolve names as the
//! system is set up to.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script what it builds through the environment"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    index_tables()?;
    let is = |name: &str, wanted: &str| env::var(name).is_ok_and(|value| value == wanted);
    if !(is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("PROFILE", "release"))
    {
        return Ok(());
    }
    // Whoever asks for a static program by the feature gets one from rustc.
    if env::var("CARGO_CFG_TARGET_FEATURE")
        .is_ok_and(|features| features.split(',').any(|it| it == "crt-static"))
    {
        return Ok(());
    }
    println!("cargo::rustc-link-arg-bin=gitops-lint=-no-pie");
    if is("HOST", &env::var("TARGET").unwrap_or_default())
        && let Some(out) = env::var_os("OUT_DIR")
    {
        link_statically(Path::new(&out))?;
    }
    Ok(())
}

/// Writes for each table of kinds where its types begin, by name.
fn index_tables() -> io::Result<()> {
    let Some(out) = env::var_os("OUT_DIR") else { return Ok(()) };
    let mut text = String::new();
    for (table, name) in [("kubernetes", "KUBERNETES_TYPES"), ("custom", "CUSTOM_TYPES")] {
        let path = format!("src/schema/builtin/{table}.txt");
        println!("cargo::rerun-if-changed={path}");
        let lines = fs::read_to_string(path)?;
        let mut types = Vec::new();
        let mut at = 0;
        for line in lines.split_inclusive('\n') {
            if let Some(rest) = line.strip_prefix("type ") {
                types.push((rest.split_whitespace().next().unwrap_or_default(), at + "type ".len()));
            }
            at += line.len();
        }
        types.sort_unstable();
        let starts: Vec<usize> = types.iter().map(|(_, start)| *start).collect();
        text.push_str(
            "#[expect(clippy::unreadable_literal, reason = \"written by build.rs, read by nobody\")]\n",
        );
        let _ = writeln!(text, "pub(super) static {name}: [u32; {}] = {starts:?};", starts.len());
    }
    fs::write(Path::new(&out).join("schema_types.rs"), text)
}

/// Links libc, libm and the unwinder into the program, if their archives are installed. `+crt-static` would do, but not
/// without `--target`: it holds for procedural macros as well, which must be shared libraries.
fn link_statically(out: &Path) -> io::Result<()> {
    let system = |name: &str| {
        let dirs = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];
        dirs.iter().map(|dir| Path::new(dir).join(name)).find(|path| path.is_file())
    };
    let (Some(libc), Some(libm)) = (system("libc.a"), system("libm.a")) else { return Ok(()) };
    // rustc asks for shared libraries by name. What is found under the name in this directory, which is searched first,
    // is a linker script that names the archive instead.
    let script = |name: &str, inputs: &str| fs::write(out.join(name), format!("GROUP({inputs})\n"));
    script("libm.a", &libm.display().to_string())?;
    // libc and the unwinder need each other, and GNU's linker looks behind it in a group only.
    script("libgcc_s.a", "-lgcc_eh -lgcc")?;
    script("libc.a", &format!("{} -lgcc_eh -lgcc", libc.display()))?;
    println!("cargo::rustc-link-arg-bin=gitops-lint=-L{}", out.display());
    println!("cargo::rustc-link-arg-bin=gitops-lint=-static");
    Ok(())
}
