//! What is fine is never blamed: small repositories that once were, each next to the mistake that still is told.

use std::sync::Arc;

use gitops_lint::facade::lint::{Options, Report, lint};
use gitops_lint::facade::repo::{Checkouts, Workspace};
use gitops_lint::facade::source::{MemoryTree, Sources, Tree};
use gitops_lint::facade::yaml::Cache;

use super::cli::{findings, json, scratch};

/// Lints files that are written one after the other, each behind a line `--- FILE`.
pub(crate) fn report(text: &str, aliases: &[&str]) -> Report {
    let files: Vec<(&str, &str)> = text
        .split("=== ")
        .skip(1)
        .map(|part| part.split_once('\n').expect("a name ends with its line"))
        .collect();
    let sources = Sources::new();
    let tree: Arc<dyn Tree> = Arc::new(MemoryTree::of(&sources, files));
    let cache = Arc::new(Cache::new(sources));
    let mut checkouts = Checkouts::new(Arc::clone(&tree));
    for alias in aliases {
        checkouts.add_alias(alias);
    }
    let config = Workspace::of_tree(
        Arc::clone(&tree),
        Arc::clone(&cache),
        &gitops_lint::facade::rules::Registry::built_in().known(),
    )
    .0
    .config;
    lint(&Workspace::new(tree, cache, config, checkouts), &Options::default())
}

/// What a rule says: `file:line: message`.
pub(crate) fn told(text: &str, rule: &str) -> Vec<String> {
    told_by(&report(text, &[]), rule)
}

fn told_by(report: &Report, rule: &str) -> Vec<String> {
    let of_rule = report.findings.iter().filter(|it| it.finding.rule == rule);
    of_rule
        .map(|it| {
            let (file, start, _) =
                report.sources.locate(it.finding.primary.at).expect("findings have places");
            format!("{file}:{}: {}", start.line, it.finding.message)
        })
        .collect()
}

pub(crate) fn assert_told(text: &str, rule: &str, want: &[&str]) {
    let told = told(text, rule);
    assert_eq!(told.len(), want.len(), "{rule}: {told:#?}");
    for (told, want) in told.iter().zip(want) {
        assert!(told.contains(want), "{rule}: no `{want}` in {told}");
    }
}

pub(crate) fn app(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  \
         project: default\n  source: {{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: \
         {path}{more}}}\n  destination: {{server: 'https://kubernetes.default.svc', namespace: {name}}}\n"
    )
}

pub(crate) fn flux(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: \
         flux-system}}\nspec:\n  interval: 10m\n  path: {path}\n  prune: true\n  sourceRef: {{kind: GitRepository, name: \
         flux-system}}\n{more}"
    )
}

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n";

/// A name under a key that speaks of secrets is the name of something.
#[test]
fn names_are_no_secrets() {
    let deployment = |value: &str| {
        format!(
            "=== app.yaml\n{}=== web/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
             selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
             containers:\n        - name: web\n          image: registry.example.com/web:1.0.0\n          env:\n            \
             - {{name: DB_PASSWORD_SECRET, value: {value}}}\n=== web/s.yaml\napiVersion: external-secrets.io/v1\nkind: \
             ExternalSecret\nmetadata: {{name: webDb2Creds, namespace: web}}\nspec:\n  target: {{name: Web2DbLogin}}\n  \
             dataFrom: [{{extract: {{key: web}}}}]\n",
            app("web", "web", "")
        )
    };
    for name in ["postgres16-superuser", "userPassword", "DB_ROOT_PASSWORD", "webDb2Creds", "Web2DbLogin"] {
        assert_told(&deployment(name), "plaintext-secret", &[]);
    }
    assert_told(&deployment("k7xQ9zp2m4Lw"), "plaintext-secret", &["DB_PASSWORD_SECRET"]);
}

pub(crate) fn set(generators: &str, template: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: s, namespace: argocd}}\nspec:\n{more}  \
         generators: [{generators}]\n  template:\n    metadata: {{name: '{template}'}}\n    spec:\n      project: default\n      \
         source: {{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: web}}\n      destination: \
         {{server: 'https://kubernetes.default.svc', namespace: web}}\n"
    )
}

