//! The glob dialect of Argo CD and Helm (`github.com/gobwas/glob`): `*`, `**`, `?`, `[a-z]`, `[!ab]`, `{a,b}`, `\` escapes.
//!
//! Translated to a linear-time regular expression. A pattern that gobwas refuses is `None`: Argo CD logs a warning
//! and the pattern never matches.

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Glob(Regex);

impl Glob {
    /// A pattern in which `*` matches any characters but the separators. Without separators `*` matches
    /// everything, `/` included: that is how Argo CD matches `include`, `exclude`, clusters and policies.
    pub fn new(pattern: &str, separators: &[char]) -> Option<Self> {
        let mut regex = String::from("(?s)^");
        let class: String = separators.iter().map(|c| regex::escape(&c.to_string())).collect();
        let (one, many) = match class.as_str() {
            "" => (".".to_owned(), ".*".to_owned()),
            class => (format!("[^{class}]"), format!("[^{class}]*")),
        };
        let mut chars = pattern.chars().peekable();
        let mut depth = 0u32;
        while let Some(c) = chars.next() {
            match c {
                '*' if chars.peek() == Some(&'*') => {
                    while chars.peek() == Some(&'*') {
                        chars.next();
                    }
                    regex.push_str(".*");
                }
                '*' => regex.push_str(&many),
                '?' => regex.push_str(&one),
                '\\' => regex.push_str(&regex::escape(&chars.next()?.to_string())),
                '[' => regex.push_str(&class_of(&mut chars)?),
                '{' => {
                    depth += 1;
                    regex.push_str("(?:");
                }
                ',' if depth > 0 => regex.push('|'),
                '}' if depth > 0 => {
                    depth -= 1;
                    regex.push(')');
                }
                '}' | ']' => return None,
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        if depth > 0 {
            return None;
        }
        regex.push('$');
        Regex::new(&regex).ok().map(Self)
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// The rest of a `[...]`: either a list of characters or one range, as gobwas has it.
fn class_of(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut class = String::from("[");
    if chars.peek() == Some(&'!') {
        chars.next();
        class.push('^');
    }
    let mut members = Vec::new();
    loop {
        match chars.next()? {
            ']' => break,
            '\\' => members.push(chars.next()?),
            c => members.push(c),
        }
    }
    let escape = |c: &char| regex::escape(&c.to_string());
    match members.as_slice() {
        [] => return None,
        [low, '-', high] => {
            if low > high {
                return None;
            }
            class.push_str(&escape(low));
            class.push('-');
            class.push_str(&escape(high));
        }
        members => members.iter().for_each(|c| class.push_str(&escape(c))),
    }
    class.push(']');
    Some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What gobwas says: `fixtures/golang/glob.jsonl`.
    #[test]
    fn matches_like_gobwas() {
        for (pattern, separators, text, want) in [
            ("*.yaml", "", "a/b.yaml", true),
            ("*.yaml", "/", "a/b.yaml", false),
            ("**.yaml", "/", "a/b.yaml", true),
            ("{a,b}/*", "/", "b/x", true),
            ("{a,b}/*", "/", "c/x", false),
            ("[a-c]?", "", "bz", true),
            ("[!a-c]?", "", "bz", false),
            ("[abc]", "", "c", true),
            ("a\\*", "", "a*", true),
            ("a\\*", "", "ab", false),
            ("{*.yml,{x,y}}", "", "y", true),
            ("", "", "", true),
            ("*", "/", "", true),
        ] {
            let separators: Vec<char> = separators.chars().collect();
            assert_eq!(Glob::new(pattern, &separators).unwrap().matches(text), want, "{pattern} {text}");
        }
        for bad in ["[", "{a", "a\\", "[]", "[z-a]"] {
            assert!(Glob::new(bad, &[]).is_none(), "{bad}");
        }
    }
}
