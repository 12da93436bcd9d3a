//! Mistakes that were missed once, or told at the wrong line or with the wrong advice: each in the smallest repository that has it.

use gitops_lint::facade::lint::AppStatus;

use crate::blame::{app, assert_told, flux, report, set};

/// The advice of the findings of a rule.
fn helps(text: &str, rule: &str) -> Vec<String> {
    let of_rule = report(text, &[]).findings.into_iter().filter(|it| it.finding.rule == rule);
    of_rule.map(|it| it.finding.help.unwrap_or_default()).collect()
}

fn assert_help(text: &str, rule: &str, want: &str) {
    let helps = helps(text, rule);
    assert!(helps.iter().any(|help| help.contains(want)), "{rule}: no `{want}` in {helps:?}");
}

const CHART: &str = "=== chart/Chart.yaml\napiVersion: v2\nname: web\nversion: 1.0.0\n=== chart/templates/c.yaml\napiVersion: \
                     v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: {{ .Values.a | quote }}}\n=== \
                     chart/values.yaml\na: 0\n";

/// With one source `$values` is a variable that is empty: what is left is a path from the root.
#[test]
fn a_reference_in_a_single_source_is_a_variable() {
    let text = format!(
        "=== app.yaml\n{}=== env/v.yaml\na: [\n{CHART}",
        app("web", "chart", ", helm: {valueFiles: [$values/env/v.yaml]}")
    );
    assert_told(&text, "broken-values-ref", &["what is read is `/env/v.yaml`"]);
    // The file is read: its mistake is seen.
    assert_told(&text, "syntax-error", &["env/v.yaml"]);
    assert_told(&text, "missing-values-file", &[]);
    let gone =
        format!("=== app.yaml\n{}{CHART}", app("web", "chart", ", helm: {valueFiles: [$values/env/v.yaml]}"));
    assert_told(&gone, "broken-values-ref", &["`$values` means nothing here"]);
    assert_told(&gone, "missing-values-file", &[]);
    assert_told(&gone, "failed-app", &[]);
}

/// In a list of sources everything that begins with `$` is a reference.
#[test]
fn a_variable_in_front_is_taken_for_a_reference() {
    let sources = "spec:\n  project: default\n  destination: {server: 'https://kubernetes.default.svc', namespace: web}\n  \
                   sources: [{repoURL: 'https://git.example.com/acme/gitops.git', targetRevision: main, path: chart, helm: \
                   {valueFiles: ['${ARGOCD_APP_NAME}.yaml']}}]\n";
    let text = format!(
        "=== app.yaml\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: \
         argocd}}\n{sources}=== other.yaml\n{}{CHART}",
        app("other", "chart", "")
    );
    assert_help(&text, "broken-values-ref", "write `./${ARGOCD_APP_NAME}.yaml`");
}

/// A patch that deletes what is deployed is told at the key that does.
#[test]
fn a_patch_deletes_the_spec() {
    for (key, patch) in [("`spec`", "spec:"), ("`spec.source`", "spec: {source: null}")] {
        let more = format!("  goTemplate: true\n  templatePatch: |\n    {patch}\n");
        let text = format!(
            "=== set.yaml\n{}=== web/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n",
            set("{list: {elements: [{name: a}]}}", "{{ .name }}", &more)
        );
        assert_told(&text, "render-failure", &[&format!("set.yaml:7: the templatePatch deletes {key}")]);
    }
}

/// `.argocd-source.yaml` is decoded into types: a number is no value of a parameter.
#[test]
fn parameters_of_source_overrides_are_texts() {
    for (value, want) in [
        (
            "20240601",
            &["cannot unmarshal number into Go struct field ApplicationSource.helm.parameters.value"][..],
        ),
        ("'20240601'", &[]),
    ] {
        let text = format!(
            "=== app.yaml\n{}{CHART}=== chart/.argocd-source-web.yaml\nhelm:\n  parameters:\n    - name: a\n      value: \
             {value}\n",
            app("web", "chart", "")
        );
        assert_told(&text, "render-failure", want);
    }
}

