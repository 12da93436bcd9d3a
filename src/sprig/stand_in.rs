//! Stand-ins for what is random in real life: the same call with the same arguments always gives the same answer.
//!
//! A linter compares renders with each other, so a password that is new every time would be noise. The seed is the
//! function's name, the place of its call in the template and its arguments. The file is not part of it, because
//! files are numbered in the order in which they happen to be read.

use sha2::{Digest as _, Sha256};

use crate::gotemplate::{Call, Value};

use super::args::strval;

/// Pseudo-random bytes from a seed: SHA-256 in counter mode.
pub(super) struct StandIn {
    seed: [u8; 32],
    counter: u64,
    block: Vec<u8>,
}

impl StandIn {
    /// For a call.
    pub(super) fn of(call: &Call<'_, '_>, args: &[Value]) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}", call.name));
        if let Some(at) = call.at {
            hash.update(at.start.to_be_bytes());
            hash.update(at.end.to_be_bytes());
        }
        for arg in args {
            let text = strval(arg);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Self { seed: hash.finalize().into(), counter: 0, block: Vec::new() }
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.block.pop() {
                return byte;
            }
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.counter.to_be_bytes());
            self.counter += 1;
            self.block = hash.finalize().to_vec();
        }
    }

    /// Some bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// A number below `bound`, which is at least one.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let word = (0..8).fold(0u64, |word, _| word << 8 | u64::from(self.byte()));
        word % bound.max(1)
    }
}