/// What nobody declares has labels that nobody knows.
#[test]
fn undeclared_clusters_have_unknown_labels() {
    let rest = format!("=== web/ns.yaml\n{NAMESPACE}=== app.yaml\n{}", app("web", "web", ""));
    for (template, more) in [
        ("web-{{metadata.annotations.tier}}", ""),
        (
            "web-{{ .metadata.labels.tier }}",
            "  goTemplate: true\n  goTemplateOptions: ['missingkey=error']\n",
        ),
        ("web-{{ .metadata.labels.tier }}", "  goTemplate: true\n"),
    ] {
        let text = format!("=== set.yaml\n{}{rest}", set("{clusters: {}}", template, more));
        assert_told(&text, "unresolved-parameter", &[]);
        assert_told(&text, "render-failure", &[]);
    }
    let text = format!("=== set.yaml\n{}{rest}", set("{list: {elements: [{a: b}]}}", "web-{{c}}", ""));
    assert_told(&text, "unresolved-parameter", &["`c`"]);
}

/// A `templatePatch` that renders to nothing patches nothing; the Applications are there.
#[test]
fn an_empty_patch_is_no_patch() {
    for patch in ["{{- if .patched }}\n    spec: {project: x}\n    {{- end }}", "# nothing", "null"] {
        let more = format!("  goTemplate: true\n  templatePatch: |\n    {patch}\n");
        let text = format!(
            "=== set.yaml\n{}=== web/ns.yaml\n{NAMESPACE}",
            set(
                "{list: {elements: [{name: a, patched: false}, {name: b, patched: false}]}}",
                "{{ .name }}",
                &more
            )
        );
        let report = report(&text, &["https://git.example.com/acme/gitops.git"]);
        assert_eq!(told_by(&report, "render-failure"), Vec::<String>::new(), "{patch}");
        assert_eq!(report.apps.iter().filter(|app| app.kind == "Application").count(), 2, "{patch}");
    }
}

/// A directory of the same name does not make another repository this one.
#[test]
fn another_repository_is_not_taken_for_this_one() {
    let other = |kind: &str, path: &str| {
        set(&format!("{{git: {{repoURL: 'https://git.example.com/other/lab.git', revision: HEAD, {kind}: [{{path: '{path}'}}]}}}}"), "p-{{path.basename}}", "")
            .replace("acme/gitops.git', targetRevision: main, path: web", "other/lab.git', targetRevision: HEAD, path: '{{path}}'")
    };
    let rest = format!("=== apps/web/ns.yaml\n{NAMESPACE}");
    for (kind, path) in [
        ("files", "apps/*/deploy/kustomization.yaml"),
        ("directories", "apps/*/deploy"),
        ("directories", "apps/*"),
        ("files", "apps/web/ns.yaml"),
    ] {
        let text =
            format!("=== set.yaml\n{}=== web.yaml\n{}{rest}", other(kind, path), app("web", "apps/web", ""));
        let report = report(&text, &[]);
        assert_eq!(told_by(&report, "empty-generator"), Vec::<String>::new(), "{path}");
        assert!(!report.apps.iter().any(|app| &*app.name == "p-web"), "{path}");
    }
    // Alone, a pattern that finds nothing here says nothing about where it looks.
    let text = format!("=== set.yaml\n{}{rest}", other("directories", "apps/*/deploy"));
    assert_told(&text, "empty-generator", &[]);
    // One that does is evidence enough where nothing else is.
    let text = format!("=== set.yaml\n{}{rest}", other("directories", "apps/*"));
    assert!(report(&text, &[]).apps.iter().any(|app| &*app.name == "p-web"));
}

