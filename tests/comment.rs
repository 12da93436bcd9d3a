//! The comment on a pull request: `.ci/comment.sh` and the Action against servers that are made up and stand on the loopback
//! address.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::cli::{git, text, write};
use super::fetch::server::{Answer, Request, Server};

/// Comments in the shape of one of the services.
type Store = Arc<Mutex<Vec<Value>>>;

const MARKER: &str = "<!-- gitops-lint . -->";
const TOKEN: &str = "not-for-everybody";

/// A part of the query.
fn asked(request: &Request, name: &str) -> Option<usize> {
    let (_, query) = request.path.split_once('?')?;
    query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// A page of a list.
fn page(all: &[Value], request: &Request) -> Answer {
    let size = asked(request, "per_page").unwrap();
    let from = (asked(request, "page").unwrap() - 1) * size;
    let shown: Vec<&Value> = all.iter().skip(from).take(size).collect();
    Answer::ok(serde_json::to_vec(&shown).unwrap())
}

/// A service whose comments lie below `list`, each with its own address below `one`, and are changed by `method`. `header` is
/// what a request has to bring.
fn service(
    store: &Store,
    list: &str,
    one: &str,
    method: &str,
    header: (&str, &str),
    made: fn(&Value) -> Value,
) -> Server {
    let (store, list, one, method) = (Arc::clone(store), list.to_owned(), one.to_owned(), method.to_owned());
    let header = (header.0.to_owned(), header.1.to_owned());
    Server::start(move |request| {
        if request.header(&header.0) != Some(&header.1) {
            return Answer::status(403);
        }
        let path = request.path.split('?').next().unwrap();
        let mut all = store.lock().unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = path.strip_prefix(&one).and_then(|id| id.parse::<u64>().ok());
        let at = id.and_then(|id| all.iter().position(|it| it["id"] == id));
        match (request.method.as_str(), at) {
            ("GET", _) if path == list => page(&all, request),
            ("POST", _) if path == list => {
                let mut comment = made(&sent);
                comment["id"] = json!(all.len() + 1000);
                all.push(comment);
                Answer::Whole { status: 201, headers: Vec::new(), body: b"{}".to_vec() }
            }
            (asked, Some(at)) if asked == method => {
                all[at]["body"] = sent["body"].clone();
                Answer::ok("{}")
            }
            ("DELETE", Some(at)) => {
                all.remove(at);
                Answer::status(204)
            }
            _ => Answer::status(404),
        }
    })
}

const GITHUB: &str = "/repos/acme/fleet/issues";

fn by_a_bot(sent: &Value) -> Value {
    json!({ "body": sent["body"], "user": { "type": "Bot" }, "author_association": "NONE" })
}

fn github(store: &Store) -> Server {
    let [list, one] = ["7/comments", "comments/"].map(|end| format!("{GITHUB}/{end}"));
    service(store, &list, &one, "PATCH", ("authorization", &format!("Bearer {TOKEN}")), by_a_bot)
}

/// Runs the script in a place of its own.
fn comment(dir: &Path, body: &str, env: &[(&str, &str)]) -> Output {
    std::fs::write(dir.join("comment.md"), body).unwrap();
    std::fs::write(dir.join("event.json"), r#"{"number": 7, "pull_request": {"number": 7}}"#).unwrap();
    let mut command = Command::new("bash");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/comment.sh"))
        .arg("comment.md")
        .current_dir(dir);
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// Written, changed in place, removed; what others say stays.
fn lives(store: &Store, env: &[(&str, &str)], body_of: fn(&Value) -> Option<&str>) {
    let dir = tempfile::tempdir().unwrap();
    let others = store.lock().unwrap().clone();
    let run = |body: &str| {
        let output = comment(dir.path(), body, env);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        store.lock().unwrap().iter().filter(|it| !others.contains(it)).cloned().collect::<Vec<Value>>()
    };
    assert!(run("").is_empty(), "nothing to say, nothing to remove");
    let first = run("one \"quoted\" \\ $(word)\n");
    assert_eq!(first.len(), 1);
    assert_eq!(body_of(&first[0]), Some(&*format!("{MARKER}\none \"quoted\" \\ $(word)\n")));
    let second = run("two\n");
    assert_eq!(second.len(), 1, "one comment, whatever happens");
    assert_eq!(second[0]["id"], first[0]["id"]);
    assert_eq!(body_of(&second[0]), Some(&*format!("{MARKER}\ntwo\n")));
    assert!(run("").is_empty());
    assert_eq!(*store.lock().unwrap(), others);
}

#[test]
fn github_has_one_comment() {
    // More than a page of others, and somebody who writes what the marker is.
    let other = |at: usize| json!({ "id": at, "body": "fine", "user": { "type": "User" }, "author_association": "MEMBER" });
    let mut others: Vec<Value> = (0..120).map(other).collect();
    others[3]["body"] = json!(format!("{MARKER}\nmine"));
    others[3]["author_association"] = json!("NONE");
    others[5]["body"] = json!(format!("> {MARKER}"));
    let store: Store = Arc::new(Mutex::new(others));
    let server = github(&store);
    let url = server.url("");
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", "acme/fleet"),
        ("GITHUB_EVENT_PATH", "event.json"),
        ("GITHUB_TOKEN", TOKEN),
    ];
    lives(&store, &env, |it| it["body"].as_str());
    assert!(server.requests().iter().any(|it| it.ends_with("page=2")));
    // A token that may not write, and one that may not even read.
    let mut refused = env;
    refused[4].1 = "of-a-fork";
    let dir = tempfile::tempdir().unwrap();
    let output = comment(dir.path(), "words", &refused);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the comments cannot be read"), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("of-a-fork"), "tokens are not told");
}

#[test]
fn gitlab_has_one_comment() {
    let store: Store = Arc::new(Mutex::new(vec![json!({ "id": 1, "body": "fine", "system": false })]));
    let made = |sent: &Value| json!({ "body": sent["body"], "system": false });
    let list = "/api/v4/projects/12/merge_requests/7/notes";
    let server = service(&store, list, &format!("{list}/"), "PUT", ("private-token", TOKEN), made);
    let url = server.url("/api/v4");
    let env = [
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", url.as_str()),
        ("CI_PROJECT_ID", "12"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("GITLAB_TOKEN", TOKEN),
    ];
    lives(&store, &env, |it| it["body"].as_str());
}

/// Azure has threads of comments, and keeps what was deleted.
#[test]
fn azure_has_one_comment() {
    let store: Store =
        Arc::new(Mutex::new(vec![json!({ "id": 1, "comments": [{ "id": 1, "content": "fine" }] })]));
    let inner = Arc::clone(&store);
    let server = Server::start(move |request| {
        let list = "/acme/the%20fleet/_apis/git/repositories/r1/pullRequests/7/threads";
        let bearer = format!("Bearer {TOKEN}");
        let Some((path, "api-version=7.1")) = request.path.split_once('?') else {
            return Answer::status(400);
        };
        if request.header("authorization") != Some(&bearer) {
            return Answer::status(401);
        }
        let mut all = inner.lock().unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let at = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('/')?.strip_suffix("/comments/1"));
        let at = at.and_then(|id| all.iter().position(|it| it["id"].as_u64() == id.parse().ok()));
        match (request.method.as_str(), at) {
            ("GET", _) => Answer::ok(json!({ "value": *all }).to_string()),
            ("POST", _) if path == list => {
                let content = &sent["comments"][0]["content"];
                let thread = json!({ "id": all.len() + 10, "status": sent["status"], "comments": [{ "id": 1, "content": content }] });
                all.push(thread);
                Answer::ok("{}")
            }
            ("PATCH", Some(at)) => {
                all[at]["comments"][0]["content"] = sent["content"].clone();
                Answer::ok("{}")
            }
            ("DELETE", Some(at)) => {
                all.remove(at);
                Answer::ok("{}")
            }
            _ => Answer::status(404),
        }
    });
    let url = server.url("/acme/");
    let env = [
        ("TF_BUILD", "True"),
        ("SYSTEM_COLLECTIONURI", url.as_str()),
        ("SYSTEM_TEAMPROJECT", "the fleet"),
        ("BUILD_REPOSITORY_ID", "r1"),
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
        ("SYSTEM_ACCESSTOKEN", TOKEN),
    ];
    lives(&store, &env, |it| it["comments"][0]["content"].as_str());
}

/// The Action in a pull request: what is new, what changes, the comment, the page; and without the right to comment.
#[test]
fn the_action_shows_what_the_change_does() {
    let runner = super::action::Runner::new();
    let repo = runner.dir.path().join("repo");
    let store: Store = Arc::default();
    let server = github(&store);
    let url = server.url("");
    std::fs::write(runner.dir.path().join("event.json"), r#"{"pull_request": {"number": 7}}"#).unwrap();
    let event = runner.dir.path().join("event.json").display().to_string();
    let env = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", event.as_str()),
        ("GITHUB_API_URL", url.as_str()),
        ("GITHUB_REPOSITORY", "acme/fleet"),
    ];
    let run = |token: &str, more: &[(&str, &str)]| {
        let inputs = [&[("base", "main"), ("token", token), ("fail-on", "never")], more].concat();
        runner.run_in(&inputs, &env)
    };
    git(&repo, &["branch", "-M", "main"]);
    git(&repo, &["checkout", "-qb", "topic"]);
    let manifest = "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec:\n  ports: [{ port: 80 }]\n";
    let keep = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: keep, namespace: shop }\n";
    write(&repo, "fresh/kustomization.yaml", "resources: [keep.yaml, web.yaml]\n");
    write(&repo, "fresh/keep.yaml", keep);
    write(&repo, "fresh/web.yaml", manifest);
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-qm", "two"]);
    let output = run(TOKEN, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let outputs = runner.read("output");
    for line in ["changed-apps=1", "changed-objects=2", "dangers=0"] {
        assert!(outputs.contains(line), "{outputs}");
    }
    let page = outputs.lines().find_map(|line| line.strip_prefix("diff-html=")).unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Service/shop/web") && page.contains("default-src 'none'"));
    assert!(runner.read("summary.md").contains("### gitops-lint diff: 2 objects in 1 app: 2 added"));
    let said = store.lock().unwrap()[0]["body"].as_str().unwrap().to_owned();
    assert!(said.starts_with(MARKER) && said.contains("Service/shop/web"), "{said}");

    // A fork's token writes nothing, and that fails nothing.
    std::fs::remove_file(runner.dir.path().join("summary.md")).unwrap();
    let output = run("of-a-fork", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("the step summary has it all"));
    assert!(runner.read("summary.md").contains("Service/shop/web"));

    // What is dangerous can fail it, and be meant.
    git(&repo, &["branch", "-f", "main", "topic"]);
    std::fs::remove_file(repo.join("fresh/web.yaml")).unwrap();
    write(&repo, "fresh/kustomization.yaml", "resources: [keep.yaml]\n");
    git(&repo, &["add", "."]);
    git(&repo, &["commit", "-qm", "three"]);
    assert_eq!(run(TOKEN, &[("fail-on-danger", "note")]).status.code(), Some(1));
    assert!(store.lock().unwrap()[0]["body"].as_str().unwrap().contains("deleted-traffic"));
    let meant = [("fail-on-danger", "note"), ("allow", "deleted-traffic")];
    assert_eq!(run(TOKEN, &meant).status.code(), Some(0));

    // Nothing to say any more.
    git(&repo, &["branch", "-f", "main", "topic"]);
    assert_eq!(run(TOKEN, &[]).status.code(), Some(0));
    assert!(store.lock().unwrap().is_empty());
    // And nobody is told where it is not wanted.
    let asked = server.requests().len();
    assert_eq!(run(TOKEN, &[("comment", "false")]).status.code(), Some(0));
    assert_eq!(server.requests().len(), asked);
}

/// The YAML blocks of the page about CI.
fn snippets() -> Vec<Value> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.filter_map(|block| serde_yaml::from_str(block).ok()).collect()
}

/// A repository with a branch that changes an object, and a place for programs that only seem to do something.
fn changed_repository() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;

    let dir = super::cli::scratch(&[
        ("kustomization.yaml", "resources: [web.yaml]\n"),
        (
            "web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: web }\ndata: { a: x }\n",
        ),
    ]);
    let root = dir.path();
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "one"]);
    git(root, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    git(root, &["checkout", "-qb", "topic"]);
    write(
        root,
        "web.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web, namespace: web }\ndata: { a: z }\n",
    );
    git(root, &["commit", "-qam", "two"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/comment.sh").display().to_string();
    let fetches = format!(
        "#!/bin/sh\ncase $* in *raw.githubusercontent.com*) cp {script} . ;; *) exec \"$CURL\" \"$@\" ;; esac\n"
    );
    for (name, text) in [("apt-get", "#!/bin/sh\n"), ("cargo", "#!/bin/sh\n"), ("curl", fetches.as_str())] {
        write(root, &format!("bin/{name}"), text);
        std::fs::set_permissions(root.join("bin").join(name), std::fs::Permissions::from_mode(0o755))
            .unwrap();
    }
    dir
}

fn run_snippet(dir: &Path, script: &str, env: &[(&str, &str)]) {
    let bin = Path::new(env!("CARGO_BIN_EXE_gitops-lint")).parent().unwrap();
    let path = format!("{}:{}:{}", dir.join("bin").display(), bin.display(), std::env::var("PATH").unwrap());
    let real = Command::new("sh").args(["-c", "command -v curl"]).output().unwrap();
    let mut command = Command::new("bash");
    command
        .args(["-ec", script])
        .current_dir(dir)
        .env_clear()
        .env("PATH", path)
        .env("CURL", text(&real.stdout).trim());
    let output = command.envs(env.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// The snippets of the page, as they stand there.
#[test]
fn the_snippets_comment() {
    let all = snippets();
    let dir = changed_repository();
    let one = |store: &Store| store.lock().unwrap().clone();

    let job = all.iter().find_map(|it| it.get("gitops-lint-diff")).unwrap();
    let lines: Vec<&str> =
        job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let store: Store = Arc::default();
    let list = "/api/v4/projects/12/merge_requests/7/notes";
    let made = |sent: &Value| json!({ "body": sent["body"], "system": false });
    let server = service(&store, list, &format!("{list}/"), "PUT", ("private-token", TOKEN), made);
    let url = server.url("/api/v4");
    let mut env = [
        ("GITLAB_CI", "true"),
        ("CI_API_V4_URL", url.as_str()),
        ("CI_PROJECT_ID", "12"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("GITLAB_TOKEN", TOKEN),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main"),
    ];
    run_snippet(dir.path(), &lines.join("\n"), &env);
    let said = one(&store);
    assert!(said.len() == 1 && said[0]["body"].as_str().unwrap().contains("ConfigMap/web/web"), "{said:?}");
    env[5].1 = "topic";
    run_snippet(dir.path(), &lines.join("\n"), &env);
    assert!(one(&store).is_empty(), "nothing changes any more");

    let steps =
        all.iter().find_map(|it| it["steps"].as_array().filter(|it| it[0]["checkout"] == "self")).unwrap();
    let threads: Store = Arc::default();
    let inner = Arc::clone(&threads);
    let server = Server::start(move |request| {
        let mut all = inner.lock().unwrap();
        if request.method == "GET" {
            return Answer::ok(json!({ "value": [] }).to_string());
        }
        all.push(serde_json::from_slice(&request.body).unwrap());
        Answer::ok("{}")
    });
    let url = server.url("/acme/");
    let env = [
        ("TF_BUILD", "True"),
        ("SYSTEM_COLLECTIONURI", url.as_str()),
        ("SYSTEM_TEAMPROJECT", "fleet"),
        ("BUILD_REPOSITORY_ID", "r1"),
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCHNAME", "main"),
        ("SYSTEM_ACCESSTOKEN", TOKEN),
    ];
    run_snippet(dir.path(), steps[1]["bash"].as_str().unwrap(), &env);
    let said = one(&threads);
    assert!(said[0]["comments"][0]["content"].as_str().unwrap().contains("ConfigMap/web/web"), "{said:?}");
}
