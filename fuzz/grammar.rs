//! Inputs that are made of sentences, where words in any order would be refused at the first: CEL, messages of an editor.

use super::random::Random;

const CEL_ATOMS: &[&str] = &[
    "self",
    "object.a",
    "oldSelf",
    "x",
    "y",
    "1",
    "-1",
    "0",
    "2u",
    "1.5",
    "1e308",
    "-9223372036854775808",
    "9223372036854775807",
    "'a'",
    "\"\\u00e4\"",
    "r'\\d+'",
    "b'\\xff'",
    "'''x'y'''",
    "''",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[1, 2, 3]",
    "{'a': 1, 'b': [2]}",
    "['b', 'a']",
    "duration('1h30m')",
    "timestamp('2024-02-29T12:00:00Z')",
    "quantity('1Gi')",
    "quantity('1.5')",
    "ip('10.0.0.1')",
    "ip('::1')",
    "cidr('10.0.0.0/8')",
    "url('https://a.example:80/x%20y?k=v')",
    "semver('1.2.3-rc.1')",
    "optional.none()",
    "optional.of(1)",
    "format.dns1123Label()",
    "lists.range(9)",
    "'1Gi'",
    "'%s %d %.2f %x'",
    "'a-b-c'",
    "'é😀'",
    "int",
    "type(1)",
    "self.list",
    "self.map",
    "self.text",
    "self.number",
    "self.?list",
    "self.map[?'a']",
    "self.list[0]",
    "variables.v",
    "authorizer",
    "request.operation",
    "params",
];

const CEL_BINARY: &[&str] = &[
    " + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " <= ", " > ", " >= ", " && ", " || ", " in ",
];

const CEL_METHODS: &[&str] = &[
    ".size()",
    ".all(x, A)",
    ".exists(x, A)",
    ".exists_one(y, A)",
    ".map(x, A)",
    ".map(x, A, A)",
    ".filter(x, A)",
    ".all(x, y, A)",
    ".transformList(x, y, A)",
    ".transformMap(x, y, A)",
    ".transformMapEntry(x, y, {A: A})",
    ".contains(A)",
    ".startsWith(A)",
    ".endsWith(A)",
    ".matches(A)",
    ".find(A)",
    ".findAll(A)",
    ".findAll(A, A)",
    ".split(A)",
    ".split(A, A)",
    ".join(A)",
    ".join()",
    ".replace(A, A)",
    ".replace(A, A, A)",
    ".substring(A)",
    ".substring(A, A)",
    ".indexOf(A)",
    ".indexOf(A, A)",
    ".lastIndexOf(A)",
    ".lastIndexOf(A, A)",
    ".charAt(A)",
    ".lowerAscii()",
    ".upperAscii()",
    ".trim()",
    ".reverse()",
    ".format([A, A])",
    ".format(A)",
    ".a",
    ".?a",
    "[A]",
    "[?A]",
    ".orValue(A)",
    ".or(A)",
    ".value()",
    ".hasValue()",
    ".optMap(x, A)",
    ".optFlatMap(x, A)",
    ".sum()",
    ".min()",
    ".max()",
    ".isSorted()",
    ".sort()",
    ".sortBy(x, A)",
    ".distinct()",
    ".slice(A, A)",
    ".flatten()",
    ".flatten(A)",
    ".first()",
    ".last()",
    ".add(A)",
    ".sub(A)",
    ".compareTo(A)",
    ".isGreaterThan(A)",
    ".isLessThan(A)",
    ".asInteger()",
    ".isInteger()",
    ".asApproximateFloat()",
    ".sign()",
    ".family()",
    ".containsIP(A)",
    ".containsCIDR(A)",
    ".masked()",
    ".prefixLength()",
    ".ip()",
    ".isLoopback()",
    ".getHost()",
    ".getHostname()",
    ".getPort()",
    ".getQuery()",
    ".getEscapedPath()",
    ".getScheme()",
    ".major()",
    ".minor()",
    ".validate(A)",
    ".getSeconds()",
    ".getHours()",
    ".getMinutes()",
    ".getFullYear()",
    ".getDayOfWeek('Z')",
    ".getDayOfYear()",
    ".getMonth('+02:00')",
    ".getMilliseconds()",
    ".encode()",
    ".group('x').check(A)",
];

const CEL_CALLS: &[&str] = &[
    "size(A)",
    "has(self.a)",
    "has(A.b)",
    "string(A)",
    "int(A)",
    "uint(A)",
    "double(A)",
    "bytes(A)",
    "bool(A)",
    "dyn(A)",
    "type(A)",
    "duration(A)",
    "timestamp(A)",
    "quantity(A)",
    "isQuantity(A)",
    "ip(A)",
    "isIP(A)",
    "ip.isCanonical(A)",
    "cidr(A)",
    "isCIDR(A)",
    "url(A)",
    "isURL(A)",
    "semver(A)",
    "semver(A, true)",
    "isSemver(A)",
    "sets.contains(A, A)",
    "sets.equivalent(A, A)",
    "sets.intersects(A, A)",
    "math.greatest(A, A)",
    "math.least([A])",
    "math.abs(A)",
    "math.ceil(A)",
    "math.round(A)",
    "math.bitShiftLeft(A, A)",
    "math.bitXor(A, A)",
    "lists.range(A)",
    "cel.bind(x, A, A)",
    "cel.block([A], A)",
    "optional.of(A)",
    "optional.ofNonZeroValue(A)",
    "base64.encode(A)",
    "base64.decode(A)",
    "strings.quote(A)",
    "format.named(A)",
    "regex.extract(A, A)",
    "regex.replace(A, A, A)",
    "regex.extractAll(A, A)",
    "matches(A, A)",
    "charAt(A)",
    "min(A, A)",
    "frob(A)",
    "!A",
    "-A",
    "(A)",
    "[A, A]",
    "[?A]",
    "{A: A}",
    "{?A: A}",
    "A ? A : A",
    "T{a: A}",
];