/// Blocks without content choose no tool.
#[test]
fn zero_blocks_are_taken_away() {
    let rest = "=== web/kustomization.yaml\nresources: [ns.yaml]\n=== web/ns.yaml\n";
    for block in ["directory: {recurse: false}", "helm: {}", "directory: {jsonnet: {}}"] {
        let more = format!(", {block}, kustomize: {{namePrefix: a-}}");
        let text = format!("=== app.yaml\n{}{rest}{NAMESPACE}", app("web", "web", &more));
        assert_told(&text, "conflicting-source-fields", &[]);
        assert_eq!(report(&text, &[]).summary.objects, 1, "{block}");
    }
    let more = ", directory: {recurse: true}, kustomize: {namePrefix: a-}";
    let text = format!("=== app.yaml\n{}{rest}{NAMESPACE}", app("web", "web", more));
    assert_told(&text, "conflicting-source-fields", &["both `kustomize` and `directory`"]);
}

/// Parts of apps are no apps.
#[test]
fn fragments_are_not_apps() {
    let sync = flux("flux-system", "./clusters/prod", "");
    let patch = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: two, namespace: flux-system}\n";
    let text = format!(
        "=== clusters/prod/sync.yaml\n{sync}=== local/patches/p.yaml\n{patch}spec: {{suspend: true}}\n=== config/op.yaml\n\
         apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\noperation: {{sync: {{}}}}\n=== \
         config/set.yaml\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: web}}\n"
    );
    assert_told(&text, "render-failure", &[]);
    // A child that its parent would complete, and does not take in.
    let text = format!(
        "=== clusters/prod/sync.yaml\n{}=== apps/kustomization.yaml\nresources: [one]\n# - two\n=== \
         apps/one/kustomization.yaml\nresources: [ns.yaml]\n=== apps/one/ns.yaml\n{NAMESPACE}=== \
         apps/two/kustomization.yaml\nresources: [ks.yaml]\n=== apps/two/ks.yaml\n{patch}spec: {{interval: 1h, path: \
         ./apps/one, prune: true}}\n",
        flux("apps", "./apps", "")
    );
    assert_told(&text, "render-failure", &[]);
    // What somebody applies must be whole.
    let text =
        format!("=== clusters/prod/two.yaml\n{patch}spec: {{interval: 1h, path: ./apps, prune: true}}\n");
    assert_told(&text, "render-failure", &["sourceRef is required"]);
}

/// An app that the kustomization beside it had, and has no more, deploys nothing.
#[test]
fn what_was_taken_out_is_not_live() {
    let text = |list: &str| {
        format!(
            "=== apps/kustomization.yaml\nresources:\n  - web.yaml\n{list}=== apps/web.yaml\n{}=== apps/old.yaml\n{}=== \
             web/ns.yaml\n{NAMESPACE}",
            app("web", "web", ""),
            app("old", "deploy/old", "")
        )
    };
    let told = |list: &str| {
        told_by(&report(&text(list), &["https://git.example.com/acme/gitops.git"]), "missing-source-path")
    };
    assert_eq!(told("#  - old.yaml\n"), Vec::<String>::new());
    assert_eq!(told("  - old.yaml\n").len(), 1);
}

/// Variables come from what the same cluster applies.
#[test]
fn variables_are_those_of_the_cluster() {
    let from = |kind: &str| format!("  postBuild: {{substituteFrom: [{{kind: {kind}, name: settings}}]}}\n");
    let settings = |kind: &str, key: &str| {
        format!(
            "apiVersion: v1\nkind: {kind}\nmetadata: {{name: settings, namespace: flux-system}}\n{}: {{{key}: x}}\n",
            if kind == "Secret" { "stringData" } else { "data" }
        )
    };
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: web}\ndata: {a: '${DOMAIN}'}\n";
    // A Secret of that name that nothing applies says nothing about the keys of the real one.
    let text = format!(
        "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== local-dev/s.yaml\n{}=== apps/c.yaml\n{map}",
        flux("flux-system", "./clusters/prod", ""),
        flux("apps", "./apps", &from("Secret")),
        settings("Secret", "OTHER")
    );
    assert_told(&text, "undefined-substitution", &[]);
    // Two clusters: the one whose settings lack it is named.
    let cluster = |name: &str, key: &str| {
        format!(
            "=== clusters/{name}/sync.yaml\n{}=== clusters/{name}/apps.yaml\n{}=== clusters/{name}/s.yaml\n{}",
            flux("flux-system", &format!("./clusters/{name}"), ""),
            flux("apps", "./apps", &from("ConfigMap")),
            settings("ConfigMap", key)
        )
    };
    let text = format!("{}{}=== apps/c.yaml\n{map}", cluster("dev", "OTHER"), cluster("prod", "DOMAIN"));
    assert_told(
        &text,
        "undefined-substitution",
        &["Kustomization `apps` of cluster `dev` makes it an empty string"],
    );
}