/// What the API server and Helm want of `values`, and what to call it instead.
#[test]
fn values_that_are_no_text() {
    let text = format!("=== app.yaml\n{}{CHART}", app("web", "chart", ", helm: {values: {a: 1}}"));
    assert_help(&text, "render-failure", "call it `valuesObject`");
}

/// Advice for what goes wrong most.
#[test]
fn advice_fits() {
    let chart = CHART.replace(".Values.a | quote", "cluster");
    let text = format!("=== app.yaml\n{}{chart}", app("web", "chart", ""));
    assert_help(&text, "render-failure", "print it as text: `{{ `{{cluster}}` }}`");
    let text = format!(
        "=== app.yaml\n{}=== web/kustomization.yaml\nresources: [c.yaml]\n=== web/c.yaml\napiVersion: v1\nkind: \
         ConfigMap\nmetadata: {{name: c}}\n",
        app("web", "web", ", kustomize: {commonAnnotations: {rev: '${ARGOCD_APP_REVISION_SHORT}'}}")
    );
    assert_help(&text, "unsubstituted-placeholder", "commonAnnotationsEnvsubst: true");
}

/// A name that Helm refuses is one mistake.
#[test]
fn a_refused_release_name_is_one_finding() {
    let text = format!(
        "=== app.yaml\n{}{}",
        app("web", "chart", ", helm: {releaseName: Upper_Case}"),
        CHART.replace("{name: web}", "{name: {{ .Release.Name }}}")
    );
    assert_told(&text, "render-failure", &["release name check failed"]);
    assert_told(&text, "invalid-name-or-label", &[]);
}

/// A file of which an app renders the object in question is not blamed for not being rendered.
#[test]
fn a_target_of_another_group_is_not_unrendered() {
    let text = format!(
        "=== app.yaml\n{}=== web/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: \
         {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: \
         web, image: 'registry.example.com/web:1.0.0'}}]}}\n=== web/h.yaml\napiVersion: autoscaling/v2\nkind: \
         HorizontalPodAutoscaler\nmetadata: {{name: h}}\nspec: {{scaleTargetRef: {{apiVersion: batch/v1, kind: Deployment, name: \
         web}}, maxReplicas: 4}}\n",
        app("web", "web", "")
    );
    let report = report(&text, &[]);
    let mut told = report.findings.iter().filter(|it| it.finding.rule == "missing-scale-target");
    let message = told.next().map(|it| it.finding.message.as_str()).unwrap_or_default();
    assert!(message.contains("needs Deployment `web`") && !message.contains("no app renders"), "{message}");
}

/// Versions of Flux's own objects that no definition has any more, by the version that the repository installs.
#[test]
fn flux_removed_versions() {
    let installs = |version: &str| {
        format!(
            "=== clusters/prod/flux.yaml\napiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux, \
             namespace: flux-system}}\nspec: {{distribution: {{version: '{version}', registry: ghcr.io/fluxcd}}}}\n"
        )
    };
    let repository = |api: &str, more: &str| {
        format!(
            "=== clusters/prod/sync.yaml\n{}{more}=== clusters/prod/r.yaml\napiVersion: {api}\nkind: HelmRelease\nmetadata: \
             {{name: web, namespace: flux-system}}\nspec:\n  interval: 10m\n  chart: {{spec: {{chart: web, sourceRef: {{kind: \
             HelmRepository, name: web}}}}}}\n",
            flux("flux-system", "./clusters/prod", "")
        )
    };
    for (api, version, want) in [
        ("helm.toolkit.fluxcd.io/v2beta1", "", &["gone since Flux 2.7"][..]),
        ("helm.toolkit.fluxcd.io/v2beta1", "2.7.x", &["gone since Flux 2.7"]),
        ("helm.toolkit.fluxcd.io/v2beta1", "2.6.x", &[]),
        ("helm.toolkit.fluxcd.io/v2beta2", "2.7.x", &[]),
        ("helm.toolkit.fluxcd.io/v2beta2", "2.8.1", &["gone since Flux 2.8"]),
        ("helm.toolkit.fluxcd.io/v2", "2.8.1", &[]),
    ] {
        let more = if version.is_empty() { String::new() } else { installs(version) };
        assert_told(&repository(api, &more), "removed-api-version", want);
    }
}

