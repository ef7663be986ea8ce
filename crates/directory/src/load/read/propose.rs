//! What is proposed for a resource, in place of what the folder says of it: a policy, the grants of a key, or the access control
//! list of a bucket.
//!
//! The records of the folder are changed before they are linked, so that the directory is the one that the folder would give if
//! AWS had taken the proposal, and nothing that decides knows of proposals. An update ([`crate::Directory::update`]) was rejected:
//! it only adds, so that grants which are all taken away would stay, and it leaves no documents.
//!
//! Grants and lists are recognized and read as those of the folder are. A policy is read in every form in which one is printed:
//! here it is known whose it is, which the folder has to find out.

use bumpalo::Bump;
use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::json::{self, Node};
use portcullis_source::{Diagnostic, Source, Start};
use portcullis_syntax::forms;
use portcullis_syntax::policy::{ReadOptions, is_plain, read_policy};

use crate::arn::{EntityKind, entity_of};
use crate::codes;
use crate::load::loader::{Loader, Record};
use crate::load::path::{JsonPath, Location};
use crate::load::raw::{EntityField, Raw, RawAcl, RawGrant, RawPrincipal, RawResource, SourceLoc};
use crate::load::read::fields::{account_number, present};
use crate::load::read::resource::{is_bucket, omits_resource};
use crate::load::read::service::has_grants;
use crate::load::sources::Proposal;
use crate::store::ids::{PolicyId, Symbol};

/// What can be previewed, as the end of a message.
const PREVIEWED: &str = "what can be previewed is a policy of the resource or a trust policy of the role, grants of a key as \
    `aws kms list-grants` prints them, and the access control list of a bucket as `aws s3api get-bucket-acl` prints it";

/// Members of a line of our own that a proposal may have.
const MEMBERS: [&str; 4] = ["arn", "account", "policy", "grants"];

/// What a proposal is about.
enum Proposed {
    Policy(PolicyId),
    Grants(Vec<RawGrant>),
    List(RawAcl),
}

impl Loader {
    /// Changes the records to those of the folder as it would be. What is wrong with the proposal is among the errors afterwards.
    pub(crate) fn propose(&mut self, proposal: &Proposal<'_>) {
        let loc = SourceLoc {
            file: self.strings.intern(proposal.file),
            line: 1,
            column: 1,
            list: "",
            index: 0,
        };
        let resource = self.strings.intern(proposal.resource);
        let place = |code, message: String| {
            let at = Location::of_file(proposal.file);
            (at, code, message)
        };
        let Some(["arn", _, service, _, _, last]) = split_arn(proposal.resource) else {
            let message = format!("`{}` is not an ARN", proposal.resource);
            let (at, code, message) = place(codes::INVALID_MEMBER, message);
            return self.error(at, code, message);
        };
        let before = std::mem::take(&mut self.raw);
        let proposed = self.proposed(proposal, resource, loc);
        let read = std::mem::replace(&mut self.raw, before);
        self.raw.unfinished.extend(read.unfinished);
        let own = read.resources.iter().find_map(|own| own.account);
        let owner = match proposal.owner.map(account_number) {
            Some(None) => {
                let message = "the owner is not an account: an account is 12 digits".to_owned();
                let (at, code, message) = place(codes::INVALID_MEMBER, message);
                return self.error(at, code, message);
            }
            given => own.or(given.flatten()),
        };
        let Some(proposed) = proposed else {
            return;
        };
        let (needed, is_fitting) = match &proposed {
            Proposed::Policy(_) => ("", true),
            Proposed::Grants(_) => {
                let is_key = service == "kms" && last.starts_with("key/");
                ("a KMS key has grants", is_key)
            }
            Proposed::List(_) => {
                let is_plain = service == "s3" && is_bucket(proposal.resource);
                ("a bucket has an access control list that is read", is_plain)
            }
        };
        if !is_fitting {
            let message = format!("only {needed}, and `{}` is none", proposal.resource);
            let (at, code, message) = place(codes::INVALID_MEMBER, message);
            return self.error(at, code, message);
        }
        if !matches!(proposed, Proposed::Policy(_)) && !is_known(&self.raw, resource) {
            // Grants and lists add to a policy, and are shut out by settings: without these the findings would be another's.
            let message = format!(
                "the directory does not know `{}`, so that its policy and settings are not known; only a policy is previewed of \
                 what is not there yet",
                proposal.resource
            );
            let (at, code, message) = place(codes::DANGLING_REFERENCE, message);
            return self.error(at, code, message);
        }
        let entity = split_arn(proposal.resource).and_then(entity_of);
        match proposed {
            Proposed::Policy(policy) => match entity {
                Some((EntityKind::Role, ..)) => self.put_trust(proposal.resource, (loc, policy)),
                _ => self.put_policy(resource, (loc, policy)),
            },
            Proposed::Grants(grants) => {
                let keys = &self.raw.keys;
                self.raw
                    .grants
                    .retain(|own| own.key != resource && keys.get(&own.key) != Some(&resource));
                self.raw.grants.extend(grants);
            }
            Proposed::List(list) => self.put_list(list),
        }
        if let (Some(owner), None) = (owner, entity) {
            self.raw.resources.push(RawResource {
                account: Some(owner),
                ..RawResource::new(loc, resource)
            });
        }
    }

