//! Servers whose certificate an authority of one's own has signed: a static directory behind Python's TLS.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Scene, Started, application, chart, free_port, sha256, wait_for};

/// An authority, another one, and a certificate of the first for `localhost`.
fn certificates(dir: &Path) -> bool {
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        command.args(args.split(' ')).current_dir(dir).stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    std::fs::write(
        dir.join("names"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    )
    .unwrap();
    ["ca", "other"].iter().all(|name| {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        ))
    }) && openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr")
        && openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem")
}

const SERVER: &str = "import functools, http.server, ssl, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3] + '/server.pem', sys.argv[3] + '/server.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";

#[test]
fn authorities_are_those_of_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    if !certificates(dir.path()) {
        crate::skipped("openssl is not installed");
        return;
    }
    let served = dir.path().join("served");
    std::fs::create_dir(&served).unwrap();
    let archive = chart("web", "1.0.0", &[]);
    let index =
        format!("entries:\n  web: [{{ version: 1.0.0, digest: {}, urls: [web.tgz] }}]\n", sha256(&archive));
    std::fs::write(served.join("web.tgz"), &archive).unwrap();
    std::fs::write(served.join("index.yaml"), index).unwrap();
    let port = free_port();
    let started = Command::new("python3")
        .args(["-c", SERVER, &port.to_string()])
        .arg(&served)
        .arg(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(started) = started else {
        crate::skipped("python3 is not installed");
        return;
    };
    let _server = Started(started);
    wait_for(port);
    let scene = Scene::new(&[(
        "app.yaml",
        &application("web", &format!("https://localhost:{port}"), "web", "1.0.0"),
    )]);
    let fetch = |variables: &[(&str, &Path)]| {
        let mut command = scene.command(&["fetch", "--allow-local"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (output.status.code().unwrap(), super::said(&output))
    };
    let (ca, other) = (dir.path().join("ca.pem"), dir.path().join("other.pem"));
    for wrong in [&[][..], &[("SSL_CERT_FILE", other.as_path())]] {
        let (code, said) = fetch(wrong);
        assert!(code == 1 && said.contains("certificate"), "{said}");
        assert_eq!(scene.halves(), 0);
    }
    let authorities = dir.path().join("authorities");
    std::fs::create_dir(&authorities).unwrap();
    std::fs::copy(&ca, authorities.join("ca.pem")).unwrap();
    for right in [
        &[("CURL_CA_BUNDLE", ca.as_path())][..],
        &[("SSL_CERT_FILE", ca.as_path())],
        &[("SSL_CERT_DIR", authorities.as_path())],
        // The first that is set counts, as in curl.
        &[("CURL_CA_BUNDLE", ca.as_path()), ("SSL_CERT_FILE", other.as_path())],
    ] {
        let _ = std::fs::remove_dir_all(scene.dir.path().join("cache"));
        let (code, said) = fetch(right);
        assert!(code == 0 && said.contains("1 fetched"), "{right:?}: {said}");
    }
    let (_, apps) = scene.run(&["apps"]);
    assert!(apps.contains("  rendered  "), "{apps}");
}
