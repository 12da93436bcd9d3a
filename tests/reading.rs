//! What findings look like: order, formats, filters, width, colours. Screens are kept under `fixtures/screens`, each with
//! its command line as the first line; `UPDATE=1` rewrites them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cli::{
    CRON, KUSTOMIZATION, code, command, cron_repo, demo, demo_totals, findings, git, json, run_in, scratch,
    text, text_of, write,
};

/// The directory of the kept screens.
fn screens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/screens")
}

/// A repository with a great many findings: a broken schedule and an image without a tag, so many times.
fn many(number: usize) -> tempfile::TempDir {
    let repo = scratch(&[]);
    for at in 0..number {
        let cron = CRON.replace("report:1.2.3", "report");
        write(repo.path(), &format!("jobs/job{at:02}/cron.yaml"), &cron);
        write(repo.path(), &format!("jobs/job{at:02}/kustomization.yaml"), KUSTOMIZATION);
    }
    repo
}

/// The demo as a repository of its own: which remotes and branches the checkout around it has must not show.
fn lone_demo() -> tempfile::TempDir {
    let repo = scratch(&[]);
    for entry in walkdir::WalkDir::new(demo()).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(demo()).unwrap().to_str().unwrap().to_owned();
            write(repo.path(), &path, &std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    git(repo.path(), &["init", "-q"]);
    git(repo.path(), &["add", "."]);
    git(repo.path(), &["commit", "-q", "-m", "demo"]);
    repo
}

#[test]
fn screens_are_as_kept() {
    let repo = many(12);
    let alone = lone_demo();
    let demo = || alone.path().to_owned();
    let mut wrong = Vec::new();
    for (name, dir, args, variables) in [
        ("pretty-80", demo(), vec![], vec![("COLUMNS", "80")]),
        ("pretty-120", demo(), vec![], vec![("COLUMNS", "120")]),
        ("pretty-80-color", demo(), vec![], vec![("COLUMNS", "80"), ("FORCE_COLOR", "1")]),
        ("pretty-80-ascii", demo(), vec![], vec![("COLUMNS", "80"), ("LANG", "C")]),
        ("grouped-80", demo(), vec!["--format", "grouped"], vec![("COLUMNS", "80")]),
        (
            "grouped-120-color",
            demo(),
            vec!["--format", "grouped", "--color", "always"],
            vec![("COLUMNS", "120")],
        ),
        ("concise", demo(), vec!["--format", "concise"], vec![]),
        ("statistics-80", demo(), vec!["--statistics"], vec![("COLUMNS", "80")]),
        (
            "many-80",
            repo.path().to_owned(),
            vec!["--preset", "strict", "--limit", "3"],
            vec![("COLUMNS", "80")],
        ),
    ] {
        let mut run = command(&dir, &args);
        run.envs(variables.iter().copied());
        let shown = text(&run.output().unwrap().stdout);
        let variables: Vec<String> =
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = [
            &variables[..],
            &["gitops-lint".to_owned()],
            &args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
        ]
        .concat()
        .join(" ");
        let screen = format!("$ {line}\n{shown}");
        let path = screens().join(format!("{name}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &screen).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        if kept != screen {
            let diff = similar::TextDiff::from_lines(&kept, &screen);
            wrong.push(diff.unified_diff().header(name, "printed").to_string());
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 if this is better:\n{}", wrong.join("\n"));
}

/// Headlines, help and lists fit the width, and every word of the wide screen is whole on the narrow one.
#[test]
fn words_wrap_and_never_break() {
    let words = |columns: &str| -> Vec<String> {
        let output = command(&demo(), &["-q"]).env("COLUMNS", columns).output().unwrap();
        let shown = text(&output.stdout);
        let prose = shown.lines().filter(|line| !line.contains(['│', '╭', '╰', '·']));
        let lines: Vec<&str> = prose.collect();
        if columns == "80" {
            for line in lines.iter().filter(|line| line.chars().count() > 80) {
                assert!(line.split_whitespace().any(|word| word.chars().count() > 40), "{line}");
            }
        }
        lines.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect()
    };
    assert_eq!(words("80"), words("160"));
}

#[test]
fn the_worst_comes_first_then_the_file() {
    let report = json(&demo(), &["--preset", "strict"]);
    let keys: Vec<(usize, String, u64)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let severity = ["error", "warning", "note"].iter().position(|word| it["severity"] == *word);
            (severity.unwrap(), it["file"].as_str().unwrap().to_owned(), it["line"].as_u64().unwrap())
        })
        .collect();
    assert!(keys.is_sorted() && keys.first().unwrap().0 < keys.last().unwrap().0, "{keys:?}");
}

#[test]
fn a_line_per_finding() {
    let output = run_in(&demo(), &["--format", "concise"]);
    let shown = text(&output.stdout);
    let (errors, warnings, totals) = demo_totals();
    assert_eq!(shown.lines().count(), errors + warnings);
    for line in shown.lines() {
        let mut parts = line.splitn(4, ':');
        assert!(demo().join(parts.next().unwrap()).is_file(), "{line}");
        assert!(
            parts.next().unwrap().parse::<u32>().is_ok() && parts.next().unwrap().parse::<u32>().is_ok(),
            "{line}"
        );
        let rest = parts.next().unwrap();
        assert!(rest.starts_with(" error[") || rest.starts_with(" warning["), "{line}");
    }
    assert!(text(&output.stderr).contains(&totals), "{}", text(&output.stderr));
}

#[test]
fn only_what_is_asked_for() {
    let dir = demo();
    let rules = |args: &[&str]| -> BTreeSet<String> {
        findings(&json(&dir, args)).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let all = rules(&[]);
    let first = all.first().unwrap().clone();
    assert_eq!(rules(&["--select", &first]), BTreeSet::from([first.clone()]));
    let two = all.iter().take(2).cloned().collect::<Vec<_>>().join(",");
    assert_eq!(rules(&["--select", &two]).len(), 2);
    assert!(!rules(&["--ignore", &first]).contains(&first));
    let helm = rules(&["--select", "helm"]);
    assert!(helm.contains("empty-override") && !helm.contains("duplicate-resource-ownership"), "{helm:?}");
    assert!(!rules(&["--ignore", "helm"]).contains("empty-override"));
    // A rule that is named runs although its preset does not, and although the configuration has switched it off.
    let repo = cron_repo();
    write(repo.path(), ".gitops-lint.yaml", "rules: { invalid-cron-schedule: off }\n");
    assert!(findings(&json(repo.path(), &[])).is_empty());
    assert_eq!(findings(&json(repo.path(), &["--select", "invalid-cron-schedule"])).len(), 1);
    let output = run_in(&dir, &["--select", "helmm"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("no rule `helmm`"));

    let report = json(&dir, &["--min-severity", "error"]);
    let (errors, warnings, _) = demo_totals();
    assert_eq!(report["findings"].as_array().unwrap().len(), errors);
    assert_eq!(report["summary"]["lessSevere"], warnings);
    let report = json(&dir, &["--app", "agents-*"]);
    let shown = report["findings"].as_array().unwrap();
    assert!(!shown.is_empty() && report["summary"]["otherApps"].as_u64().unwrap() > 0);
    for finding in shown {
        let apps = finding["apps"].as_array().unwrap();
        assert!(apps.iter().any(|app| app.as_str().unwrap().starts_with("agents-")), "{finding}");
    }
    let unknown = run_in(&dir, &["--app", "agents-dve"]);
    assert_eq!(unknown.status.code(), Some(2));
    let words = text(&unknown.stderr);
    assert!(words.contains("there is no app `agents-dve`: did you mean `agents-dev`?"), "{words}");
    let said = text(&run_in(&dir, &["--app", "agents-*"]).stdout);
    assert!(said.contains("of other apps"), "{said}");
}

#[test]
fn a_limit_counts_the_rest_and_a_table_sums_up() {
    let repo = many(12);
    let args = ["--preset", "strict", "--limit", "2"];
    let all = json(repo.path(), &["--preset", "strict"])["findings"].as_array().unwrap().len();
    assert!(all > 20, "{all}");
    let output = run_in(repo.path(), &args);
    let shown = text(&output.stdout);
    assert!(shown.contains(&format!("and {} more", all - 2)), "{shown}");
    assert!(
        shown.contains("findings by rule") && shown.contains("12  error    invalid-cron-schedule"),
        "{shown}"
    );
    assert_eq!(shown.matches("╭─[").count(), 2, "{shown}");
    for format in ["concise", "grouped"] {
        let shown = text(&run_in(repo.path(), &[&args[..], &["--format", format]].concat()).stdout);
        assert!(shown.contains(&format!("and {} more", all - 2)), "{shown}");
    }
    let report = json(repo.path(), &args);
    assert_eq!(report["findings"].as_array().unwrap().len(), all, "machines get all of it");
    assert!(!text(&run_in(&demo(), &[]).stdout).contains("findings by rule"), "few need no table");
}

#[test]
fn statistics_count() {
    let shown = text(&run_in(&demo(), &["--statistics"]).stdout);
    let (errors, warnings, totals) = demo_totals();
    for words in [format!("  {errors}  error"), format!("  {warnings}  warning"), totals] {
        assert!(shown.contains(&words), "{words}\n{shown}");
    }
    assert!(
        shown.contains("findings by rule") && shown.contains("findings by app") && !shown.contains("╭─["),
        "{shown}"
    );
    let report = json(&demo(), &["--statistics"]);
    assert_eq!(report["statistics"]["severities"]["error"], errors);
    let rules = report["statistics"]["rules"].as_array().unwrap();
    let sum: u64 = rules.iter().map(|rule| rule["findings"].as_u64().unwrap()).sum();
    assert_eq!(sum as usize, errors + warnings);
    assert!(!report["statistics"]["apps"].as_array().unwrap().is_empty());
    assert!(json(&demo(), &[])["statistics"].is_null());
}

#[test]
fn colours_and_characters_follow_flags_and_environment() {
    let repo = cron_repo();
    let shown = |args: &[&str], variables: &[(&str, &str)]| {
        text(&command(repo.path(), args).envs(variables.iter().copied()).output().unwrap().stdout)
    };
    let colored = |args: &[&str], variables: &[(&str, &str)]| shown(args, variables).contains('\u{1b}');
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]), "the flag wins");
    assert!(!colored(&["--color", "never"], &[("FORCE_COLOR", "1")]));
    assert!(colored(&[], &[("FORCE_COLOR", "1")]) && colored(&["--color=auto"], &[("FORCE_COLOR", "3")]));
    assert!(!colored(&[], &[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    for variables in [[("LANG", "C")], [("LC_ALL", "POSIX")], [("TERM", "dumb")]] {
        let shown = shown(&["--color", "always"], &variables);
        assert!(shown.is_ascii(), "{variables:?}\n{shown}");
    }
    for variables in [vec![], vec![("LANG", "C.UTF-8")], vec![("LANG", "C"), ("LC_ALL", "de_DE.UTF-8")]] {
        assert!(shown(&[], &variables).contains('╭'), "{variables:?}");
    }
}

#[test]
fn one_stream_takes_one_format() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("reports/new");
    let output = run_in(&demo(), &["--format", "json", "--format", "pretty"]);
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("`json` and `pretty` would both go to standard output"), "{said}");
    let same = format!("={}", dir.path().join("x").display());
    let output = run_in(&demo(), &["--format", &format!("json{same}"), "--format", &format!("sarif{same}")]);
    assert!(code(&output) == 2 && text(&output.stderr).contains("would both be written to"));
    // A directory takes what machines read; what speaks to the log of a run stays there.
    let shown = out.display().to_string();
    let formats = ["json", "sarif", "gitlab", "junit", "checkstyle", "markdown", "rdjson"];
    let mut args = vec!["--output", &shown];
    for format in formats {
        args.extend(["--format", format]);
    }
    let output = run_in(&demo(), &args);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains(&demo_totals().2), "the screen is pretty");
    let mut names: Vec<String> =
        std::fs::read_dir(&out).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "gitops-lint.checkstyle.xml",
            "gitops-lint.json",
            "gitops-lint.junit.xml",
            "gitops-lint.md",
            "gitops-lint.rdjson",
            "gitops-lint.sarif",
            "gl-code-quality-report.json"
        ]
    );
    args.extend(["--format", "github"]);
    let output = run_in(&demo(), &args);
    assert!(text(&output.stdout).starts_with("::error"), "{}", text(&output.stdout));
}

