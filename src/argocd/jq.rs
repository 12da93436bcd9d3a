//! Whether gojq would compile a path expression: `jqPathExpressions` of `ignoreDifferences`.
//!
//! Argo CD compiles `del(EXPRESSION)`, and refuses the whole comparison when that fails. This is no jq: it reads
//! tokens, brackets and names, and speaks only of what is certainly wrong.

/// Functions of jq that gojq knows without an import; names that are not here and are not defined in the expression
/// do not exist.
const FUNCTIONS: &[&str] = &[
    "abs",
    "add",
    "all",
    "any",
    "arrays",
    "ascii",
    "ascii_downcase",
    "ascii_upcase",
    "booleans",
    "bsearch",
    "capture",
    "ceil",
    "combinations",
    "contains",
    "debug",
    "del",
    "delpaths",
    "empty",
    "endswith",
    "env",
    "error",
    "explode",
    "finites",
    "first",
    "flatten",
    "floor",
    "format",
    "from_entries",
    "fromjson",
    "getpath",
    "group_by",
    "gsub",
    "has",
    "implode",
    "in",
    "index",
    "indices",
    "inside",
    "isempty",
    "isinfinite",
    "isnan",
    "isnormal",
    "isvalid",
    "iterables",
    "join",
    "keys",
    "keys_unsorted",
    "last",
    "length",
    "limit",
    "ltrimstr",
    "map",
    "map_values",
    "match",
    "max",
    "max_by",
    "min",
    "min_by",
    "normals",
    "not",
    "now",
    "nth",
    "nulls",
    "numbers",
    "objects",
    "path",
    "paths",
    "pick",
    "pow",
    "range",
    "recurse",
    "repeat",
    "reverse",
    "rindex",
    "round",
    "rtrimstr",
    "scalars",
    "scan",
    "select",
    "setpath",
    "skip",
    "sort",
    "sort_by",
    "split",
    "splits",
    "sqrt",
    "startswith",
    "strings",
    "sub",
    "test",
    "to_entries",
    "todate",
    "tojson",
    "tonumber",
    "tostring",
    "transpose",
    "trim",
    "ltrim",
    "rtrim",
    "type",
    "unique",
    "unique_by",
    "until",
    "utf8bytelength",
    "values",
    "walk",
    "while",
    "with_entries",
    "input",
    "inputs",
    "leaf_paths",
    "tostream",
    "fromstream",
    "truncate_stream",
    "ascii_downcase",
    "halt",
    "infinite",
    "nan",
    "true",
    "false",
    "null",
    "and",
    "or",
    "if",
    "then",
    "elif",
    "else",
    "end",
    "as",
    "def",
    "reduce",
    "foreach",
    "try",
    "catch",
    "label",
    "import",
    "include",
    "__loc__",
    "fromdate",
    "mktime",
    "gmtime",
    "strftime",
    "strptime",
    "splits",
    "getpath",
    "error",
    "tojson",
    "ascii",
    "limit",
    "have_literal_numbers",
    "toarray",
    "input_filename",
    "date",
    "dateadd",
    "datesub",
    "localtime",
    "strflocaltime",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "trunc",
    "fabs",
    "cbrt",
    "splits",
    "getpath",
    "group_by",
    "have_decnum",
    "ltrimstr",
    "halt_error",
    "get_search_list",
    "log",
    "log2",
    "log10",
    "exp",
    "exp2",
    "exp10",
    "ltrimstr",
    "trimstr",
    "input_line_number",
    "significand",
    "builtins",
];