/// What brings variables or refuses their absence is seen, and can be declared.
#[test]
fn variables_may_come_from_outside() {
    let text = |more: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== apps/c.yaml\napiVersion: v1\nkind: \
             ConfigMap\nmetadata: {{name: c, namespace: web}}\ndata: {{a: '${{DOMAIN}}'}}\n{more}",
            flux("flux-system", "./clusters/prod", ""),
            flux("apps", "./apps", "  postBuild: {substitute: {OTHER: x}}\n")
        )
    };
    assert_told(&text(""), "undefined-substitution", &["makes it an empty string, or fails on it"]);
    let webhook = "=== clusters/prod/w.yaml\napiVersion: admissionregistration.k8s.io/v1\nkind: \
                   MutatingWebhookConfiguration\nmetadata: {name: vars}\nwebhooks:\n  - name: vars.example.com\n    rules: \
                   [{apiGroups: [kustomize.toolkit.fluxcd.io], apiVersions: ['*'], operations: [CREATE], resources: \
                   [kustomizations]}]\n";
    assert_told(&text(webhook), "undefined-substitution", &[]);
    let declared = "=== .gitops-lint.yaml\nexternal:\n  - {kind: Variable, name: 'DOM*'}\n";
    assert_told(&text(declared), "undefined-substitution", &[]);
    // What the variable makes of a name is its own fault, and unknown where it comes from outside.
    let host = "=== apps/i.yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: web}\nspec: \
                {rules: [{host: 'web.${DOMAIN}'}]}\n";
    assert_told(&text(host), "invalid-host-name", &[]);
    assert_told(&text(&format!("{host}{declared}")), "invalid-host-name", &[]);
    let instance = |version: &str| {
        format!(
            "=== clusters/prod/f.yaml\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux, \
             namespace: flux-system}}\nspec:\n  distribution: {{version: '{version}', registry: ghcr.io/fluxcd}}\n"
        )
    };
    assert_told(&text(&instance("2.9.x")), "undefined-substitution", &["fails on it"]);
    assert_told(&text(&instance("2.7.x")), "undefined-substitution", &["makes it an empty string"]);
}

/// The directory that a FluxInstance syncs is applied.
#[test]
fn a_flux_instance_applies_its_directory() {
    let text = format!(
        "=== bootstrap/f.yaml\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux, namespace: \
         flux-system}}\nspec:\n  sync: {{kind: GitRepository, url: 'https://git.example.com/acme/gitops.git', ref: \
         refs/heads/main, path: clusters/prod}}\n=== clusters/prod/apps.yaml\n{}=== clusters/prod/s.yaml\napiVersion: v1\n\
         kind: ConfigMap\nmetadata: {{name: settings, namespace: flux-system}}\ndata: {{DOMAIN: x}}\n=== apps/c.yaml\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: web}}\ndata: {{a: '${{DOMAIN}}', b: \
         '${{MISSING}}'}}\n",
        flux("apps", "./apps", "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n")
    );
    assert_told(&text, "undefined-substitution", &["`${MISSING}`"]);
    assert!(report(&text, &[]).apps.iter().any(|app| &*app.name == "flux-system" && app.objects == 2));
}

