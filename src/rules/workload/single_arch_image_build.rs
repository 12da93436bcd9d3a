//! `single-arch-image-build`: see the page.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::k8s::Image;
use crate::origin::Place;
use crate::repo::{Inventory, ObjectFacts};
use crate::rules::{Context, Rule, RuleMeta, images, meta, workloads};
use crate::source::{Span, is_script};

meta!(
    "single-arch-image-build",
    "workload",
    Note,
    Recommended,
    "0.1.0",
    "A script builds an image that is deployed here for one architecture only."
);

pub(crate) struct SingleArchImageBuild;

impl Rule for SingleArchImageBuild {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_repo(&self, inventory: &Inventory, cx: &mut Context<'_>) {
        let workspace = cx.workspace;
        let scripts: Vec<_> =
            workspace.tree.files().into_iter().filter(|path| is_script(path.file_name())).collect();
        let mut used = None;
        for path in scripts {
            let Ok(file) = workspace.tree.read(&path) else { continue };
            let text = file.text_or_empty();
            for build in builds(text) {
                let Ok(built) = Image::parse(&build.image) else { continue };
                let name = images::full_name(&built);
                let used = used.get_or_insert_with(|| used_images(inventory));
                let Some((object, place, field)) = used.get(&name).copied() else { continue };
                let message =
                    format!("`{name}` is built without `--platform`, for whatever machine runs the script");
                let object_ref = workloads::field_ref(inventory, object, field);
                let at = Span { file: file.id(), start: build.start as u32, end: build.end as u32 };
                cx.report_at(at, message)
                    .apps([object.app])
                    .object_ref(object_ref)
                    .related(place, "deployed here")
                    .help("name the platforms of the nodes: `docker buildx build --platform linux/amd64,linux/arm64`");
            }
        }
    }
}

/// By full name, the first object that uses an image, and where.
type Used<'a> = FxHashMap<String, (&'a ObjectFacts, Place, &'a str)>;

fn used_images(inventory: &Inventory) -> Used<'_> {
    let mut used = Used::default();
    for object in &inventory.objects {
        for (text, place, field) in object.pod.iter().flat_map(|pod| &pod.images) {
            if let Ok(image) = Image::parse(text) {
                used.entry(images::full_name(&image)).or_insert((object, *place, field));
            }
        }
    }
    used
}

/// A build command in a script.
struct Build {
    start: usize,
    end: usize,
    image: String,
}

/// The builds of a script that name no platform.
fn builds(text: &str) -> Vec<Build> {
    if text.contains("DOCKER_DEFAULT_PLATFORM") {
        return Vec::new();
    }
    let variables = variables(text);
    let mut found = Vec::new();
    let mut start = 0;
    let mut command = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if command.is_empty() {
            start = at;
        }
        at += line.len();
        let trimmed = line.trim_end();
        if let Some(begun) = trimmed.strip_suffix('\\') {
            command.push_str(begun);
            command.push(' ');
            continue;
        }
        command.push_str(trimmed);
        if let Some(image) = built(&command, &variables) {
            let first = text.get(start..at).unwrap_or_default();
            let blank = first.len() - first.trim_start().len();
            found.push(Build { start: start + blank, end: start + first.trim_end().len(), image });
        }
        command.clear();
    }
    found
}

/// The image that a command builds, when it names no platform.
fn built(command: &str, variables: &BTreeMap<&str, &str>) -> Option<String> {
    let command = command.trim_start().trim_start_matches(['@', '-']);
    let build = ["docker build ", "podman build ", "docker image build "];
    let starts = build.iter().any(|it| {
        command.starts_with(it) || command.strip_prefix("sudo ").is_some_and(|rest| rest.starts_with(it))
    });
    if !starts || command.contains("--platform") {
        return None;
    }
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let tag = match word {
            "-t" | "--tag" => words.next()?,
            _ => match word.strip_prefix("--tag=").or_else(|| word.strip_prefix("-t=")) {
                Some(tag) => tag,
                None => continue,
            },
        };
        let image = expand(tag.trim_matches(['"', '\'']), variables, 0);
        // The tag may stay unknown; the name may not.
        let after = image.rfind('/').map_or(0, |slash| slash + 1);
        let colon = image.get(after..)?.find(':').map(|colon| after + colon);
        let name = image.get(..colon.unwrap_or(image.len()))?;
        return (!name.contains(['$', '{', '(']) && !name.is_empty()).then(|| name.to_owned());
    }
    None
}

/// `NAME=value` of shell scripts, `NAME := value` of makefiles.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").or_else(|| line.strip_prefix("readonly ")).unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim_end_matches([':', '?']).trim();
        let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if good {
            found.insert(name, value.trim().trim_matches(['"', '\'']));
        }
    }
    found
}

/// Puts values in place of `$NAME`, `${NAME}`, `${NAME:-default}` and `$(NAME)`, where they are known.
fn expand(text: &str, variables: &BTreeMap<&str, &str>, depth: u32) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let close = match after.chars().next() {
            Some('{') => Some('}'),
            Some('(') => Some(')'),
            _ => None,
        };
        let (name, next) = match close {
            Some(close) => match after.get(1..).and_then(|inner| inner.split_once(close)) {
                Some(split) => split,
                None => ("", after),
            },
            None => after.split_at(
                after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count(),
            ),
        };
        let (plain, default) = match name.split_once(":-") {
            Some((plain, default)) => (plain, Some(default)),
            None => (name, None),
        };
        match variables.get(plain).copied().or(default).filter(|_| depth < 8) {
            Some(value) => out.push_str(&expand(value, variables, depth + 1)),
            None => out.push('$'),
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_builds() {
        for (text, want) in [
            ("docker build -t acme/shop:1 .\n", vec!["acme/shop"]),
            ("docker build --platform linux/amd64 -t acme/shop:1 .", vec![]),
            ("docker build \\\n  --platform linux/amd64 \\\n  -t acme/shop .", vec![]),
            (
                "USER=acme\nIMAGE=\"${USER}/shop:${1:-latest}\"\ndocker build -t \"$IMAGE\" .",
                vec!["acme/shop"],
            ),
            (
                "NAME := ghcr.io/acme/shop\nimage:\n\t@docker build . -t $(NAME):$(TAG)",
                vec!["ghcr.io/acme/shop"],
            ),
            ("docker build -t $UNKNOWN/shop .", vec![]),
            ("A=$B\nB=$A\ndocker build -t $A .", vec![]),
            ("docker build .", vec![]),
            ("docker build -t ${", vec![]),
            ("# docker build -t acme/shop .", vec![]),
        ] {
            let found: Vec<String> = builds(text).into_iter().map(|it| it.image).collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
