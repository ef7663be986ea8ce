//! From a folder of dumps to the tables of a directory. Nothing that decides looks in here.

pub(crate) mod link;
pub(crate) mod problem;
pub(crate) mod raw;
pub(crate) mod read;
