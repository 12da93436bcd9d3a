//! What was made of one content once, for all who ask again: states of a repository share nearly all of their files.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Facts by their types. They live as long as what they were made of, and follow from nothing else.
#[derive(Default)]
pub struct Facts {
    known: RwLock<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts")
    }
}

impl Facts {
    /// The fact of this type, made by the first who asks. Two may make it at one time; all get the one that was kept.
    pub fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let is_it = |(id, _): &&(TypeId, Arc<dyn Any + Send + Sync>)| *id == TypeId::of::<T>();
        let find = |known: &[(TypeId, Arc<dyn Any + Send + Sync>)]| {
            known.iter().find(is_it).and_then(|(_, fact)| Arc::clone(fact).downcast().ok())
        };
        if let Some(fact) = find(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            return fact;
        }
        // Made outside of the lock: what makes it may ask for another.
        let fact = Arc::new(make());
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(fact) = find(&known) {
            return fact;
        }
        known.push((TypeId::of::<T>(), Arc::clone(&fact) as Arc<dyn Any + Send + Sync>));
        fact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_made_once() {
        let facts = Facts::default();
        let one = facts.get(|| 1_u32);
        assert_eq!((*one, *facts.get(|| 2_u32), *facts.get(|| 3_u64)), (1, 1, 3));
        assert!(Arc::ptr_eq(&one, &facts.get(|| 4_u32)));
    }
}
