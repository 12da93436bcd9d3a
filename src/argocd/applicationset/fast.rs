//! The template language without `goTemplate`: `{{ name }}`, nothing else.
//!
//! Mirrors `Replace` of `applicationset/utils/utils.go` over `valyala/fasttemplate`: unknown names stay as they are
//! written, which is how a literal `{{name}}` ends up in an Application.

use super::Params;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text that stays, unknown tags included.
    Text(&'a str),
    /// A tag that names a parameter.
    Param {
        /// The parameter.
        name: &'a str,
        /// Bytes of the whole tag, braces included.
        len: usize,
    },
}

/// Splits a template. `Err` when a tag is not closed, in the words of fasttemplate.
pub(super) fn pieces<'a>(template: &'a str, params: &Params) -> Result<Vec<Piece<'a>>, String> {
    // Only strings with a whole tag on one line are looked at.
    let tagged = |line: &str| line.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"));
    if !template.split('\n').any(tagged) {
        return Ok(vec![Piece::Text(template)]);
    }
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once("{{") {
        let Some((tag, after)) = inner.split_once("}}") else {
            return Err(format!(
                "invalid template: cannot find end tag=\"}}}}\" in the template={} starting from {}",
                crate::yaml::go_quote(template),
                crate::yaml::go_quote(inner)
            ));
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let len = tag.len() + 4;
        let name = tag.trim();
        let known = !name.is_empty() && params.get(name).is_some_and(|value| value.as_str().is_some());
        pieces.push(if known {
            Piece::Param { name, len }
        } else {
            Piece::Text(rest.get(before.len()..before.len() + len).unwrap_or_default())
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Place;
    use crate::source::{Sources, Span};

    #[test]
    fn replaces_known_names_only() {
        let file = Sources::new().add("x", Vec::new());
        let place = Place::written(Span::start_of(file.id()));
        let mut params = Params::default();
        params.set("name", "shop", place);
        params.put("number", crate::yaml::Node::plain("1", place), place);
        let show = |template: &str| {
            pieces(template, &params).map(|pieces| {
                let text = |piece: &Piece<'_>| match piece {
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Param { name, len } => format!("<{name}:{len}>"),
                };
                pieces.iter().map(text).collect::<String>()
            })
        };
        for (template, want) in [
            ("{{name}}-x", "<name:8>-x"),
            ("{{ name }}", "<name:10>"),
            ("{{.name}}", "{{.name}}"),
            ("{{number}}", "{{number}}"),
            ("{{}}{{ }}", "{{}}{{ }}"),
            ("{{ other }}/{{name}}", "{{ other }}/<name:8>"),
            ("plain", "plain"),
            ("{{\nname\n}}", "{{\nname\n}}"),
            ("{{\nname\n}} {{name}}", "<name:10> <name:8>"),
            ("}} {{ {{name}} }}", "}} {{ {{name}} }}"),
        ] {
            assert_eq!(show(template).unwrap(), want);
        }
        assert!(show("{{name}} {{x").is_err());
    }
}