/// What a ResourceSet makes is not known by name.
#[test]
fn a_resource_set_makes_namespaces() {
    let text = |name: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/n.yaml\n{NAMESPACE}=== clusters/prod/r.yaml\napiVersion: \
             fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {{name: t, namespace: flux-system}}\nspec:\n  inputs: \
             [{{tenant: a}}]\n  resources:\n    - {{apiVersion: v1, kind: Namespace, metadata: {{name: 'team-<< inputs.tenant \
             >>'}}}}\n=== clusters/prod/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {name}}}\n",
            flux("flux-system", "./clusters/prod", "")
        )
    };
    assert_told(&text("team-a"), "missing-namespace", &[]);
    assert_told(&text("crew-a"), "missing-namespace", &["`crew-a`"]);
}

/// Where Flux substitutes text that is no YAML afterwards, the value that broke it is shown.
#[test]
fn a_broken_substitution_is_told_at_its_value() {
    let text = format!(
        "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== apps/c.yaml\napiVersion: example.com/v1\nkind: \
         Cluster\nmetadata:\n  name: ${{NAME}}\nspec:\n  image: postgresql:${{VERSION}}\n",
        flux("flux-system", "./clusters/prod", ""),
        flux("apps", "./apps", "  postBuild: {substitute: {NAME: web, VERSION: ''}}\n")
    );
    assert_told(&text, "render-failure", &["apps/c.yaml:6:"]);
}

/// Objects that say that others may own them too, and apps of different environments.
#[test]
fn ownership_needs_one_cluster() {
    let role = |annotation: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: web\n  annotations: {{{annotation}}}\n"
        )
    };
    let text = |annotation: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/a.yaml\n{}=== clusters/prod/b.yaml\n{}=== a/c.yaml\n{}=== \
             b/c.yaml\n{}",
            flux("flux-system", "./clusters/prod", ""),
            flux("a", "./a", ""),
            flux("b", "./b", ""),
            role(annotation),
            role(annotation)
        )
    };
    assert_told(&text("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"), "duplicate-resource-ownership", &[]);
    assert_told(&text("example.com/a: b"), "duplicate-resource-ownership", &["both `a` and `b` own"]);
    let apps = |one: &str, other: &str| {
        let app =
            |name: &str| app(name, "web", "").replace(&format!("namespace: {name}}}\n"), "namespace: web}\n");
        format!(
            "=== one/{one}.yaml\n{}=== other/{other}.yaml\n{}=== web/ns.yaml\n{}",
            app(one),
            app(other),
            role("example.com/a: b")
        )
    };
    assert_told(&apps("web-dev", "web-prod"), "duplicate-resource-ownership", &[]);
    assert_told(&apps("web", "site"), "duplicate-resource-ownership", &["own"]);
}

/// Merge keys add up, and files of other languages are no YAML.
#[test]
fn yaml_is_read_as_the_tools_read_it() {
    let merged = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  <<: {a: b}\n  <<: {c: d}\n";
    assert_told(&format!("=== c.yaml\n{merged}"), "duplicate-key", &[]);
    assert_told("=== c.yaml\na: 1\na: 2\n", "duplicate-key", &["`a`"]);
    for template in ["<#if x??>\na: b: c\n</#if>\n", "{% if x %}\na: b: c\n{% endif %}\n"] {
        assert_told(&format!("=== c.yaml\n{template}"), "syntax-error", &[]);
    }
    assert_told("=== c.yaml\na: b: c\n", "syntax-error", &["not allowed"]);
}

/// A hook Job that Kubernetes deletes blocks nothing.
#[test]
fn a_hook_with_a_time_to_live_goes_away() {
    let text = |more: &str| {
        format!(
            "=== app.yaml\n{}=== web/j.yaml\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n  annotations: \
             {{argocd.argoproj.io/hook: PostSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded}}\nspec:\n{more}  \
             template:\n    spec:\n      restartPolicy: Never\n      containers: [{{name: j, image: \
             'registry.example.com/j:1.0.0'}}]\n",
            app("web", "web", "")
        )
    };
    assert_told(&text("  ttlSecondsAfterFinished: 60\n"), "undeletable-hook-job", &[]);
    assert_told(&text(""), "undeletable-hook-job", &["hook Job `j`"]);
}