    /// Reads a proposal. None if that cannot be done, which is an error.
    fn proposed(
        &mut self,
        proposal: &Proposal<'_>,
        resource: Symbol,
        loc: SourceLoc,
    ) -> Option<Proposed> {
        let source = match Source::decode(proposal.file, proposal.content, Start::FILE) {
            Ok(source) => source,
            Err(problem) => {
                self.errors.push(problem.in_policy());
                return None;
            }
        };
        let arena = Bump::new();
        let (node, problems) = json::read(source.text(), &arena);
        let ours = node.filter(|node| has_grants(node).is_some() || present(node, "arn").is_some());
        let Some(node) = ours else {
            return self.proposed_policy(proposal, &source, node.as_ref());
        };
        if !problems.is_empty() {
            for mut found in source.locate_all(problems) {
                found.code = codes::INVALID_JSON;
                self.errors.push(found);
            }
            return None;
        }
        // The answer of `get-bucket-acl` does not give its bucket, so that its file has to be called like it.
        let bucket = proposal.resource.rsplit(':').next().unwrap_or_default();
        let record = Record {
            source: &source,
            file: &format!("{bucket}.acl.json"),
            loc,
            is_plain: is_plain(source.text()),
            sound: &[],
        };
        let errors = self.errors.count;
        let missing = self.report.missing.len();
        self.proposed_members(&record, &node, proposal.resource);
        self.value(&record, &node, JsonPath::root());
        // A policy that cannot be read is missing in a folder, where others are there.
        let unread = self.report.missing.split_off(missing);
        unread.into_iter().for_each(|own| self.errors.push(own));
        if self.errors.count > errors {
            return None;
        }
        let policy = self.raw.resources.iter_mut().find_map(|own| own.policy);
        if let Some(policy) = policy {
            return Some(Proposed::Policy(policy));
        }
        if let Some(list) = self.raw.acls.pop() {
            let all = present(&node, "Grants").and_then(Node::as_array);
            let read = list
                .grants
                .iter()
                .filter(|(_, own)| !own.is_empty())
                .count();
            if read < all.unwrap_or_default().len() {
                // In a dump, such a grant is one that S3 does not know either.
                let message = "each grant of a list that is proposed needs a `Grantee` with an `ID` or a `URI`, and a `Permission` \
                    that S3 has";
                let at = record.at(&node, JsonPath::root());
                self.error(at, codes::INVALID_MEMBER, message);
                return None;
            }
            return Some(Proposed::List(RawAcl {
                bucket: resource,
                ..list
            }));
        }
        Some(Proposed::Grants(std::mem::take(&mut self.raw.grants)))
    }

