//! Whether a script is Lua as far as its blocks go: what opens must be closed. Argo CD runs the scripts of its settings with
//! gopher-lua (`util/lua`), which refuses the rest.
//!
//! Not a parser: expressions are not read, so a script that passes here may still be wrong.

use std::ops::Range;

/// What is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LuaFault {
    /// The bytes of the word that does not fit, or that nothing closes.
    pub at: Range<usize>,
    /// What is wrong, in a few words.
    pub message: String,
}

/// A word or bracket that opens something.
struct Open<'a> {
    word: &'a str,
    at: Range<usize>,
    /// Whether the `do` of a loop is still to come: it opens nothing of its own.
    loops: bool,
}

/// The first block of a script that is not closed, or is closed without being open.
pub fn lua_fault(text: &str) -> Option<LuaFault> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(token) = next(text, &mut at) {
        let token = match token {
            Ok(token) => token,
            Err(fault) => return Some(fault),
        };
        let word = text.get(token.clone()).unwrap_or_default();
        match word {
            "function" | "if" | "repeat" | "(" | "{" | "[" => {
                open.push(Open { word, at: token, loops: false });
            }
            "for" | "while" => open.push(Open { word, at: token, loops: true }),
            "do" => match open.last_mut() {
                Some(last) if last.loops => last.loops = false,
                _ => open.push(Open { word, at: token, loops: false }),
            },
            "end" | "until" | ")" | "}" | "]" => {
                let fits = |opened: &Open<'_>| match word {
                    "until" => opened.word == "repeat",
                    ")" => opened.word == "(",
                    "}" => opened.word == "{",
                    "]" => opened.word == "[",
                    _ => !matches!(opened.word, "repeat" | "(" | "{" | "[") && !opened.loops,
                };
                match open.pop() {
                    Some(opened) if fits(&opened) => {}
                    Some(opened) => {
                        let message = format!("`{word}` does not close `{}`", opened.word);
                        return Some(LuaFault { at: token, message });
                    }
                    None => {
                        return Some(LuaFault { at: token, message: format!("`{word}` closes nothing") });
                    }
                }
            }
            _ => {}
        }
    }
    let last = open.pop()?;
    Some(LuaFault { message: format!("nothing closes this `{}`", last.word), at: last.at })
}

/// The next word or bracket that counts; strings and comments are passed over. The error is one that has no end.
fn next(text: &str, at: &mut usize) -> Option<Result<Range<usize>, LuaFault>> {
    let bytes = text.as_bytes();
    loop {
        let byte = *bytes.get(*at)?;
        let start = *at;
        let rest = text.get(start..).unwrap_or_default();
        match byte {
            b'-' if rest.starts_with("--") => {
                *at = start + 2;
                match long_bracket(text, *at) {
                    Bracket::Ends(end) => *at = end,
                    Bracket::Open => return Some(Err(unended(start..start + 2, "comment"))),
                    Bracket::No => {
                        *at += rest.get(2..).unwrap_or_default().find('\n').unwrap_or(rest.len() - 2);
                    }
                }
            }
            b'[' => match long_bracket(text, start) {
                Bracket::Ends(end) => *at = end,
                Bracket::Open => return Some(Err(unended(start..start + 1, "string"))),
                Bracket::No => {
                    *at = start + 1;
                    return Some(Ok(start..start + 1));
                }
            },
            b'"' | b'\'' => match string_end(bytes, start) {
                Some(end) => *at = end,
                None => return Some(Err(unended(start..start + 1, "string"))),
            },
            b'(' | b')' | b'{' | b'}' | b']' => {
                *at = start + 1;
                return Some(Ok(start..start + 1));
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                let len = rest.bytes().take_while(|it| it.is_ascii_alphanumeric() || *it == b'_').count();
                *at = start + len;
                // `a.end` is no Lua either, but a field of an object may be reached with another word.
                return Some(Ok(start..start + len));
            }
            _ => *at = start + rest.chars().next().map_or(1, char::len_utf8),
        }
    }
}

fn unended(at: Range<usize>, what: &str) -> LuaFault {
    LuaFault { at, message: format!("nothing ends this {what}") }
}

/// A long bracket: `[[ ... ]]`, `[=[ ... ]=]`.
enum Bracket {
    /// None begins here.
    No,
    /// Nothing ends it.
    Open,
    /// It ends before this byte.
    Ends(usize),
}

/// The long bracket that begins at an offset.
fn long_bracket(text: &str, at: usize) -> Bracket {
    let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix('[')) else { return Bracket::No };
    let level = rest.bytes().take_while(|it| *it == b'=').count();
    let Some(body) = rest.get(level..).and_then(|rest| rest.strip_prefix('[')) else { return Bracket::No };
    let close = format!("]{}]", "=".repeat(level));
    let from = at + 2 + level;
    body.find(&close).map_or(Bracket::Open, |end| Bracket::Ends(from + end + close.len()))
}

/// Where a quoted string that begins at an offset ends; it cannot go on behind its line.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lua_fault;

    #[test]
    fn finds_what_is_not_closed() {
        for (text, want) in [
            ("hs = {}\nif obj.status ~= nil then\n  hs.status = \"Healthy\"\nend\nreturn hs\n", None),
            ("if a then\n  b()\nreturn hs\n", Some("nothing closes this `if`")),
            ("for i, c in ipairs(obj.status) do\n  if c then return c end\nend", None),
            ("while true do break end", None),
            ("do local a = 1 end", None),
            ("repeat a() until b", None),
            ("function f(a) return a end", None),
            ("local s = 'if' -- end\nreturn s", None),
            ("--[[ if\n]] return 1", None),
            ("s = [[ end ]]", None),
            ("if a then end end", Some("`end` closes nothing")),
            ("a = {1, 2", Some("nothing closes this `{`")),
            ("a = (1]", Some("`]` does not close `(`")),
            ("a = 'x", Some("nothing ends this string")),
            ("if a then b elseif c then d else e end", None),
            ("for i = 1, 2 do", Some("nothing closes this `for`")),
            ("a[b[1]] = {['x'] = 1}", None),
            ("", None),
            ("é = \"ü\"", None),
        ] {
            let fault = lua_fault(text);
            assert_eq!(fault.as_ref().map(|it| it.message.as_str()), want, "{text}");
        }
    }
}
