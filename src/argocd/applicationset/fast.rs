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
    Param(&'a str),
}

/// Splits a template. `Err` when a tag is not closed: fasttemplate panics, Argo CD reports an invalid template.
pub(super) fn pieces<'a>(template: &'a str, params: &Params) -> Result<Vec<Piece<'a>>, String> {
    // Only strings with a whole tag on one line are looked at.
    let has_tag = template.lines().any(|line| line.find("{{").is_some_and(|at| line.get(at..).is_some_and(|it| it.contains("}}"))));
    if !has_tag {
        return Ok(vec![Piece::Text(template)]);
    }
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{") {
        let (before, tag) = rest.split_at(open);
        let inner = tag.get(2..).unwrap_or_default();
        let Some(close) = inner.find("}}") else {
            return Err(format!("invalid template: cannot find end tag=\"}}}}\" in the template={template:?}"));
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let name = inner.get(..close).unwrap_or_default();
        let known = params.get(name.trim()).is_some_and(|value| value.as_str().is_some());
        pieces.push(if known {
            Piece::Param(name.trim())
        } else {
            Piece::Text(tag.get(..close + 4).unwrap_or(tag))
        });
        rest = inner.get(close + 2..).unwrap_or_default();
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
        let show = |template: &str| {
            pieces(template, &params).map(|pieces| {
                let text = |piece: &Piece<'_>| match piece {
                    Piece::Text(text) => (*text).to_owned(),
                    Piece::Param(name) => format!("<{name}>"),
                };
                pieces.iter().map(text).collect::<String>()
            })
        };
        for (template, want) in [
            ("{{name}}-x", "<name>-x"),
            ("{{ name }}", "<name>"),
            ("{{.name}}", "{{.name}}"),
            ("{{ other }}/{{name}}", "{{ other }}/<name>"),
            ("plain", "plain"),
            ("{{\nname\n}}", "{{\nname\n}}"),
        ] {
            assert_eq!(show(template).unwrap(), want);
        }
        assert!(show("{{name}} {{x").is_err());
    }
}
