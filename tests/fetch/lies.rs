//! Servers that lie, stall and overflow: each gives words that say so, and nothing half-written stays.

use std::io::{Read, Write};
use std::time::Duration;

use super::server::{Answer, Request, Server, tgz};
use super::{Scene, application, chart};

/// Fetches a chart whose archive is answered in some way; what is said of it.
fn archive(answer: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    told("entries:\n  web:\n  - { version: 1.0.0, urls: [web.tgz] }\n", answer)
}

fn told(index: &'static str, answer: impl Fn() -> Answer + Send + Sync + 'static) -> String {
    let server = Server::start(move |request: &Request| match request.path.as_str() {
        "/index.yaml" => Answer::ok(index),
        _ => answer(),
    });
    let scene = Scene::new(&[("app.yaml", &application("web", &server.url(""), "web", "1.0.0"))]);
    let (code, said) = scene.run(&["fetch", "--allow-local", "--timeout", "2"]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(scene.halves(), 0, "{said}");
    assert!(!scene.dir.path().join("cache/v1/sha256").exists(), "{said}");
    assert_eq!(scene.lock(), "", "{said}");
    said
}

fn raw(write: impl Fn(&mut dyn Write) + Send + Sync + Clone + 'static) -> Answer {
    Answer::Raw(Box::new(move |stream| write(stream)))
}

#[test]
fn each_lie_has_its_words() {
    let good = chart("web", "1.0.0", &[]);
    let digest = "entries:\n  web:\n  - { version: 1.0.0, urls: [web.tgz], digest: 0000000000000000000000000000000000000000000000000000000000000000 }\n";
    let said = told(digest, {
        let good = good.clone();
        move || Answer::ok(good.clone())
    });
    assert!(said.contains("is not what the index says"), "{said}");

    let said = archive({
        let good = good.clone();
        move || {
            let good = good.clone();
            raw(move |stream| {
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", good.len());
                let _ = stream.write_all(&good[..good.len() / 2]);
            })
        }
    });
    assert!(said.contains("breaks off"), "{said}");

    let said = archive(|| Answer::ok("<html>sorry</html>"));
    assert!(said.contains("cannot be unpacked"), "{said}");
    let said = archive(|| Answer::ok(tgz(&[("web/values.yaml", "a: 1\n")])));
    assert!(said.contains("holds no Chart.yaml"), "{said}");
    let said = archive(|| Answer::status(404));
    assert!(said.contains("answers 404 Not Found"), "{said}");

    for target in ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x"] {
        let said = archive(move || Answer::redirect(target));
        assert!(said.contains("which is no URL over HTTP"), "{said}");
    }
    let said = archive(|| Answer::redirect("/web.tgz"));
    assert!(said.contains("redirects more than 10 times"), "{said}");
    let said = archive(|| raw(|stream| drop(stream.write_all(b"SSH-2.0-OpenSSH\r\n"))));
    assert!(said.contains("failed ") && said.contains("web.tgz"), "{said}");
}

#[test]
fn what_is_endless_is_cut_off() {
    let said = archive(|| {
        raw(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let block = vec![0x55; 1 << 16];
            while stream.write_all(&block).is_ok() {}
        })
    });
    assert!(said.contains("sends more than 64 MiB") || said.contains("takes longer than 2 s"), "{said}");
    let said = archive(|| {
        raw(|stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")))
    });
    assert!(said.contains("sends more than 64 MiB"), "{said}");
    // Headers without an end.
    let said = archive(|| {
        raw(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream
                .write_all(b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
                .is_ok()
            {}
        })
    });
    assert!(said.contains("failed "), "{said}");
    // A byte a while: slow loris, the other way round.
    let said = archive(|| {
        raw(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            for _ in 0..100 {
                std::thread::sleep(Duration::from_millis(100));
                if stream.write_all(b"x").is_err() {
                    break;
                }
            }
        })
    });
    assert!(said.contains("takes longer than 2 s"), "{said}");
}

/// A megabyte that unpacks to more than any chart has.
#[test]
fn bombs_do_not_go_off() {
    // Packed beforehand: the time that this takes is not the server's.
    let bomb = {
        let pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let mut tar = tar::Builder::new(pack);
        for number in 0..60 {
            let mut header = tar::Header::new_gnu();
            header.set_size(4 << 20);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("web/{number}"), std::io::repeat(0).take(4 << 20)).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    };
    let said = archive(move || Answer::ok(bomb.clone()));
    assert!(said.contains("cannot be unpacked") && said.contains("more than the limit"), "{said}");
    let said = archive(|| {
        Answer::ok(tgz(&[("web/Chart.yaml", "name: web\nversion: 1.0.0\n"), ("web/../../../evil", "x")]))
    });
    assert!(said.contains("cannot be unpacked"), "{said}");
}

#[test]
fn later_is_waited_for() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let good = chart("web", "1.0.0", &[]);
    let server = Server::start(move |request: &Request| {
        let number = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        match (number, request.path.as_str()) {
            (0, _) => Answer::status(503).with("Retry-After", "0"),
            (1, _) => Answer::status(429).with("Retry-After", "1"),
            (_, "/index.yaml") => Answer::ok("entries:\n  web:\n  - { version: 1.0.0, urls: [web.tgz] }\n"),
            _ => Answer::ok(good.clone()),
        }
    });
    let scene = Scene::new(&[("app.yaml", &application("web", &server.url(""), "web", "1.0.0"))]);
    scene.fetch();
    let said = archive(|| Answer::status(429).with("Retry-After", "3600"));
    assert!(said.contains("answers 429 Too Many Requests and asks to come back in 3600 s"), "{said}");
}
