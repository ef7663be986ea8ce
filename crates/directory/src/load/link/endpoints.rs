//! Policies of VPC endpoints, found by the id that `aws:SourceVpce` has in a request (`VPCE-1`).

use std::collections::BTreeMap;

use portcullis_model::Layer;

use crate::codes;

use crate::load::loader::Loader;
use crate::load::raw::SourceLoc;
use crate::store::ids::{PolicyId, SetsId, Symbol};

/// Interns the policies of endpoints, in the order of their ids. An endpoint that is there twice is
/// an error: each answer lists its endpoints once, so that one of two files is old.
pub(super) fn link_endpoints(loader: &mut Loader) -> Vec<(Symbol, SetsId)> {
    let mut endpoints: BTreeMap<Symbol, (PolicyId, SourceLoc)> = BTreeMap::new();
    for raw in std::mem::take(&mut loader.raw.endpoints) {
        match endpoints.get(&raw.id) {
            Some((_, old)) => {
                let message = format!(
                    "the endpoint `{}` is also defined at {}",
                    loader.strings.get(raw.id),
                    loader.location(*old)
                );
                loader.error(loader.location(raw.loc), codes::DUPLICATE, message);
            }
            None => {
                endpoints.insert(raw.id, (raw.policy, raw.loc));
            }
        }
    }
    endpoints
        .into_iter()
        .map(|(id, (policy, _))| {
            let sets = vec![(Layer::VpcEndpoint, vec![policy])];
            (id, loader.documents.intern_sets(sets))
        })
        .collect()
}
