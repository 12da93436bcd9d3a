//! The other end of the line: reads requests, downloads some at a time, answers in the order in which they end.

use std::io::{BufRead, Write};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::cache::{Content, Kind, Known, Store};

use super::charts::{self, Indexes};
use super::guard::Guard;
use super::http::Client;
use super::{Environment, Failure, Outcome, Reply, Request, Start, bucket, files, git, oci};

/// What all downloads share.
struct Downloads {
    client: Client,
    store: Store,
    indexes: Indexes,
    registries: oci::Registries,
}

/// Answers requests until there are none. `Err` where the line itself is broken.
pub fn serve(input: impl BufRead, output: impl Write + Send, environment: Environment) -> Result<(), String> {
    let mut lines = input.lines();
    let broken = |error: &dyn std::fmt::Display| format!("cannot read what to download: {error}");
    let first = match lines.next() {
        Some(line) => line.map_err(|error| broken(&error))?,
        None => return Ok(()),
    };
    let start: Start = serde_json::from_str(&first).map_err(|error| broken(&error))?;
    let guard = Guard { hosts: start.allow_hosts, local: start.allow_local, proxy: None };
    let downloads = Downloads {
        client: Client::new(guard, environment, Duration::from_secs(start.timeout.max(1))),
        store: Store::new(&start.cache),
        indexes: Indexes::default(),
        registries: oci::Registries::default(),
    };
    let output = Mutex::new(output);
    let (send, receive) = mpsc::channel::<Request>();
    let receive = Mutex::new(receive);
    thread::scope(|scope| {
        for _ in 0..start.jobs.clamp(1, 64) {
            scope.spawn(|| {
                loop {
                    let next = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(request) = next else { break };
                    let reply = Reply { id: request.id, outcome: downloads.answer(&request) };
                    let Ok(mut line) = serde_json::to_vec(&reply) else { break };
                    line.push(b'\n');
                    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                    if output.write_all(&line).and_then(|()| output.flush()).is_err() {
                        break;
                    }
                }
            });
        }
        let result = lines.try_for_each(|line| {
            let line = line.map_err(|error| broken(&error))?;
            let request = serde_json::from_str(&line).map_err(|error| broken(&error))?;
            send.send(request).map_err(|error| broken(&error))
        });
        drop(send);
        result
    })
}

impl Downloads {
    fn answer(&self, request: &Request) -> Outcome {
        let want = &request.want;
        let fixed = match request.fixed.as_ref().map(|fixed| (fixed, fixed.content.parse::<Content>())) {
            None => None,
            Some((fixed, Ok(content))) => Some(Known { version: fixed.version.clone(), content }),
            Some((_, Err(words))) => return Outcome::Failed(words),
        };
        let here = match &fixed {
            Some(known) => self.store.has(&known.content).then(|| known.clone()),
            None if request.refresh => None,
            None => self.store.lookup(want),
        };
        if let Some(Known { version, content }) = here {
            return Outcome::Here { version, content: content.to_string(), bytes: 0 };
        }
        let result = match want.kind {
            Kind::Bucket => bucket::download(want, fixed.as_ref(), &self.client, &self.store),
            Kind::Git => git::download(want, fixed.as_ref(), &self.client, &self.store),
            Kind::Chart => charts::download(
                want,
                fixed.as_ref(),
                &self.client,
                &self.indexes,
                &self.registries,
                &self.store,
            ),
            Kind::OciChart => {
                oci::download_chart(want, fixed.as_ref(), &self.client, &self.registries, &self.store)
            }
            Kind::OciArtifact => {
                oci::download_artifact(want, fixed.as_ref(), &self.client, &self.registries, &self.store)
            }
            Kind::File => files::download(want, fixed.as_ref(), &self.client, &self.store),
        };
        let remembered = result.and_then(|(known, bytes)| self.remember(request, known, bytes));
        remembered.unwrap_or_else(Outcome::Failed)
    }

    fn remember(&self, request: &Request, known: Known, bytes: u64) -> Result<Outcome, Failure> {
        let failed = |error| format!("cannot write to the cache: {error}");
        self.store.remember(&request.want, &known).map_err(failed)?;
        Ok(Outcome::Here { version: known.version, content: known.content.to_string(), bytes })
    }
}