    /// Reports members of a line of our own that are no proposal, and grants of another key. A list that is empty takes all grants
    /// away, but there has to be one.
    fn proposed_members(&mut self, record: &Record<'_, '_>, node: &Node<'_>, resource: &str) {
        let root = JsonPath::root();
        if let Some(arn) = present(node, "arn") {
            let mut refuse = |member: &str, message: String| {
                let at = record.at(node.get(member).unwrap_or(node), root.member(member));
                self.error(at, codes::INVALID_MEMBER, message);
            };
            if arn.as_str().is_some_and(|own| own != resource) {
                refuse("arn", format!("the findings of `{resource}` are asked for"));
            }
            for member in node.as_object().unwrap_or_default() {
                let name = member.key.value;
                if !MEMBERS.contains(&name) {
                    refuse(name, format!("`{name}` is not previewed; {PREVIEWED}"));
                }
            }
            match (present(node, "policy"), present(node, "grants")) {
                (Some(_), None) | (None, Some(_)) => {}
                (Some(_), Some(_)) => {
                    let message = "a policy and grants are previewed one after the other";
                    refuse("grants", message.to_owned());
                }
                (None, None) => refuse("arn", format!("nothing is proposed; {PREVIEWED}")),
            }
        }
        let list = ["Grants", "grants"].iter().find_map(|name| {
            let grants = present(node, name)?.as_array()?;
            Some((*name, grants))
        });
        let (name, grants) = list.unwrap_or_default();
        let inside = root.member(name);
        for (index, grant) in grants.iter().enumerate() {
            let key = present(grant, "KeyId").and_then(Node::as_str);
            // By its ARN or its id, as it was asked.
            let is_other = key
                .is_some_and(|key| key != resource && !resource.ends_with(&format!(":key/{key}")));
            if is_other {
                let at = inside.index(index);
                let at = at.member("KeyId");
                let at = record.at(present(grant, "KeyId").unwrap_or(grant), at);
                let message = format!("the grant is of another key than `{resource}`");
                self.error(at, codes::CONTRADICTION, message);
            }
        }
    }

    /// Reads a policy that is proposed.
    fn proposed_policy(
        &mut self,
        proposal: &Proposal<'_>,
        source: &Source<'_>,
        node: Option<&Node<'_>>,
    ) -> Option<Proposed> {
        let arena = Bump::new();
        let entity = split_arn(proposal.resource).and_then(entity_of);
        let kind = match entity {
            Some((EntityKind::Role, ..)) => PolicyKind::Trust,
            _ => PolicyKind::Resource,
        };
        let options = ReadOptions {
            kind,
            allow_missing_resource: kind == PolicyKind::Resource
                && omits_resource(proposal.resource),
        };
        let (found, mut problems) = forms::read(source.text(), Some(kind), &arena);
        let is_policy = found.is_some_and(|found| {
            let members = ["Statement", "Version"];
            members.iter().any(|own| found.document.get(own).is_some())
        });
        if let (Some(node), Some(_), false) = (node, found, is_policy) {
            let at = Location::new(source.place(node.span), Vec::new());
            let message = format!("this is nothing that can be previewed; {PREVIEWED}");
            self.error(at, codes::UNKNOWN_FORM, message);
            return None;
        }
        let document = found.and_then(|found| {
            let (document, more) = read_policy(found.document, options, &arena);
            problems.extend(more);
            document
        });
        let errors = problems.into_iter().filter(Diagnostic::is_error);
        let errors: Vec<Diagnostic> = errors.collect();
        if !errors.is_empty() {
            for own in errors {
                let own = match found {
                    Some(_) => own.in_policy(),
                    None => own.with_note(PREVIEWED),
                };
                self.errors.push(source.locate(own));
            }
            return None;
        }
        let (found, _) = found.zip(document)?;
        let text = match &found.inner {
            Some(inner) => inner.text(),
            None => {
                let range = found.document.span.range();
                source.text().get(range).unwrap_or_default()
            }
        };
        let name = self.strings.intern(proposal.resource);
        let policy = self.documents.add(name, proposal.file, text);
        let strict = !options.allow_missing_resource;
        let invalid = self
            .documents
            .check(policy, None, kind, strict, &self.scratch);
        if let Some(invalid) = invalid {
            // An answer in a string in a file; nothing prints one.
            let at = Location::of_file(proposal.file);
            self.error(at, codes::INVALID_POLICY, invalid.message(kind));
            return None;
        }
        Some(Proposed::Policy(policy))
    }