#[test]
fn a_run_tells_what_it_spends_its_time_on() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("profile.json");
    let output = run_in(&demo(), &["-v", "--profile", &file.display().to_string()]);
    let said = text(&output.stderr);
    assert!(
        said.contains("timings:")
            && said.contains("rendering and checking apps")
            && said.contains("finished in"),
        "{said}"
    );
    assert!(!text(&run_in(&demo(), &[]).stderr).contains("timings:"));
    let profile: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(profile["apps"].as_array().unwrap().len(), 9);
    let phases = profile["phases"].as_array().unwrap();
    assert!(
        phases.len() >= 5 && phases.iter().all(|phase| phase["milliseconds"].as_f64().unwrap() >= 0.0),
        "{profile:#}"
    );
    let sum: f64 = phases.iter().map(|phase| phase["milliseconds"].as_f64().unwrap()).sum();
    assert!(sum <= profile["total"].as_f64().unwrap(), "{profile:#}");
}

/// A finding whose words mean something to every format.
fn hostile() -> tempfile::TempDir {
    scratch(&[
        ("a;b]'|/cron.yaml", &CRON.replace("0 25 * * *", "<b> & ' | [x] ; ] %0A")),
        ("a;b]'|/kustomization.yaml", KUSTOMIZATION),
    ])
}

