//! The condition keys of a request, by the slots that policies look at.
//!
//! A policy looks at slots, not at names: the names of a request's keys are turned to slots once ([`filled`]), and a
//! condition reads its slot with one index. A map from names to values was rejected: each condition would
//! hash a name.
//!
//! Texts are not copied. A slot says where its text is ([`source`]), and what number or date it is is found out when a
//! condition first asks ([`values`]). Keys that no condition comes to look at are never read.

pub(crate) mod filled;
pub(crate) mod shape;
pub(crate) mod slot;
pub(crate) mod source;
pub(crate) mod values;
