//! Who asks, and how the policies that decide came to apply: what explanations say beside the verdicts.
//!
//! Everything is looked up again from the completed request, at the price of a second resolution, so that decisions carry nothing
//! for explanations. Without documents, in a directory that was opened as a file, layers are known and their policies are not.
//!
//! It says where a policy is attached (user, group, root, unit, account, resource, endpoint), by which group, which grants allow
//! or nearly do, and which keys the directory added. Sentences are made of it in `portcullis-explain`.

use bumpalo::Bump;
use portcullis_explain::{
    AccountStory, Applied, Attached, CallerStory, GrantMiss, GrantStory, LayerStory, Scene, Source,
    TargetStory,
};
use portcullis_image::LayerSet;
use portcullis_model::{Layer, PolicyKind, Request, split_arn};
use portcullis_syntax::Policy;

use crate::arn::arn_of;
use crate::decide::caller::{ResolvedCaller, find_caller, read_caller};
use crate::decide::completed::{CompletedRequest, is_assumed_root};
use crate::decide::context::FilledContext;
use crate::decide::grants::{GrantedOperation, has_encryption_context, has_operation, is_for};
use crate::decide::target::{ResolvedTarget, listed, target_of};
use crate::error::RequestError;
use crate::store::accounts::Account;
use crate::store::documents::Documents;
use crate::store::ids::{PolicyId, Symbol};
use crate::store::provenance::{Attachment, PrincipalPolicies};
use crate::store::tables::{PrincipalRow, Tables};

/// Where provenance is read.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'d> {
    /// Rows of callers, resources and accounts.
    pub(crate) tables: &'d Tables,
    /// None of a directory that is an image, which does not know how policies came to apply.
    pub(crate) documents: Option<&'d Documents>,
    /// See [`Generation::id`](crate::plan::generation::Generation::id).
    pub(crate) id: u64,
}

