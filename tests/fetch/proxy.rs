//! Proxies and certificates as curl reads them.

#![allow(
    clippy::allow_attributes,
    clippy::disallowed_types,
    reason = "a proxy connects to what it is asked for"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::static_index::repository;
use super::{Scene, application, chart};

/// A proxy that takes every host to one port of this machine; the lines that asked it to.
fn proxy(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let asked = Arc::clone(&log);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = Arc::clone(&asked);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                reader.read_line(&mut first).unwrap();
                asked.lock().unwrap().push(first.trim().to_owned());
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                        break;
                    }
                }
                let mut other = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let mut back = stream.try_clone().unwrap();
                back.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                let mut from = other.try_clone().unwrap();
                std::thread::spawn(move || drop(std::io::copy(&mut from, &mut back)));
                let _ = std::io::copy(&mut reader, &mut other);
            });
        }
    });
    (port, log)
}

#[test]
fn through_a_proxy() {
    let server = repository(vec![("web", "1.0.0", chart("web", "1.0.0", &[]))]);
    let (port, asked) = proxy(server.port);
    let scene =
        Scene::new(&[("app.yaml", &application("web", "http://charts.invalid/charts", "web", "1.0.0"))]);
    let run = |proxy: &str, but: &str| {
        let mut command = scene.command(&["fetch"]);
        command.env("http_proxy", proxy).env("no_proxy", but);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), super::said(&output))
    };
    let (code, said) = run(&format!("http://u:hidden@127.0.0.1:{port}"), "charts.invalid");
    assert!(
        code == 1 && said.contains("the host `charts.invalid` was not found") && !said.contains("hidden"),
        "{said}"
    );
    assert!(asked.lock().unwrap().is_empty());
    // The user's own proxy may be on this machine.
    let (code, said) = run(&format!("http://127.0.0.1:{port}"), "");
    assert_eq!(code, 0, "{said}");
    assert!(asked.lock().unwrap()[0].starts_with("CONNECT charts.invalid:80 "), "{asked:?}");
    // What is refused is refused through a proxy as well.
    scene.write("app.yaml", &application("web", &server.url("/charts"), "web", "1.0.0"));
    let (code, said) = run(&format!("http://127.0.0.1:{port}"), "");
    assert!(code == 1 && said.contains("leads to this machine"), "{said}");
}

#[test]
fn certificates_that_cannot_be_read() {
    let scene = Scene::new(&[("app.yaml", &application("web", "https://charts.invalid", "web", "1.0.0"))]);
    let mut command = scene.command(&["fetch"]);
    let output = command.env("SSL_CERT_FILE", scene.dir.path().join("none.pem")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(super::said(&output).contains("cannot read the certificates in `"), "{}", super::said(&output));
}

/// A proxy that others use: what it lets through arrives, what it refuses is said.
#[test]
fn tinyproxy() {
    let server = repository(vec![("web", "1.0.0", chart("web", "1.0.0", &[]))]);
    for (allowed, code) in [(server.port, 0), (1, 1)] {
        let scene = Scene::new(&[("app.yaml", &application("web", &server.url("/charts"), "web", "1.0.0"))]);
        let port = super::free_port();
        let (settings, log) = (scene.dir.path().join("proxy.conf"), scene.dir.path().join("proxy.log"));
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nConnectPort {allowed}\nLogFile \"{}\"\nLogLevel Connect\n",
            log.display()
        );
        std::fs::write(&settings, text).unwrap();
        let mut command = std::process::Command::new(super::tool("tinyproxy"));
        command.arg("-d").arg("-c").arg(&settings).stdin(std::process::Stdio::null());
        let started = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn();
        let Ok(started) = started else {
            crate::skipped("tinyproxy is not installed");
            return;
        };
        let _started = super::Started(started);
        super::wait_for(port);
        let mut command = scene.command(&["fetch", "--allow-local"]);
        let output = command.env("http_proxy", format!("http://127.0.0.1:{port}")).output().unwrap();
        let said = super::said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        let wanted = if code == 0 { "1 fetched" } else { "403" };
        assert!(said.contains(wanted), "{said}");
        let asked = format!("CONNECT 127.0.0.1:{}", server.port);
        assert!(std::fs::read_to_string(&log).unwrap().contains(&asked));
    }
}
