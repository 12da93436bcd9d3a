//! `path.Clean`; on other systems than Windows `filepath.Clean` is the same.

/// The shortest path that means the same, by its words alone: `.` for nothing.
pub fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::clean_path;

    /// Rows of Go's `path_test.go`.
    #[test]
    fn as_go() {
        for (path, want) in [
            ("", "."),
            ("abc/def", "abc/def"),
            ("abc//def//ghi/", "abc/def/ghi"),
            ("abc/./../def", "def"),
            ("abc/def/../../..", ".."),
            ("../../abc", "../../abc"),
            ("/../abc", "/abc"),
            ("/", "/"),
            ("abc/..", "."),
        ] {
            assert_eq!(clean_path(path), want, "{path}");
        }
    }
}