/// What is certainly wrong with an expression, and perhaps what to write instead.
pub fn jq_problem(expression: &str) -> Option<(String, Option<String>)> {
    let text = expression.trim();
    if text.is_empty() {
        return Some(("the expression is empty".to_owned(), None));
    }
    if text.starts_with('/') {
        let path = text.trim_matches('/').replace("~1", "/");
        let simple =
            path.split('/').all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        let help =
            simple.then(|| format!("write `.{}`, or move it to `jsonPointers`", path.replace('/', ".")));
        return Some(("it begins with `/`: this is a JSON pointer".to_owned(), help));
    }
    let mut brackets: Vec<char> = Vec::new();
    let mut defines = false;
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let mut closed = false;
                while let Some((_, c)) = chars.next() {
                    match c {
                        // Interpolation nests: what is in it is not looked at.
                        '\\' if chars.next().is_some_and(|(_, c)| c == '(') => return None,
                        '"' => {
                            closed = true;
                            break;
                        }
                        _ => {}
                    }
                }
                if !closed {
                    return Some(("a string is not closed".to_owned(), None));
                }
            }
            '\'' => {
                return Some(("`'` begins no string in jq".to_owned(), Some("use double quotes".to_owned())));
            }
            '#' => return None,
            '(' | '[' | '{' => brackets.push(c),
            ')' | ']' | '}' => {
                let open = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if brackets.pop() != Some(open) {
                    return Some((format!("`{c}` closes nothing"), None));
                }
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let rest = text.get(at..).unwrap_or_default();
                let len =
                    rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
                let name = rest.get(..len).unwrap_or_default();
                for _ in 1..len {
                    chars.next();
                }
                defines |= matches!(name, "def" | "import" | "include");
                let after = text.get(at + len..).unwrap_or_default().trim_start();
                let is_key = after.starts_with(':') || brackets.last() == Some(&'{');
                if !matches!(before, '.' | '$' | '@' | ':')
                    && !is_key
                    && !defines
                    && !FUNCTIONS.contains(&name)
                {
                    let help = (at == 0).then(|| format!("write `.{text}`"));
                    return Some((format!("there is no function `{name}`"), help));
                }
                before = 'a';
                continue;
            }
            _ => {}
        }
        // Digits belong to the name or number before them.
        if !c.is_whitespace() {
            before = c;
        }
    }
    match brackets.pop() {
        Some(open) => Some((format!("`{open}` is not closed"), None)),
        None => ends_open(text),
    }
}

/// Whether an expression ends where more must come.
fn ends_open(text: &str) -> Option<(String, Option<String>)> {
    let last = text.chars().next_back()?;
    let dangling = matches!(last, '|' | ',' | '=' | '+' | '*')
        || (last == '.' && text.len() > 1 && !text.ends_with(".."));
    dangling.then(|| (format!("something is missing after the last `{last}`"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_of_what_is_certainly_wrong() {
        for right in [
            ".spec.replicas",
            ".spec.template.spec.containers[] | select(.name == \"istio-proxy\")",
            ".webhooks[]?.clientConfig.caBundle",
            ".metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]",
            ".spec.versions[] | select(.name == \"v1\").schema",
            ".. | select(type == \"object\")",
            ".",
            ".status, .spec.a",
            ".spec.template.spec.initContainers[]?",
            ".metadata.labels | keys | map(select(startswith(\"x\")))",
            "def f: .a; f",
            ".a | if .b then .c else empty end",
            ".data | to_entries | map({key, value: .value})",
            ".spec.a2b",
            ".\"foo\".bar",
            ".spec.env[] | select(.name | test(\"^X_\"; \"i\"))",
        ] {
            assert_eq!(jq_problem(right), None, "{right}");
        }
        for (wrong, want) in [
            ("", "the expression is empty"),
            ("/spec/replicas", "it begins with `/`: this is a JSON pointer"),
            ("spec.replicas", "there is no function `spec`"),
            (".spec.containers[", "`[` is not closed"),
            (".spec.a]", "`]` closes nothing"),
            (".a | select(.b == 'c')", "`'` begins no string in jq"),
            (".a | select(.b == \"c)", "a string is not closed"),
            (".a |", "something is missing after the last `|`"),
            (".spec.", "something is missing after the last `.`"),
            (".a | selct(.b)", "there is no function `selct`"),
        ] {
            assert_eq!(jq_problem(wrong).map(|(message, _)| message).as_deref(), Some(want), "{wrong}");
        }
    }
}