impl<'d> Sources<'d> {
    /// Tells where everything in a completed request comes from. `asked` is the request as it was before
    /// it was completed.
    ///
    /// # Errors
    /// [`RequestError`] as [`crate::Directory::complete`], which did not refuse the same, and for a request that another directory completed.
    pub(crate) fn provenance(
        &self,
        asked: &Request<'_>,
        completed: &CompletedRequest<'_>,
    ) -> Result<Scene, RequestError> {
        if completed.of != self.id {
            let text = "the request belongs to another directory".to_string();
            return Err(RequestError::Contradiction(text));
        }
        let tables = self.tables;
        let arena = Bump::new();
        let context = FilledContext::new(asked.context, &arena);
        let has_identity = completed.extra.identity.is_some() && !is_assumed_root(asked, &context);
        let arn = read_caller(tables, &asked.principal.caller);
        let known = find_caller(tables, &asked.principal, &arn, has_identity, tables)?;
        let own = known.principal.and_then(|found| self.own(found));
        let target = target_of(tables, asked, known.account);
        let mut layers = Vec::new();
        for id in completed.sets {
            let mut add = |layer: Layer, policies: Option<Vec<Applied>>| {
                layers.push(LayerStory {
                    layer,
                    source: self.source(layer, asked, &known),
                    policies,
                });
            };
            if let Some(documents) = self.documents {
                for (layer, policies) in documents.sets(*id) {
                    let policies = policies
                        .iter()
                        .map(|policy| self.applied(*policy, *layer, own))
                        .collect();
                    add(*layer, Some(policies));
                }
            } else {
                let layers: LayerSet = tables.uses(*id).map(|(layers, _)| layers).collect();
                layers.iter().for_each(|layer| add(layer, None));
            }
        }
        let extra = &completed.extra;
        for (layer, policies) in [
            (Layer::Identity, &extra.identity),
            (Layer::Session, &extra.session),
        ] {
            if let Some(policies) = policies {
                let applied = |policy: &Policy<'_>| Applied {
                    name: policy.name.to_string(),
                    place: policy.file.to_string(),
                    path: String::new(),
                    attached: Vec::new(),
                };
                layers.push(LayerStory {
                    layer,
                    source: Source::Request,
                    policies: Some(policies.iter().map(applied).collect()),
                });
            }
        }
        Ok(Scene {
            caller: CallerStory {
                entity: known.principal.map(|found| tables.arn(found.entity())),
                id: known
                    .principal
                    .filter(|found| found.id.is_some())
                    .map(|found| tables.str(found.id).to_string()),
                account: known.account.map(|account| self.account_story(account)),
                groups: own.map(|own| self.strings(&own.groups)),
            },
            target: TargetStory {
                owner: target.owner.map(|account| self.account_story(account)),
                is_assumed: target.is_assumed,
                grants: self.grants(&target, &completed.request),
            },
            layers,
            added: added(asked, completed),
        })
    }

    /// The grants that allow a request, or lack one thing to do so.
    fn grants(&self, target: &ResolvedTarget<'_>, request: &Request<'_>) -> Vec<GrantStory> {
        let tables = self.tables;
        let Some(operation) = GrantedOperation::of(request.action) else {
            return Vec::new();
        };
        let caller = &request.principal.caller;
        let context = request.context.iter().map(|own| (own.key, own.values));
        let mut told = Vec::new();
        for grant in tables.grants(target.grants) {
            let missing = [
                (
                    is_for(tables, grant, operation, target, caller),
                    GrantMiss::Grantee,
                ),
                (
                    has_operation(tables, grant, operation),
                    GrantMiss::Operation,
                ),
                (
                    has_encryption_context(tables, grant, context.clone()),
                    GrantMiss::EncryptionContext,
                ),
            ];
            let mut missing = missing.into_iter().filter(|(fits, _)| !fits);
            let (miss, more) = (missing.next(), missing.next());
            if more.is_some() {
                continue;
            }
            let pairs = [grant.subset, grant.equals].into_iter();
            let pairs = pairs.flat_map(|range| tables.pair_strings(range));
            told.push(GrantStory {
                id: grant.id.some().map(|id| tables.str(id).to_string()),
                grantee: tables.str(grant.grantee).to_string(),
                operations: tables
                    .pair_strings(grant.operations)
                    .map(|(own, _)| own.to_string())
                    .collect(),
                context: pairs
                    .map(|(key, value)| (key.to_string(), value.to_string()))
                    .collect(),
                miss: miss.map(|(_, miss)| miss),
            });
        }
        told.sort_by_key(|own| own.miss.is_some());
        told
    }

    /// True if a layer takes part in a completed request, by a policy of the directory or one that came with the request.
    pub(crate) fn has_layer(&self, completed: &CompletedRequest<'_>, layer: Layer) -> bool {
        let mut sets = completed.sets.iter();
        let extra = &completed.extra;
        match layer {
            Layer::Identity if extra.identity.is_some() => true,
            Layer::Session if extra.session.is_some() => true,
            _ => sets.any(|id| {
                self.tables
                    .uses(*id)
                    .any(|(layers, _)| layers.contains(layer))
            }),
        }
    }

    /// How a user or role came to have its policies.
    fn own(&self, principal: &PrincipalRow) -> Option<&'d PrincipalPolicies> {
        let all = self.documents?.attachments.as_ref()?;
        let mut rows = self.tables.principals().iter();
        all.principals
            .get(rows.position(|row| std::ptr::eq(row, principal))?)
    }

    /// The policies of a group, each with how the group came to have it; none if the directory has no
    /// such group, or was not read for explanations.
    pub(crate) fn group_policies(
        &self,
        arn: &str,
        arena: &'d Bump,
    ) -> Option<Vec<(Attached, Policy<'d>)>> {
        let documents = self.documents?;
        let (_, account, rest) = arn_of(arn, "iam")?;
        let name = rest.strip_prefix("group/")?.rsplit('/').next()?;
        let key = (account, name.to_ascii_lowercase());
        let policies = documents.attachments.as_ref()?.groups.get(&key)?;
        let read = policies.iter().map(|(attachment, id)| {
            let strings = self.tables.strings();
            let policy = documents.read(*id, PolicyKind::Identity, strings, arena)?;
            Some((self.attached(*attachment), policy))
        });
        read.collect()
    }

    /// How a policy came to apply, in the words of explanations.
    fn attached(&self, attachment: Attachment) -> Attached {
        let group = |name: Symbol| self.tables.str(name).to_string();
        match attachment {
            Attachment::Inline(None) => Attached::Inline,
            Attachment::Managed(None) => Attached::Managed,
            Attachment::Inline(Some(name)) => Attached::GroupInline(group(name)),
            Attachment::Managed(Some(name)) => Attached::GroupManaged(group(name)),
        }
    }

    /// The texts of some symbols.
    fn strings(&self, names: &[Symbol]) -> Vec<String> {
        let strings = names.iter().map(|name| self.tables.str(*name));
        strings.map(str::to_string).collect()
    }

    /// An account in the words of explanations.
    fn account_story(&self, account: &Account) -> AccountStory {
        let path = account.org_path.some().filter(|_| account.is_member);
        let path = path.map(|path| self.tables.str(path).to_string());
        AccountStory {
            number: format!("{:012}", account.number),
            path,
            is_management: account.is_management,
            is_dumped: account.is_dumped,
        }
    }

    /// A policy of a set, with every way in which the caller came to have it: one policy may be attached to a user and to two
    /// of its groups.
    fn applied(&self, policy: PolicyId, layer: Layer, own: Option<&PrincipalPolicies>) -> Applied {
        let strings = self.tables.strings();
        let documents = self.documents;
        let name = documents.map_or(Symbol::NONE, |documents| documents.name(policy));
        let place = documents.map_or("", |documents| documents.reference(policy));
        let ways = own
            .filter(|_| layer == Layer::Identity)
            .map_or(&[][..], |own| &own.policies);
        let attached = ways.iter().filter(|(_, own)| *own == policy);
        Applied {
            name: strings.get(name).to_string(),
            place: place.to_string(),
            path: String::new(),
            attached: attached
                .map(|(attachment, _)| self.attached(*attachment))
                .collect(),
        }
    }

    /// What a set of the directory is attached to.
    fn source(&self, layer: Layer, asked: &Request<'_>, known: &ResolvedCaller<'_, '_>) -> Source {
        let tables = self.tables;
        match layer {
            Layer::Identity | Layer::Boundary | Layer::Session => match known.principal {
                Some(principal) => Source::Entity(tables.arn(principal.entity())),
                None => Source::Request,
            },
            Layer::Scp(level) => self.node(known.account, level),
            Layer::Rcp(level) => self.node(target_of(tables, asked, known.account).owner, level),
            Layer::VpcEndpoint => {
                let mut given = asked.context.iter();
                let entry = given.find(|entry| entry.key.eq_ignore_ascii_case("aws:SourceVpce"));
                let id = entry.and_then(|entry| entry.values.first());
                Source::Endpoint(id.copied().unwrap_or_default().to_string())
            }
            Layer::Resource => {
                let is_trust = target_of(tables, asked, known.account).is_role_of_sts;
                let listed = listed(tables, asked.resource, split_arn(asked.resource));
                match listed.named() {
                    _ if is_trust => Source::Trust(asked.resource.to_string()),
                    Some(found) => Source::Resource(tables.str(found.arn).to_string()),
                    None => Source::Resource(asked.resource.to_string()),
                }
            }
        }
    }

    /// The node of the organization at a level of an account's chain: `o-…/r-…/ou-…/` are the nodes
    /// above the account, which is the last.
    fn node(&self, account: Option<&Account>, level: u8) -> Source {
        let Some(account) = account else {
            return Source::Request;
        };
        let path = account.org_path.some();
        let path = path.map_or("", |path| self.tables.str(path));
        let mut nodes = path.split('/').skip(1).filter(|node| !node.is_empty());
        match (nodes.nth(usize::from(level)), level) {
            (Some(root), 0) => Source::Root(root.to_string()),
            (Some(unit), _) => Source::Unit(unit.to_string()),
            (None, _) => Source::Account(format!("{:012}", account.number)),
        }
    }
}

/// What the request's context has that the request had not.
fn added(asked: &Request<'_>, completed: &CompletedRequest<'_>) -> Vec<(String, Vec<String>)> {
    let is_given = |key: &str| {
        let mut given = asked.context.iter();
        given.any(|entry| entry.key.eq_ignore_ascii_case(key))
    };
    let all = completed.request.context.iter();
    let mut added: Vec<(String, Vec<String>)> = all
        .filter(|entry| !entry.values.is_empty() && !is_given(entry.key))
        .map(|entry| {
            let values = entry.values.iter().map(ToString::to_string);
            (entry.key.to_string(), values.collect())
        })
        .collect();
    added.sort();
    added
}