/// One mistake is one finding: of one rule at one place, and of the rule that tells the cause.
#[test]
fn one_cause_is_one_finding() {
    let text = "=== set.yaml\napiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: s, namespace: argocd}\n\
                spec:\n  generators: [{list: {elements: [{name: a}, {name: b}, {name: c}]}}]\n  template:\n    metadata: {name: \
                '{{name}}'}\n    spec:\n      project: default\n      source: {repoURL: \
                'https://git.example.com/acme/gitops.git', targetRevision: main, path: 'env/{{name}}/x'}\n      destination: \
                {server: 'https://kubernetes.default.svc', namespace: web}\n=== env/a/ns.yaml\na: 1\n=== env/b/ns.yaml\na: \
                1\n=== env/c/ns.yaml\na: 1\n";
    let aliases = ["https://git.example.com/acme/gitops.git"];
    let report = report(text, &aliases);
    assert_eq!(told_by(&report, "missing-source-path").len(), 1, "{:#?}", report.findings);
    let finding =
        report.findings.iter().find(|it| it.finding.rule == "missing-source-path").expect("told above");
    assert_eq!(finding.finding.apps.len(), 3);

    let text = format!(
        "=== app.yaml\n{}=== web/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels:\n    a: 1\n",
        app("web", "web", "")
    );
    assert_told(&text, "implicit-type", &["web/c.yaml:6:"]);
    assert_told(&text, "invalid-name-or-label", &[]);

    let text = format!(
        "=== app.yaml\n{}=== web/kustomization.yaml\nresources: [c.yaml]\n=== web/c.yaml\na: b: c\n",
        app("web", "web", "")
    );
    assert_told(&text, "syntax-error", &["web/c.yaml:1:"]);
    assert_told(&text, "kustomize-build-failure", &[]);
}

/// A policy that refuses ConfigMaps without the label `team`, and one of these.
const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: { name: team }\nspec:\n  validationFailureAction: Enforce\n  rules:\n  \
        - name: team\n    match: { any: [{ resources: { kinds: [ConfigMap] } }] }\n    validate:\n      message: no team\n      \
        pattern: { metadata: { labels: { team: '?*' } } }\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, labels: { tier: web } }\n";

/// Parts of a catalogue are not on one cluster: a policy among them judges what lies beside it.
#[test]
fn policies_of_a_catalogue_judge_their_own_part() {
    let repo = scratch(&[
        ("policies/kustomization.yaml", "resources: [policy.yaml, config.yaml]\n"),
        ("policies/policy.yaml", POLICY),
        ("policies/config.yaml", CONFIG),
        ("shop/kustomization.yaml", "resources: [config.yaml]\n"),
        ("shop/config.yaml", CONFIG),
    ]);
    let found = findings(&json(repo.path(), &["--select", "denied-by-policy"]));
    assert_eq!(found, ["denied-by-policy policies/config.yaml"]);
}

/// A policy that no app applies, in a component that nothing takes in, refuses nothing.
#[test]
fn policies_that_nothing_applies_refuse_nothing() {
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [policy.yaml]\n";
    let found = |shop: &str, kustomization: &str, policy: &str| {
        let repo = scratch(&[
            ("shop/policies/kustomization.yaml", kustomization),
            ("shop/policies/policy.yaml", policy),
            ("shop/kustomization.yaml", shop),
            ("shop/config.yaml", CONFIG),
        ]);
        findings(&json(repo.path(), &["--select", "denied-by-policy"]))
    };
    let alone = "resources: [config.yaml]\n";
    assert!(found(alone, component, POLICY).is_empty());
    let taken = "resources: [config.yaml]\ncomponents: [policies]\n";
    assert_eq!(found(taken, component, POLICY), ["denied-by-policy shop/config.yaml"]);
    // What it asks for is known where its variables are.
    assert!(found(taken, component, &POLICY.replace("?*", "${TEAM}")).is_empty());
}
