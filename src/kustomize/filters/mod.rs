//! What the fields of a kustomization do to resources, one file each.
//!
//! Mirrors `api/filters`.
