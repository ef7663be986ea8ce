//! What a host keeps. All of it is immutable, owns what it holds, and is shared by threads.
#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::request::{principal, refused};
use crate::types::*;

/// Compiled policies. Authorizers share their bytes.
#[derive(Clone)]
pub struct Image(pub(crate) engine::Image<Arc<[u8]>>);

/// Decides requests against the policies of one image or several. Immutable, and shared by threads.
pub struct Authorizer(pub(crate) engine::Authorizer<Arc<[u8]>>);

/// The action and the condition keys of one place in a program, looked up once, as a database prepares a statement. With
/// another authorizer it is looked up again for each decision, which stays right. Immutable, and shared by threads.
pub struct Site {
    pub(crate) own: engine::CallSite,
    pub(crate) keys: usize,
}

/// A caller, looked up once. With another authorizer it is looked up again for each decision, which stays right.
/// Immutable, and shared by threads.
pub struct Principal(pub(crate) engine::ResolvedPrincipal);

/// A text that belongs to whoever called, until `pc_string_free`.
pub struct OwnedText(pub(crate) String);

// What is promised of threads.
const _: fn() = || {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Image>();
    shared::<Authorizer>();
    shared::<Site>();
    shared::<Principal>();
    shared::<OwnedText>();
    shared::<Error>();
};

#[cfg(feature = "full")]
impl Image {
    /// Of an image that was compiled.
    pub(crate) fn of(own: engine::Image<Vec<u8>>) -> Result<Image> {
        let own = engine::Image::from_bytes(Arc::from(own.into_inner()));
        own.map(Image).map_err(Error::image)
    }
}

/// A set with one more document.
#[cfg(feature = "full")]
pub(crate) fn added(
    set: engine::PolicySet,
    document: &Document,
    name: &str,
    content: &str,
) -> Result<engine::PolicySet> {
    use engine::Layer;
    let has_levels = matches!(document.layer, PC_LAYER_SCP | PC_LAYER_RCP);
    let level = match u8::try_from(document.level) {
        Ok(level) if has_levels || level == 0 => level,
        _ => {
            return Err(Error::argument(format!(
                "there is no level {}",
                document.level
            )));
        }
    };
    let layer = match document.layer {
        PC_LAYER_IDENTITY => Layer::Identity,
        PC_LAYER_BOUNDARY => Layer::Boundary,
        PC_LAYER_SESSION => Layer::Session,
        PC_LAYER_RESOURCE | PC_LAYER_TRUST => Layer::Resource,
        PC_LAYER_VPC_ENDPOINT => Layer::VpcEndpoint,
        PC_LAYER_SCP => Layer::Scp(level),
        PC_LAYER_RCP => Layer::Rcp(level),
        other => return Err(Error::argument(format!("there is no layer {other}"))),
    };
    let is_trust = document.layer == PC_LAYER_TRUST;
    Ok(match document.kind {
        PC_CONTENT_TEXT => match layer {
            Layer::Resource if is_trust => set.trust(name, content),
            Layer::Identity => set.identity(name, content),
            Layer::Boundary => set.boundary(name, content),
            Layer::Session => set.session(name, content),
            Layer::Resource => set.resource(name, content),
            Layer::VpcEndpoint => set.vpc_endpoint(name, content),
            Layer::Scp(level) => set.scp(level, name, content),
            Layer::Rcp(level) => set.rcp(level, name, content),
        },
        PC_CONTENT_FILE if is_trust => set.trust_file(content),
        PC_CONTENT_FILE => set.file(layer, content),
        PC_CONTENT_NONE if content.is_empty() => set.present(layer),
        PC_CONTENT_NONE => return Err(Error::argument("no document has a content")),
        other => {
            return Err(Error::argument(format!(
                "there is no kind {other} of contents"
            )));
        }
    })
}

/// A principal by the kind of a caller and its names.
pub(crate) fn known(kind: u32, name: &str, of: &str) -> Result<engine::Principal> {
    let has_two = matches!(kind, PC_CALLER_SESSION | PC_CALLER_FEDERATED_USER);
    if has_two == of.is_empty() || (kind == PC_CALLER_ANONYMOUS) != name.is_empty() {
        return Err(Error::request("a caller has a name too many or too few"));
    }
    let refused = |error| refused(name, &error);
    match kind {
        PC_CALLER_ARN => principal(name),
        PC_CALLER_SESSION => engine::Principal::session(name, of).map_err(refused),
        PC_CALLER_FEDERATED_USER => engine::Principal::federated_user(name, of).map_err(refused),
        PC_CALLER_ANONYMOUS => Ok(engine::Principal::anonymous()),
        PC_CALLER_SERVICE => Ok(engine::Principal::service(name)),
        PC_CALLER_FEDERATED => Ok(engine::Principal::federated(name)),
        PC_CALLER_CANONICAL_USER => Ok(engine::Principal::canonical_user(name)),
        _ => Err(Error::argument(format!(
            "there is no kind {kind} of callers"
        ))),
    }
}

/// A principal with what else is known of it.
pub(crate) fn told(
    mut own: engine::Principal,
    flags: u32,
    user_id: &str,
) -> Result<engine::Principal> {
    const KNOWN: u32 =
        PC_CALLER_IN_MANAGEMENT_ACCOUNT | PC_CALLER_BY_SESSION_TOKEN | PC_CALLER_SERVICE_LINKED;
    if flags & !KNOWN != 0 {
        return Err(Error::flags(flags));
    }
    if flags & PC_CALLER_IN_MANAGEMENT_ACCOUNT != 0 {
        own = own.in_management_account();
    }
    if flags & PC_CALLER_BY_SESSION_TOKEN != 0 {
        own = own.by_session_token();
    }
    if flags & PC_CALLER_SERVICE_LINKED != 0 {
        own = own.service_linked();
    }
    match user_id {
        "" => Ok(own),
        id => Ok(own.with_user_id(id)),
    }
}
