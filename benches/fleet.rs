//! How long 2,000 Applications take: 200 components on 10 clusters, six layers of values each. Expanded and rendered, and
//! linted with every rule. `cargo bench --bench fleet`, or with `-- DIR` to write the repository to a directory.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    missing_docs,
    reason = "a benchmark"
)]

#[path = "../tests/fleet.rs"]
mod fleet;

use std::path::Path;
use std::time::Instant;

use gitops_lint::facade::lint::{Options, lint};
use gitops_lint::facade::repo::analyze;

/// The most memory that this process ever had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    let files = fleet::files(200, 10);
    let dir = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if let Some(dir) = dir {
        for (path, text) in &files {
            let path = Path::new(&dir).join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        return;
    }
    for _ in 0..3 {
        let workspace = fleet::workspace(&files);
        let started = Instant::now();
        let (inventory, _) = analyze(&workspace, &|_, _| ());
        println!("expanded and rendered: {:.2} s, {} MB at most", started.elapsed().as_secs_f64(), peak());
        fleet::verify(&inventory, 2000);
    }
    let workspace = fleet::workspace(&files);
    let started = Instant::now();
    let report = lint(&workspace, &Options::default());
    let seconds = started.elapsed().as_secs_f64();
    println!("linted: {seconds:.2} s, {} MB at most, {} findings", peak(), report.findings.len());
}
