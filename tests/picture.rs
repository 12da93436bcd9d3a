//! `graph`, `report`, `rules`, `explain` and what the shell is offered.

use serde_json::Value;

use super::cli::{code, command, demo, demo_totals, json, run_in, text, text_of};

#[test]
fn the_graph_has_every_app_and_what_it_touches() {
    let output = run_in(&demo(), &["graph", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", text_of(&output));
    let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
    let nodes = graph["nodes"].as_array().unwrap();
    let apps: Vec<&Value> = nodes.iter().filter(|node| node["kind"] == "app").collect();
    assert_eq!(apps.len() as u64, json(&demo(), &[])["summary"]["apps"].as_u64().unwrap());
    let id = |kind: &str, name: &str| {
        let node = nodes.iter().find(|node| node["kind"] == kind && node["name"] == name);
        node.unwrap_or_else(|| panic!("no {kind} {name} in {graph:#}"))["id"].clone()
    };
    let has = |from: &Value, to: &Value, kind: &str| {
        let mut edges = graph["edges"].as_array().unwrap().iter();
        edges.any(|edge| edge["from"] == *from && edge["to"] == *to && edge["kind"] == kind)
    };
    let app = id("app", "agents-dev");
    assert!(has(&app, &id("source", "charts/agents"), "renders"), "{graph:#}");
    assert!(has(&app, &id("values", "values/globals.yaml"), "reads"), "{graph:#}");
    for edge in graph["edges"].as_array().unwrap() {
        for end in ["from", "to"] {
            assert!(nodes.iter().any(|node| node["id"] == edge[end]), "{edge}");
        }
    }
    let one = run_in(&demo(), &["graph", "--format", "json", "--app", "agents-dev"]);
    let one: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(one["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == "app").count(), 1);
    let dot = text(&run_in(&demo(), &["graph"]).stdout);
    assert!(
        dot.starts_with("digraph fleet {") && dot.ends_with("}\n") && dot.contains("label=\"agents-dev\""),
        "{dot}"
    );
    let mermaid = text(&run_in(&demo(), &["graph", "--format", "mermaid"]).stdout);
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("(\"agents-dev\")"), "{mermaid}");
    assert_eq!(mermaid.lines().count(), 1 + nodes.len() + graph["edges"].as_array().unwrap().len());
}

#[test]
fn the_page_holds_everything_and_loads_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.html");
    let output = run_in(&demo(), &["report", "--html", &file.display().to_string()]);
    assert_eq!(code(&output), 0, "{}", text_of(&output));
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("src=\"") && !page.contains("<link"));
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let findings = data["report"]["findings"].as_array().unwrap();
    let (errors, warnings, _) = demo_totals();
    assert_eq!(findings.len(), errors + warnings);
    assert_eq!(data["snippets"].as_array().unwrap().len(), findings.len());
    for (finding, parts) in findings.iter().zip(data["snippets"].as_array().unwrap()) {
        let first = &parts[0];
        assert_eq!((&first["file"], &first["line"]), (&finding["file"], &finding["line"]));
        let at = first["line"].as_u64().unwrap() - first["first"].as_u64().unwrap();
        assert!(first["lines"].as_array().unwrap().len() as u64 > at, "{first}");
    }
    let app = data["values"].as_array().unwrap().iter().find(|it| it["app"] == "agents-dev").unwrap();
    assert!(!app["charts"][0]["values"].as_array().unwrap().is_empty());
    assert!(data["graph"]["nodes"].as_array().unwrap().len() > 3);
}

#[test]
fn rules_and_pages_can_be_read() {
    let rules: Value =
        serde_json::from_slice(&run_in(&demo(), &["rules", "--format", "json"]).stdout).unwrap();
    let rules = rules["rules"].as_array().unwrap();
    assert_eq!(rules.len(), gitops_lint::facade::rules::all().count());
    assert!(rules.iter().any(|rule| rule["name"] == "empty-override"
        && rule["subject"] == "helm"
        && rule["severity"] == "error"));
    let plain = text(&run_in(&demo(), &["explain", "empty-override"]).stdout);
    assert!(
        plain.starts_with("# empty-override") && plain.contains("```yaml"),
        "a pipe gets the page as it is"
    );
    let shown =
        command(&demo(), &["explain", "empty-override", "--color", "always"]).env("COLUMNS", "80").output();
    let shown = text(&shown.unwrap().stdout);
    assert!(shown.starts_with("\u{1b}[1mempty-override\u{1b}[0m") && !shown.contains("```"), "{shown}");
    let browser =
        command(&demo(), &["explain", "empty-override", "--open"]).env("BROWSER", "/bin/echo").output();
    let said = text(&browser.unwrap().stdout);
    assert!(said.ends_with("rules/helm/empty-override.md\n"), "{said}");
    let none = command(&demo(), &["explain", "empty-override", "--open"])
        .env("BROWSER", "/nonexistent")
        .output()
        .unwrap();
    assert!(code(&none) == 2 && text(&none.stderr).contains("cannot start a browser for http"));
}

#[test]
fn the_shell_is_offered_names() {
    let offered = |words: &[&str]| {
        let mut all = vec!["--", "gitops-lint"];
        all.extend(words);
        let index = words.len().to_string();
        let mut command = command(&demo(), &all);
        command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
        text_of(&command.output().unwrap())
    };
    assert!(offered(&["explain", "empty-ov"]).contains("empty-override"));
    assert!(offered(&["why", "agents"]).contains("agents-dev"));
    assert!(offered(&["why", "agents-dev", "Dep"]).contains("Deployment/agents-dev"));
    assert!(offered(&["why", "agents-dev", "Deployment/agents-dev", "spec.rep"]).contains("spec.replicas"));
    assert!(offered(&["--sel"]).contains("--select"));
}
