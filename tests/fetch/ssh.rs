//! Git over SSH: OpenSSH's own server on the loopback address, with keys of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use super::git::{flux, origin};
use super::{Scene, Started, free_port, wait_for};

const SERVER: &str = "/usr/sbin/sshd";

fn keygen(path: &Path) -> bool {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A server that lets the key `user` in; what its clients may say is in `more`.
fn server(dir: &Path, more: &str) -> Option<(Started, u16)> {
    let port = free_port();
    let at = |name: &str| dir.join(name).display().to_string();
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\n{more}\n",
        at("host"),
        at("user.pub")
    );
    std::fs::write(dir.join("sshd_config"), settings).unwrap();
    let mut command = Command::new(SERVER);
    command.args(["-D", "-e", "-f"]).arg(dir.join("sshd_config"));
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let started = Started(started);
    wait_for(port);
    let key = std::fs::read_to_string(dir.join("host.pub")).unwrap();
    std::fs::write(dir.join("known"), format!("[127.0.0.1]:{port} {key}")).unwrap();
    Some((started, port))
}

#[test]
fn a_server_with_keys() {
    let dir = tempfile::tempdir().unwrap();
    if !Path::new(SERVER).is_file()
        || !["host", "user", "other"].iter().all(|it| keygen(&dir.path().join(it)))
    {
        crate::skipped("OpenSSH's server is not installed");
        return;
    }
    let _ = std::fs::create_dir_all("/run/sshd");
    origin(dir.path());
    let user = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap().trim().to_owned();
    // With the second version of the protocol, and where the server does not let the client ask for it.
    for more in ["AcceptEnv GIT_PROTOCOL", ""] {
        let Some((_server, port)) = server(dir.path(), more) else {
            crate::skipped("OpenSSH's server cannot be started");
            return;
        };
        let url = format!("ssh://{user}@127.0.0.1:{port}{}/org/base.git", dir.path().display());
        let scene = Scene::new(&[("flux.yaml", &flux(&url, "branch: main"))]);
        let run = |key: &str, known: &str, args: &[&str]| {
            let at = |name: &str| dir.path().join(name).display().to_string();
            let ssh = format!("ssh -F /dev/null -i {} -o UserKnownHostsFile={}", at(key), at(known));
            let mut command = scene.command(args);
            command.env("PATH", std::env::var_os("PATH").unwrap()).env("GIT_SSH_COMMAND", ssh);
            let output = command.output().unwrap();
            (output.status.code().unwrap(), super::said(&output))
        };
        let local = ["fetch", "--allow-local"];
        let (code, said) = run("user", "known", &["fetch"]);
        assert!(code == 1 && said.contains("leads to this machine"), "{said}");
        let (code, said) = run("user", "nobody", &local);
        assert!(code == 1 && said.contains("Host key verification failed."), "{said}");
        let (code, said) = run("other", "known", &local);
        assert!(code == 1 && said.contains("Permission denied (publickey)"), "{said}");
        let (code, said) = run("user", "known", &local);
        assert!(code == 0 && said.contains("fetched  git  ssh://"), "{said}");
        let (_, rendered) = scene.run(&["render", "app", "base"]);
        assert!(rendered.contains("value: newest"), "{rendered}");
        assert_eq!(scene.halves(), 0);

        scene.write("flux.yaml", &flux(&url.replace("base.git", "none.git"), "branch: main"));
        let (code, said) = run("user", "known", &local);
        assert!(code == 1 && said.contains("does not appear to be a git repository"), "{said}");
    }
    // What a manifest writes is never a word for `ssh` or the server's shell.
    for url in ["ssh://-oProxyCommand=touch%20x/o/r", "git@-oProxyCommand=id:o/r", "git@h.invalid:o/$(id)'r"]
    {
        let scene = Scene::new(&[("flux.yaml", &flux(&url.replace('\'', "''"), "branch: main"))]);
        let (code, said) = scene.run(&["fetch", "--allow-local"]);
        assert!(code == 1 && said.contains("is no URL of a Git repository"), "{said}");
    }
}