/// An expression in which most sub-expressions are of a type that fits now and then.
pub(super) fn cel(random: &Random) -> String {
    let mut out = String::new();
    let mut room = 4 + random.below(28);
    expression(random, &mut room, &mut out);
    out
}

fn expression(random: &Random, room: &mut usize, out: &mut String) {
    *room = room.saturating_sub(1);
    if *room == 0 || random.below(4) == 0 {
        return out.push_str(random.pick(CEL_ATOMS));
    }
    match random.below(3) {
        0 => {
            expression(random, room, out);
            out.push_str(random.pick(CEL_BINARY));
            expression(random, room, out);
        }
        1 => {
            expression(random, room, out);
            fill(random, random.pick(CEL_METHODS), room, out);
        }
        _ => fill(random, random.pick(CEL_CALLS), room, out),
    }
}

/// The form, with an expression for each `A`.
fn fill(random: &Random, form: &str, room: &mut usize, out: &mut String) {
    for (at, part) in form.split('A').enumerate() {
        if at > 0 {
            expression(random, room, out);
        }
        out.push_str(part);
    }
}

const METHODS: &[&str] = &[
    "initialize",
    "initialized",
    "textDocument/didOpen",
    "textDocument/didChange",
    "textDocument/didChange",
    "textDocument/didChange",
    "textDocument/didSave",
    "textDocument/didClose",
    "workspace/didChangeWatchedFiles",
    "textDocument/hover",
    "textDocument/definition",
    "textDocument/references",
    "textDocument/completion",
    "textDocument/documentLink",
    "textDocument/codeAction",
    "$/cancelRequest",
    "shutdown",
    "exit",
    "nonsense",
];

const URIS: &[&str] = &[
    "file:///r/a.yaml",
    "file:///r/k/x.yaml",
    "file:///r/k/kustomization.yaml",
    "file:///r/c/values.yaml",
    "file:///r/c/templates/t.yaml",
    "file:///r/.gitops-lint.yaml",
    "file:///r/none.yaml",
    "file:///r/../x",
    "file:///r/%zz",
    "file:///r/a%2fb",
    "untitled:1",
    "",
    "file:///",
    "é",
];

const TEXTS: &[&str] = &[
    "",
    "\n",
    "a: ",
    "- ",
    "kind: ",
    "{{ .Values.",
    "}}",
    "😀",
    "é",
    "\r\n",
    "\u{1}",
    "  ",
    "image: nginx:latest",
    "replicas: 1",
    "x",
    "---\n",
    "# gitops-lint: ignore[",
    "resources: [x.yaml]\n",
    "namePrefix: a\n",
    "name: ",
    "\u{2028}",
    "apiVersion: v1\n",
];

/// Messages as an editor would send them, one a line, mostly in a sensible order; some are no messages.
pub(super) fn messages(random: &Random) -> String {
    use std::fmt::Write as _;

    let mut out = String::new();
    if random.below(8) > 0 {
        out.push_str("{\"id\":0,\"method\":\"initialize\",\"params\":{\"rootUri\":\"file:///r\"}}\n{\"method\":\"initialized\"}\n");
    }
    for id in 1..2 + random.below(10) {
        if random.below(30) == 0 {
            out.push_str(random.pick(&[
                "nonsense\n",
                "{}\n",
                "[]\n",
                "{\"id\":null,\"method\":1}\n",
                "{\"id\":{},\"method\":\"exit\"}\n",
                "\"x\"\n",
            ]));
            continue;
        }
        let method = random.pick(METHODS);
        let number = |random: &Random| match random.below(12) {
            0 => "4294967295".to_owned(),
            1 => "18446744073709551615".to_owned(),
            2 => "-1".to_owned(),
            3 => "1.5".to_owned(),
            4 => "null".to_owned(),
            _ => random.below(24).to_string(),
        };
        let position =
            |random: &Random| format!("{{\"line\":{},\"character\":{}}}", number(random), number(random));
        let range =
            |random: &Random| format!("{{\"start\":{},\"end\":{}}}", position(random), position(random));
        let text = |random: &Random| {
            let text: String = (0..random.below(5)).map(|_| random.pick(TEXTS)).collect();
            serde_json::Value::from(text).to_string()
        };
        let uri = if random.below(4) == 0 { random.pick(URIS) } else { random.pick(&URIS[..6]) };
        let document = format!(
            "\"textDocument\":{{\"uri\":{},\"version\":{id},\"text\":{}}}",
            serde_json::Value::from(uri),
            text(random)
        );
        let change = match random.below(4) {
            0 => format!("{{\"text\":{}}}", text(random)),
            1 => format!(
                "{{\"range\":{},\"rangeLength\":{},\"text\":{}}}",
                range(random),
                number(random),
                text(random)
            ),
            _ => format!("{{\"range\":{},\"text\":{}}}", range(random), text(random)),
        };
        let rest = match random.below(3) {
            0 => String::new(),
            1 => format!(",\"contentChanges\":[{change},{change}]"),
            _ => format!(
                ",\"contentChanges\":[{change}],\"changes\":[{{\"uri\":{}}}],\"id\":{id}",
                serde_json::Value::from(uri)
            ),
        };
        let asked = if method.starts_with("textDocument/did") && random.below(9) > 0 || method == "exit" {
            String::new()
        } else {
            format!("\"id\":{id},")
        };
        let _ = writeln!(
            out,
            "{{{asked}\"method\":\"{method}\",\"params\":{{{document},\"position\":{},\"range\":{}{rest}}}}}",
            position(random),
            range(random)
        );
    }
    out
}