/// From Flux 2.9 on a variable that nothing defines fails its Kustomization.
#[test]
fn strict_substitution_fails_the_app() {
    for (version, fails) in [("2.9.0", true), ("2.8.0", false)] {
        let text = format!(
            "=== clusters/prod/sync.yaml\n{}=== clusters/prod/apps.yaml\n{}=== clusters/prod/flux.yaml\napiVersion: \
             fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {{name: flux, namespace: flux-system}}\nspec: \
             {{distribution: {{version: '{version}', registry: ghcr.io/fluxcd}}}}\n=== apps/c.yaml\napiVersion: v1\nkind: \
             ConfigMap\nmetadata: {{name: c, namespace: web}}\ndata: {{a: 'x.${{UNDEFINED}}'}}\n",
            flux("flux-system", "./clusters/prod", ""),
            flux("apps", "./apps", "  postBuild: {substitute: {a: b}}\n")
        );
        let report = report(&text, &[]);
        let failed = report.apps.iter().any(|app| &*app.name == "apps" && app.status == AppStatus::Failed);
        assert_eq!(failed, fails, "{version}");
        // One mistake, one finding.
        assert_told(&text, "undefined-substitution", &["nothing defines `${UNDEFINED}`"]);
        assert_told(&text, "render-failure", &[]);
    }
}

/// Clusters that are known in part are no reason to call a set rendered that makes nothing.
#[test]
fn a_set_over_unknown_clusters_is_not_rendered() {
    let secret = "=== secrets/c.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: prod, namespace: argocd, labels: \
                  {argocd.argoproj.io/secret-type: cluster, env: prod}}\nstringData: {name: prod, server: \
                  'https://prod.example.com'}\n";
    for (wanted, secret, config, status) in [
        ("dev", "", "", AppStatus::Skipped),
        ("dev", secret, "", AppStatus::Skipped),
        ("prod", secret, "", AppStatus::Rendered),
        (
            "dev",
            "",
            "=== .gitops-lint.yaml\nclusters: [{name: prod, labels: {env: prod}}]\n",
            AppStatus::Rendered,
        ),
    ] {
        let generator = format!("{{clusters: {{selector: {{matchLabels: {{env: {wanted}}}}}}}}}");
        let text = format!(
            "=== set.yaml\n{}{secret}{config}=== web/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n",
            set(&generator, "web-{{name}}", "")
        );
        let report = report(&text, &["https://git.example.com/acme/gitops.git"]);
        let row = report.apps.iter().find(|app| app.kind == "ApplicationSet");
        assert_eq!(row.map(|row| row.status), Some(status), "{wanted} {secret} {config}");
    }
}

/// A matrix gives its sets one mapping of the outer generator, and what is merged into it for one is there for all.
#[test]
fn sets_of_a_matrix_share_mappings() {
    let matrix = |elements: &str| {
        format!(
            "{{merge: {{mergeKeys: [name], generators: [{{matrix: {{generators: [{{list: {{elements: [{{values: {{color: \
             blue}}}}]}}}}, {{list: {{elements: [{elements}]}}}}]}}}}, {{list: {{elements: [{{name: a, values: {{color: \
             red}}}}]}}}}]}}}}"
        )
    };
    for (elements, want) in [
        ("{name: a}, {name: b}", ["a-red", "b-red"]),
        // A mapping of its own in the inner set is nobody else's.
        ("{name: a, values: {}}, {name: b, values: {}}", ["a-red", "b-blue"]),
    ] {
        let text = format!(
            "=== set.yaml\n{}=== web/c.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n",
            set(&matrix(elements), "{{ .name }}-{{ .values.color }}", "  goTemplate: true\n")
        );
        let report = report(&text, &["https://git.example.com/acme/gitops.git"]);
        let apps = report.apps.iter().filter(|app| app.kind == "Application");
        assert_eq!(apps.map(|app| app.name.to_string()).collect::<Vec<_>>(), want, "{elements}");
    }
}