    /// Puts a policy in place of those that a resource has.
    fn put_policy(&mut self, resource: Symbol, (loc, policy): (SourceLoc, PolicyId)) {
        for own in &mut self.raw.resources {
            if own.arn == resource {
                own.policy = None;
                own.is_unreadable = false;
            }
        }
        let keys = &self.raw.keys;
        self.raw
            .key_policies
            .retain(|own| keys.get(&own.id) != Some(&resource));
        self.raw.resources.push(RawResource {
            policy: Some(policy),
            ..RawResource::new(loc, resource)
        });
    }

    /// Puts a trust policy in place of that of a role, which may be one that is not there yet.
    fn put_trust(&mut self, arn: &str, (loc, policy): (SourceLoc, PolicyId)) {
        let parts = split_arn(arn).unwrap_or_default();
        let [_, partition, _, _, account, rest] = parts;
        let role = account_number(account).zip(entity_of(parts));
        let Some((account, (_, _, name))) = role else {
            let message = format!("`{arn}` has no account");
            let at = self.location(loc);
            return self.error(at, codes::INVALID_MEMBER, message);
        };
        let path = rest.strip_prefix("role").unwrap_or_default();
        let path = path.strip_suffix(name).unwrap_or_default();
        let (partition, path) = (self.strings.intern(partition), self.strings.intern(path));
        let name = self.strings.intern(name);
        let strings = &self.strings;
        // Names are unique without regard to case (`IN-17`).
        let is_name = |own: Symbol| strings.get(own).eq_ignore_ascii_case(strings.get(name));
        for own in &mut self.raw.entity_dumps {
            let is_of_account = own.account.is_none_or(|own| own == account);
            if own.kind == "role" && is_of_account && is_name(own.name) {
                own.fields
                    .retain(|field| !matches!(field, EntityField::Trust(_)));
            }
        }
        // A line of our own about a role has its trust policy (`IN-48`).
        for own in &mut self.raw.resources {
            if strings.get(own.arn) == arn {
                own.policy = None;
                own.is_unreadable = false;
            }
        }
        let role = self.raw.principals.iter_mut().find(|own| {
            own.kind == EntityKind::Role && own.account == account && is_name(own.name)
        });
        if let Some(role) = role {
            role.trust = Some(policy);
            return;
        }
        self.raw.proposed_accounts.insert(account);
        self.raw.principals.push(RawPrincipal {
            loc,
            kind: EntityKind::Role,
            partition,
            account,
            path,
            name,
            id: None,
            attached: Vec::new(),
            inline: Vec::new(),
            groups: Vec::new(),
            boundary: None,
            tags: Vec::new(),
            trust: Some(policy),
            max_session: None,
        });
    }

    /// Puts an access control list in place of that of a bucket. Its owner does not change.
    fn put_list(&mut self, mut list: RawAcl) {
        let same = self.raw.acls.iter().find(|own| own.bucket == list.bucket);
        let owner = same.and_then(|own| own.owner);
        if owner.zip(list.owner).is_some_and(|(own, new)| own != new) {
            let message = "the list names another owner than the one that the bucket has";
            return self.error(self.location(list.loc), codes::CONTRADICTION, message);
        }
        list.owner = list.owner.or(owner);
        self.raw.acls.retain(|own| own.bucket != list.bucket);
        self.raw.acls.push(list);
    }
}

/// True if the folder tells of a resource.
fn is_known(raw: &Raw, resource: Symbol) -> bool {
    raw.resources.iter().any(|own| own.arn == resource)
        || raw.keys.values().any(|own| *own == resource)
        || raw.grants.iter().any(|own| own.key == resource)
        || raw.acls.iter().any(|own| own.bucket == resource)
        || raw.buckets_with_acls.contains(&resource)
}
