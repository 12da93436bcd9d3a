//! Files that tell what people or programs do.

/// Whether a file is run by somebody.
pub fn is_script(name: &str) -> bool {
    let ends = [".sh", ".bash", ".mk"].iter().any(|suffix| name.ends_with(suffix));
    ends || matches!(name, "Makefile" | "makefile" | "GNUmakefile" | "justfile" | "Justfile" | "Jenkinsfile")
}

/// Whether a file tells what people or programs do: scripts, documents, tasks.
pub fn is_told(name: &str) -> bool {
    is_script(name) || name.ends_with(".md") || name.starts_with("Taskfile") || name.starts_with(".mise")
}
