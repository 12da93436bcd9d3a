//! The items of a slice.

use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::Arc;

use crate::source::SourceFile;

use super::value::{Data, IntKind, Value};

/// Items that are there, or the bytes of a file, of which each becomes an item when somebody looks at one of them: templates
/// range over files for their names, and a value takes forty times the memory of a byte.
#[derive(Default)]
pub struct Items {
    made: OnceCell<Vec<Value>>,
    file: Option<Arc<SourceFile>>,
    is_nil: bool,
}

impl Items {
    /// No items, and no slice either: Go's `nil`, which encoders write as `null`.
    pub fn nil() -> Self {
        Self { is_nil: true, ..Self::default() }
    }

    /// Whether the slice is `nil`.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// The bytes of a file.
    pub fn bytes_of(file: Arc<SourceFile>) -> Self {
        Self { made: OnceCell::new(), file: Some(file), is_nil: false }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.file.as_ref().map_or_else(|| self.deref().len(), |file| file.bytes().len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out the items that have been made.
    pub(super) fn take(&mut self) -> Vec<Value> {
        self.made.take().unwrap_or_default()
    }
}

impl From<Vec<Value>> for Items {
    fn from(items: Vec<Value>) -> Self {
        Self { made: items.into(), file: None, is_nil: false }
    }
}

impl FromIterator<Value> for Items {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl Deref for Items {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.made.get_or_init(|| {
            let bytes = self.file.iter().flat_map(|file| file.bytes());
            bytes.map(|byte| Value::of(Data::Int((*byte).into(), IntKind::Uint8))).collect()
        })
    }
}