#[test]
fn logs_of_azure_and_teamcity_keep_their_shape() {
    let repo = hostile();
    let only = ["--select", "invalid-cron-schedule"];
    let azure = text(&run_in(repo.path(), &[&only[..], &["--format", "azure"]].concat()).stdout);
    let (properties, message) = azure.trim_end().split_once(']').unwrap();
    assert!(
        properties
            .starts_with("##vso[task.logissue type=error;sourcepath=a%3Bb%5D'|/cron.yaml;linenumber=6;"),
        "{azure}"
    );
    assert!(properties.ends_with(";code=invalid-cron-schedule") && message.contains("%AZP250A"), "{azure}");
    let teamcity = text(&run_in(repo.path(), &[&only[..], &["--format", "teamcity"]].concat()).stdout);
    let lines: Vec<&str> = teamcity.lines().collect();
    assert_eq!(lines.len(), 2, "{teamcity}");
    assert!(lines[0].starts_with("##teamcity[inspectionType id='invalid-cron-schedule' "), "{teamcity}");
    assert!(lines[1].contains("file='a;b|]|'||/cron.yaml' line='6' SEVERITY='ERROR']"), "{teamcity}");
    // Notes are no warnings: Azure gets a plain line.
    let note = ["--rule", "invalid-cron-schedule=note", "--format", "azure"];
    let azure = text(&run_in(repo.path(), &note).stdout);
    assert!(azure.starts_with("a;b]'|/cron.yaml:6:"), "{azure}");
}

