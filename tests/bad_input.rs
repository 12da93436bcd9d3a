//! Trees that no editor would make: names and bytes that are not UTF-8, links in circles, what may not be read. The
//! tool goes on, and lists what it could not look at.

use std::path::Path;
use std::process::{Command, Output};

use super::cli::text;

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\n  name: z\n";

fn run(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gitops-lint"));
    command.current_dir(dir).args(args).env_clear().output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Windows' line ends and a byte order mark move neither lines nor columns.
#[test]
fn line_ends_and_marks_move_nothing() {
    for (name, mark, line_end) in
        [("crlf", "", "\r\n"), ("bom", "\u{feff}", "\n"), ("both", "\u{feff}", "\r\n")]
    {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.yaml"), mark.to_owned() + &CONFIG_MAP.replace('\n', line_end))
            .unwrap();
        let output = run(dir.path(), &["--format", "github"]);
        let said = said(&output);
        assert!(said.contains("file=a.yaml,line=5,col=3,endLine=5,endColumn=7"), "{name}: {said}");
        assert!(!text(&run(dir.path(), &[]).stdout).contains(['\r', '\u{feff}']), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_listed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::write(root.join("bytes.yaml"), b"a: \xff\xfe\n").unwrap();
    std::fs::write(root.join(OsStr::from_bytes(b"name\xff.yaml")), "a: 1\n").unwrap();
    std::fs::write(root.join(OsStr::from_bytes(b"picture\xff.png")), "x").unwrap();
    std::fs::create_dir(root.join(OsStr::from_bytes(b"dir\xff"))).unwrap();
    std::fs::write(root.join(OsStr::from_bytes(b"dir\xff/x.yaml")), "a: 1\n").unwrap();
    let output = run(root, &[]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for line in [
        "error[syntax-error]: invalid leading UTF-8 octet",
        "  dir\u{fffd}/x.yaml: its name is not UTF-8",
        "  name\u{fffd}.yaml: its name is not UTF-8",
    ] {
        assert!(said.contains(line), "no `{line}` in\n{said}");
    }
    assert!(!said.contains("png"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    std::fs::write(root.join("a/kustomization.yaml"), "resources: [b/up/map.yaml, b/self.yaml]\n").unwrap();
    std::fs::write(root.join("a/map.yaml"), CONFIG_MAP.replace("  name: z\n", "")).unwrap();
    symlink("../../a", root.join("a/b/up")).unwrap();
    symlink(".", root.join("loop")).unwrap();
    symlink("self.yaml", root.join("a/b/self.yaml")).unwrap();
    symlink("nowhere.yaml", root.join("dangling.yaml")).unwrap();
    let output = run(root, &[]);
    let said = said(&output);
    assert!(output.status.code().is_some_and(|code| code < 2), "{said}");
    for line in
        ["  a/b/self.yaml: is a link that leads nowhere", "  dangling.yaml: is a link that leads nowhere"]
    {
        assert!(said.contains(line), "no `{line}` in\n{said}");
    }
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_listed() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::create_dir(root.join("closed")).unwrap();
    for file in ["closed/a.yaml", "secret.yaml", ".gitops-lint.yaml"] {
        std::fs::write(root.join(file), "a: 1\n").unwrap();
    }
    let close = |path: &str, mode| {
        std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    close(".gitops-lint.yaml", 0o000);
    if std::fs::read(root.join(".gitops-lint.yaml")).is_ok() {
        super::skipped("this user may read everything");
        return;
    }
    let output = run(root, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("cannot read `./.gitops-lint.yaml`"), "{}", said(&output));
    std::fs::remove_file(root.join(".gitops-lint.yaml")).unwrap();
    close("closed", 0o000);
    close("secret.yaml", 0o000);
    let output = run(root, &[]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("  closed: permission denied\n  secret.yaml: permission denied\n"), "{told}");
    let output = run(root, &["closed"]);
    close("closed", 0o755);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("permission denied"), "{}", said(&output));
}

#[test]
fn a_file_is_a_part_and_no_root() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.yaml"), "a: 1\n").unwrap();
    let output = run(dir.path(), &["a.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = run(dir.path(), &["--root", "a.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("`a.yaml` is no directory"), "{}", said(&output));
}
