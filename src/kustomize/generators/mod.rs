//! What `configMapGenerator` and `secretGenerator` make.
//!
//! Mirrors `api/internal/generators` and `api/kv`.
