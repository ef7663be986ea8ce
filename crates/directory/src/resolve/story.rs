//! Who asks, and how the policies that decide came to apply: what explanations say beside the verdicts.

use bumpalo::Bump;
use portcullis_explain::{
    AccountStory, Applied, Attached, CallerStory, GrantMiss, GrantStory, LayerStory, Scene, Source,
    TargetStory,
};
use portcullis_image::layer_mask;
use portcullis_model::{Layer, PolicyKind, Request, split_arn};
use portcullis_syntax::Policy;

use crate::Directory;
use crate::attachments::{Attachment, Own};
use crate::documents::PolicyId;
use crate::model::{Account, NONE, Principal};
use crate::read::fields::arn_of;
use crate::resolve::caller::Known;
use crate::resolve::context::{Context, GrantedOperation};
use crate::resolve::target::Target;
use crate::resolve::{Question, Refusal, is_assumed_root};
use crate::texts::Name;

impl Directory {
    /// Tells where everything in a question comes from. `asked` is the request that the question was
    /// made of.
    ///
    /// # Errors
    /// [`Refusal`] as [`Directory::question`], which did not refuse the same, and for another directory's question.
    pub fn story(&self, asked: &Request<'_>, question: &Question<'_>) -> Result<Scene, Refusal> {
        if question.of != self.store.id() {
            let text = "the question is of another directory".to_string();
            return Err(Refusal::Contradiction(text));
        }
        let tables = &self.tables;
        let arena = Bump::new();
        let context = Context::new(asked.context, &arena);
        let has_identity = question.extra.identity.is_some() && !is_assumed_root(asked, &context);
        let arn = tables.read_caller(&asked.principal.caller);
        let known = tables.caller(&asked.principal, &arn, has_identity, tables)?;
        let own = known.principal.and_then(|found| self.own(found));
        let target = tables.target_of(asked, known.account);
        let mut layers = Vec::new();
        for id in question.sets {
            let mut add = |layer: Layer, policies: Option<Vec<Applied>>| {
                layers.push(LayerStory {
                    layer,
                    source: self.source(layer, asked, &known),
                    policies,
                });
            };
            if let Some(documents) = self.store.documents() {
                for (layer, policies) in documents.sets(*id) {
                    let policies = policies
                        .iter()
                        .map(|policy| self.applied(*policy, *layer, own))
                        .collect();
                    add(*layer, Some(policies));
                }
            } else {
                let masks = tables.uses(*id).fold(0, |all, (mask, _)| all | mask);
                portcullis_image::layers(masks).for_each(|layer| add(layer, None));
            }
        }
        let extra = &question.extra;
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
                    .filter(|found| found.id != NONE)
                    .map(|found| tables.texts.get(Name(found.id)).to_string()),
                account: known.account.map(|account| self.account_story(account)),
                groups: own.map(|own| self.texts(&own.groups)),
            },
            target: TargetStory {
                owner: target.owner.map(|account| self.account_story(account)),
                is_assumed: target.is_assumed,
                grants: self.grants(&target, &question.request),
            },
            layers,
            added: added(asked, question),
        })
    }

    /// The grants that allow a request, or lack one thing to do so.
    fn grants(&self, target: &Target<'_>, request: &Request<'_>) -> Vec<GrantStory> {
        let tables = &self.tables;
        let Some(operation) = GrantedOperation::of(request.action) else {
            return Vec::new();
        };
        let caller = &request.principal.caller;
        let context = request.context.iter().map(|own| (own.key, own.values));
        let mut told = Vec::new();
        for grant in target.grants.of(&tables.grants) {
            let missing = [
                (
                    tables.is_for(grant, operation, target, caller),
                    GrantMiss::Grantee,
                ),
                (tables.has_operation(grant, operation), GrantMiss::Operation),
                (
                    tables.has_encryption_context(grant, context.clone()),
                    GrantMiss::EncryptionContext,
                ),
            ];
            let mut missing = missing.into_iter().filter(|(fits, _)| !fits);
            let (miss, more) = (missing.next(), missing.next());
            if more.is_some() {
                continue;
            }
            let pairs = [grant.subset, grant.equals].into_iter();
            let pairs = pairs.flat_map(|run| tables.pairs(run));
            told.push(GrantStory {
                id: (grant.id != NONE).then(|| tables.texts.get(Name(grant.id)).to_string()),
                grantee: tables.texts.get(grant.grantee).to_string(),
                operations: tables
                    .pairs(grant.operations)
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

    /// True if a policy set takes part in a question, of the directory or of the request.
    pub fn has_layer(&self, question: &Question<'_>, layer: Layer) -> bool {
        let mask = layer_mask(layer);
        let mut sets = question.sets.iter();
        let extra = &question.extra;
        match layer {
            Layer::Identity if extra.identity.is_some() => true,
            Layer::Session if extra.session.is_some() => true,
            _ => sets.any(|id| self.tables.uses(*id).any(|(own, _)| own & mask != 0)),
        }
    }

    /// How a user or role came to have its policies.
    fn own(&self, principal: &Principal) -> Option<&Own> {
        let all = self.store.documents()?.attachments.as_ref()?;
        let mut rows = self.tables.principals.iter();
        all.principals
            .get(rows.position(|row| std::ptr::eq(row, principal))?)
    }

    /// The policies of a group, each with how the group came to have it; none if the directory has no
    /// such group, or was not read for explanations.
    pub fn group_policies<'a>(
        &'a self,
        arn: &str,
        arena: &'a Bump,
    ) -> Option<Vec<(Attached, Policy<'a>)>> {
        let documents = self.store.documents()?;
        let (_, account, rest) = arn_of(arn, "iam")?;
        let name = rest.strip_prefix("group/")?.rsplit('/').next()?;
        let key = (account, name.to_ascii_lowercase());
        let policies = documents.attachments.as_ref()?.groups.get(&key)?;
        let read = policies.iter().map(|(attachment, id)| {
            let texts = &self.tables.texts;
            let policy = documents.read(*id, PolicyKind::Identity, texts, arena)?;
            Some((self.attached(*attachment), policy))
        });
        read.collect()
    }

    fn attached(&self, attachment: Attachment) -> Attached {
        let group = |name: Name| self.tables.texts.get(name).to_string();
        match attachment {
            Attachment::Inline(None) => Attached::Inline,
            Attachment::Managed(None) => Attached::Managed,
            Attachment::Inline(Some(name)) => Attached::GroupInline(group(name)),
            Attachment::Managed(Some(name)) => Attached::GroupManaged(group(name)),
        }
    }

    fn texts(&self, names: &[Name]) -> Vec<String> {
        let texts = names.iter().map(|name| self.tables.texts.get(*name));
        texts.map(str::to_string).collect()
    }

    fn account_story(&self, account: &Account) -> AccountStory {
        let has_path = account.is_member && account.org_path != NONE;
        let path = has_path.then(|| self.tables.texts.get(Name(account.org_path)).to_string());
        AccountStory {
            number: format!("{:012}", account.number),
            path,
            is_management: account.is_management,
            is_dumped: account.is_dumped,
        }
    }

    fn applied(&self, policy: PolicyId, layer: Layer, own: Option<&Own>) -> Applied {
        let texts = &self.tables.texts;
        let documents = self.store.documents();
        let (name, place) = documents.map_or((Name(NONE), Name(NONE)), |documents| {
            documents.name_and_place(policy)
        });
        let ways = own
            .filter(|_| layer == Layer::Identity)
            .map_or(&[][..], |own| &own.policies);
        let attached = ways.iter().filter(|(_, own)| *own == policy);
        Applied {
            name: texts.get(name).to_string(),
            place: texts.get(place).to_string(),
            path: String::new(),
            attached: attached
                .map(|(attachment, _)| self.attached(*attachment))
                .collect(),
        }
    }

    /// What a set of the directory is attached to.
    fn source(&self, layer: Layer, asked: &Request<'_>, known: &Known<'_, '_>) -> Source {
        let tables = &self.tables;
        match layer {
            Layer::Identity | Layer::Boundary | Layer::Session => match known.principal {
                Some(principal) => Source::Entity(tables.arn(principal.entity())),
                None => Source::Request,
            },
            Layer::Scp(level) => self.node(known.account, level),
            Layer::Rcp(level) => self.node(tables.target_of(asked, known.account).owner, level),
            Layer::VpcEndpoint => {
                let mut given = asked.context.iter();
                let entry = given.find(|entry| entry.key.eq_ignore_ascii_case("aws:SourceVpce"));
                let id = entry.and_then(|entry| entry.values.first());
                Source::Endpoint(id.copied().unwrap_or_default().to_string())
            }
            Layer::Resource => {
                let is_trust = tables.target_of(asked, known.account).is_role_of_sts;
                let listed = tables.listed(asked.resource, split_arn(asked.resource));
                match listed.named() {
                    _ if is_trust => Source::Trust(asked.resource.to_string()),
                    Some(found) => Source::Resource(tables.texts.get(found.arn).to_string()),
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
        let path = match account.org_path {
            NONE => "",
            path => self.tables.texts.get(Name(path)),
        };
        let mut nodes = path.split('/').skip(1).filter(|node| !node.is_empty());
        match (nodes.nth(usize::from(level)), level) {
            (Some(root), 0) => Source::Root(root.to_string()),
            (Some(unit), _) => Source::Unit(unit.to_string()),
            (None, _) => Source::Account(format!("{:012}", account.number)),
        }
    }
}

/// What the question's context has that the request had not.
fn added(asked: &Request<'_>, question: &Question<'_>) -> Vec<(String, Vec<String>)> {
    let is_given = |key: &str| {
        let mut given = asked.context.iter();
        given.any(|entry| entry.key.eq_ignore_ascii_case(key))
    };
    let all = question.request.context.iter();
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
