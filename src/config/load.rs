//! From files to a configuration.

use std::sync::Arc;

use crate::finding::{Problem, ProblemKind};
use crate::origin::Place;
use crate::source::SourceFile;
use crate::yaml::{Cache, Dialect, Node, YamlProblem, YamlProblemKind};

use super::decode::Decoder;
use super::extend::{self, Reader};
use super::{Config, KnownRule};

/// Reads a configuration file that extends no other one. What is wrong with it comes back as problems; the rest is used.
pub fn read(file: &Arc<SourceFile>, cache: &Cache, known: &[KnownRule]) -> (Config, Vec<Problem>) {
    load(Some(file), None, cache, known, &|_, _| Err("no other file can be read here".to_owned()))
}

/// Reads a configuration file with what it extends, on top of the user's own file. `read` reads the files that they name.
pub fn load(
    file: Option<&Arc<SourceFile>>,
    user: Option<&Arc<SourceFile>>,
    cache: &Cache,
    known: &[KnownRule],
    read: Reader<'_>,
) -> (Config, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut node = file.and_then(|file| extend::extended(file, cache, read, 0, &mut problems));
    if let Some(user) = user.and_then(|file| root(file, cache, &mut problems)) {
        node = Some(extend::over_user(user, node, &mut problems));
    }
    let Some(node) = node else { return (Config::default(), problems) };
    let mut decoder = Decoder { sources: Some(Arc::clone(cache.sources())), ..Decoder::default() };
    let config = Config::decode(&mut decoder, &node, known);
    problems.append(&mut decoder.problems);
    (config, problems)
}

/// The canonical root of a file; `None` when it says nothing.
pub(super) fn root(file: &Arc<SourceFile>, cache: &Cache, problems: &mut Vec<Problem>) -> Option<Node> {
    let stream = cache.stream(file);
    let broken = stream.problems.iter().filter(|problem| {
        !matches!(problem.kind, YamlProblemKind::DuplicateKey | YamlProblemKind::Tolerated)
    });
    let problem =
        |it: &YamlProblem| Problem::at(ProblemKind::Syntax, Place::written(it.at), it.message.clone());
    problems.extend(broken.map(problem));
    let mut root = stream.documents.iter().find_map(|document| document.root.as_ref())?.clone();
    if let Err(wrong) = root.canonicalize(Dialect::Sigs) {
        problems.push(problem(&wrong));
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use crate::finding::RuleId;
    use crate::source::Sources;

    use super::*;

    #[test]
    fn versions_and_words_mean_what_they_say() {
        let sources = Sources::new();
        let text = "kubernetes: 1.30\nclusters: [{ name: a, kubernetes: 1.20 }, { name: b, kubernetes: \"1.33\" }]\nrules: { one: on, two: off }\n";
        let file = sources.add(".gitops-lint.yaml", text.into());
        let (config, problems) = read(
            &file,
            &Cache::new(sources),
            &["one", "two"].map(|name| KnownRule { name: RuleId::built_in(name), options: &[] }),
        );
        assert_eq!(problems, []);
        let version = |text: &Option<super::super::Text>| text.as_ref().unwrap().value.to_string();
        assert_eq!(version(&config.kubernetes), "1.30");
        let of_clusters: Vec<String> = config.clusters.iter().map(|it| version(&it.kubernetes)).collect();
        assert_eq!(of_clusters, ["1.20", "1.33"]);
        use super::super::Level;
        assert_eq!(
            (config.rules["one"].level, config.rules["two"].level),
            (Some(Level::On), Some(Level::Off))
        );
    }
}