#[test]
fn rdjson_counts_bytes() {
    let repo = scratch(&[
        ("cron.yaml", &CRON.replace("  schedule: \"0 25", "  \"schedule\": \"ä 25")),
        ("kustomization.yaml", KUSTOMIZATION),
    ]);
    let output = run_in(repo.path(), &["--format", "rdjson"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["source"]["name"], "gitops-lint");
    let diagnostic = &report["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "ERROR");
    assert_eq!(diagnostic["code"]["value"], "invalid-cron-schedule");
    let range = &diagnostic["location"]["range"];
    let width = range["end"]["column"].as_u64().unwrap() - range["start"]["column"].as_u64().unwrap();
    let scalars = json(repo.path(), &[])["findings"][0].clone();
    let seen = scalars["endColumn"].as_u64().unwrap() - scalars["column"].as_u64().unwrap();
    assert_eq!(width, seen + 1, "one letter has two bytes");
}

#[test]
fn checkstyle_names_every_file_once() {
    let repo = hostile();
    let shown = text_of(&run_in(repo.path(), &["--format", "checkstyle", "--preset", "strict", "-q"]));
    assert_eq!(shown.matches("<file ").count(), 1, "{shown}");
    assert!(
        shown.contains("<file name=\"a;b]'|/cron.yaml\">") && shown.contains("&lt;b&gt; &amp;"),
        "{shown}"
    );
    assert!(shown.contains("source=\"gitops-lint.invalid-cron-schedule\""), "{shown}");
}

/// Machines are told where files lie in the Git repository.
#[test]
fn machines_know_files_from_the_top_of_the_repository() {
    let repo = scratch(&[
        ("fleet/.gitops-lint.yaml", ""),
        ("fleet/jobs/cron.yaml", CRON),
        ("fleet/jobs/kustomization.yaml", KUSTOMIZATION),
    ]);
    git(repo.path(), &["init", "-q"]);
    git(repo.path(), &["add", "."]);
    let fleet = repo.path().join("fleet");
    assert_eq!(findings(&json(&fleet, &[])), ["invalid-cron-schedule fleet/jobs/cron.yaml"]);
    for format in
        ["sarif", "github", "gitlab", "junit", "checkstyle", "markdown", "azure", "rdjson", "teamcity"]
    {
        let shown = text(&run_in(&fleet, &["--format", format]).stdout);
        assert!(shown.contains("fleet/jobs/cron.yaml"), "{format}\n{shown}");
    }
    let pretty = text(&run_in(&fleet, &[]).stdout);
    assert!(pretty.contains("[jobs/cron.yaml:6:"), "{pretty}");
    let above = text(&run_in(repo.path(), &["fleet"]).stdout);
    assert!(above.contains("[fleet/jobs/cron.yaml:6:"), "{above}");
    let inside = text(&run_in(&fleet.join("jobs"), &["--format", "concise"]).stdout);
    assert!(inside.starts_with("cron.yaml:6:"), "{inside}");
}
