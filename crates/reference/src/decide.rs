//! The decision: the pseudocode of `EVAL-71`, line by line.

use portcullis_model::{Caller, Decision, Effect, Layer, Request, is_rcp_service};
use portcullis_syntax::{Bucket, Policy, PolicySets};

use crate::bucket::resource_behind;
use crate::keys::{account, arn_parts, owner_account, partition, stated_resource_account};
use crate::matching::{Match, Query, matches, split_action};
use crate::principal::{LayerRules, Strength};
use crate::public::is_public;

/// What a policy set says of a request (`EVAL-3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A matching statement denies.
    Deny,
    /// No matching statement denies, and one allows.
    Allow,
    /// No statement matches.
    None,
}

/// A decision with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The decision.
    pub decision: Decision,
    /// For an explicit deny every layer that denies, in the order RCP, SCP, VPC endpoint, resource,
    /// identity, boundary, session (`EVAL-11`). For an implicit deny the one layer that `EVAL-71`
    /// names. Empty for an allow.
    pub by: Vec<Layer>,
    /// The verdict of each layer that took part, in the same order. The implicit allow of a root
    /// user is not among them, nor is anything for an action that needs no permission (`EVAL-90`).
    pub verdicts: Vec<(Layer, Verdict)>,
}

/// Decides one request.
pub fn decide(policies: &PolicySets<'_>, request: &Request<'_>) -> Outcome {
    let own = decide_alone(policies, request);
    match &policies.bucket {
        Some(bucket) => own.and(decide_bucket(policies, bucket, request)),
        None => own,
    }
}

/// S3-6: what the side of the bucket says to a request for an access point. Of the policies of the caller, an Allow
/// is one of the access point and serves for both sides; a Deny may be of either.
fn decide_bucket(policies: &PolicySets<'_>, bucket: &Bucket<'_>, request: &Request<'_>) -> Outcome {
    let resource = resource_behind(request.resource, bucket.arn);
    let behind = Request {
        resource: &resource,
        resource_account: bucket.account.or(stated_resource_account(request)),
        ..*request
    };
    let sets = PolicySets {
        resource: bucket.policy.clone(),
        rcps: bucket.rcps.clone(),
        bucket: None,
        ..policies.clone()
    };
    let is_of_bucket = |layer| matches!(layer, Layer::Rcp(_) | Layer::Resource);
    let has_boundary = policies.boundary.is_some();
    let mut all = findings(policies, &Query::of(request, has_boundary));
    all.retain(|finding| !is_of_bucket(finding.layer));
    let query = Query::of(&behind, has_boundary);
    for mut finding in findings(&sets, &query) {
        if is_of_bucket(finding.layer) {
            all.push(finding);
            continue;
        }
        finding.matches.retain(|found| found.effect == Effect::Deny);
        for own in &mut all {
            if own.layer == finding.layer {
                own.matches.extend_from_slice(&finding.matches);
            }
        }
    }
    all.sort_by_key(|finding| finding.layer);
    conclude(&all, &sets, &query)
}

impl Outcome {
    /// OUT-2: two requests that must both be allowed.
    fn and(mut self, other: Outcome) -> Outcome {
        match (self.decision, other.decision) {
            (Decision::ExplicitDeny, Decision::ExplicitDeny) => {
                self.by.extend(other.by);
                self.by.sort();
                self.by.dedup();
                self
            }
            (_, Decision::ExplicitDeny) | (Decision::Allow, _) => other,
            _ => self,
        }
    }
}

/// Decides a request for one resource.
fn decide_alone(policies: &PolicySets<'_>, request: &Request<'_>) -> Outcome {
    let query = Query::of(request, policies.boundary.is_some());
    conclude(&findings(policies, &query), policies, &query)
}

/// From what the layers say to the decision.
fn conclude(findings: &[Finding], policies: &PolicySets<'_>, query: &Query<'_>) -> Outcome {
    if needs_no_permission(query.request) {
        return Outcome {
            decision: Decision::Allow,
            by: Vec::new(),
            verdicts: Vec::new(),
        };
    }
    let verdicts = findings
        .iter()
        .map(|finding| (finding.layer, finding.verdict()))
        .collect();
    let denying: Vec<Layer> = findings
        .iter()
        .filter(|finding| finding.verdict() == Verdict::Deny)
        .map(|finding| finding.layer)
        .collect();
    let (decision, by) = if denying.is_empty() && is_refused(query) {
        (Decision::ImplicitDeny, Vec::new())
    } else if denying.is_empty() {
        match limits_and_grants(findings, policies, query) {
            Ok(()) => (Decision::Allow, Vec::new()),
            Err(layer) => (Decision::ImplicitDeny, vec![layer]),
        }
    } else {
        (Decision::ExplicitDeny, denying) // EVAL-5
    };
    Outcome {
        decision,
        by,
        verdicts,
    }
}

/// The matching statements of one layer that takes part.
struct Finding {
    layer: Layer,
    matches: Vec<Match>,
}

impl Finding {
    /// EVAL-3.
    fn verdict(&self) -> Verdict {
        let any = |effect| self.matches.iter().any(|found| found.effect == effect);
        match self.layer {
            _ if any(Effect::Deny) => Verdict::Deny,
            _ if any(Effect::Allow) => Verdict::Allow,
            Layer::Rcp(_) => Verdict::Allow, // GRAM-61: RCPFullAWSAccess is always there
            _ => Verdict::None,
        }
    }

    /// The strongest Allow (EVAL-31).
    fn grant(&self) -> Strength {
        self.matches
            .iter()
            .filter(|found| found.effect == Effect::Allow)
            .map(|found| found.strength)
            .max()
            .unwrap_or(Strength::None)
    }
}

/// What every layer that takes part says, in the order of EVAL-11. Who takes part is EVAL-70.
fn findings(policies: &PolicySets<'_>, query: &Query<'_>) -> Vec<Finding> {
    let request = query.request;
    let caller = request.principal.caller;
    let mut findings = Vec::new();
    let mut add = |layer: Layer, set: &[Policy<'_>], rules: LayerRules| {
        let matches = matches(set, rules, query);
        findings.push(Finding { layer, matches });
    };
    if rcps_apply(request) {
        for (level, set) in policies.rcps.iter().enumerate() {
            add(Layer::Rcp(level_number(level)), set, LayerRules::Plain);
        }
    }
    if scps_apply(request) {
        for (level, set) in policies.scps.iter().enumerate() {
            add(Layer::Scp(level_number(level)), set, LayerRules::Plain);
        }
    }
    // EVAL-70: all but services pass through an endpoint.
    if let (Some(set), false) = (&policies.vpc_endpoint, is_service(&caller)) {
        let rules = match is_gateway_service(request) {
            true => LayerRules::GatewayEndpoint,
            false => LayerRules::Plain,
        };
        add(Layer::VpcEndpoint, set, rules);
    }
    if let Some(set) = &policies.resource {
        add(Layer::Resource, set, LayerRules::Resource);
    }
    if has_identity_policies(query) {
        add(Layer::Identity, &policies.identity, LayerRules::Plain);
    }
    if let (Some(set), true) = (&policies.boundary, can_have_boundary(&caller)) {
        add(Layer::Boundary, set, LayerRules::Plain);
    }
    if let (Some(set), true) = (&policies.session, can_have_session_policy(&caller)) {
        add(Layer::Session, set, LayerRules::Plain);
    }
    if is_root_repairing_bucket(request) {
        for finding in &mut findings {
            if finding.layer == Layer::Resource {
                finding.matches.retain(|m| m.effect == Effect::Allow); // EVAL-52
            }
        }
    }
    findings
}

/// A chain has few levels (QUO-11); whatever lies below the last number shares it.
fn level_number(level: usize) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}

/// EVAL-71 after the explicit denies: the layer that should have allowed, if any did not.
fn limits_and_grants(
    findings: &[Finding],
    policies: &PolicySets<'_>,
    query: &Query<'_>,
) -> Result<(), Layer> {
    let request = query.request;
    let caller = request.principal.caller;
    let of = |layer| findings.iter().find(|finding| finding.layer == layer);
    let allows = |layer| of(layer).is_some_and(|finding| finding.verdict() == Verdict::Allow);
    // EVAL-4: an absent set does not limit.
    let limits = |layer| of(layer).is_some() && !allows(layer);

    for finding in findings {
        let is_filter = matches!(
            finding.layer,
            Layer::Rcp(_) | Layer::Scp(_) | Layer::VpcEndpoint // RCP-2, SCP-2, VPCE-1
        );
        if is_filter && finding.verdict() != Verdict::Allow {
            return Err(finding.layer);
        }
    }

    let acc = account(&caller);
    let own = owner_account(request);
    let grant = grant(of(Layer::Resource), policies, request);
    // STS-9: a federated session without session policy has nothing of its own.
    let lacks_session_policy =
        matches!(caller, Caller::FederatedUser { .. }) && policies.session.is_none();
    let limit = if limits(Layer::Boundary) {
        Err(Layer::Boundary)
    } else if limits(Layer::Session) || lacks_session_policy {
        Err(Layer::Session)
    } else {
        Ok(())
    };
    // EVAL-50: a root user needs no identity policy, unless it is the session of AssumeRoot.
    let implicit_allow = matches!(caller, Caller::Root { .. }) && !is_assumed_root(query);
    let ident = implicit_allow || allows(Layer::Identity);

    if acc.is_none() {
        return match grant {
            Strength::Direct => Ok(()), // EVAL-53, EVAL-55, TRUST-4
            _ => Err(Layer::Resource),
        };
    }
    if acc != own {
        // XACC-1 to XACC-6.
        return match () {
            () if grant == Strength::None => Err(Layer::Resource),
            () if crosses_partitions(request) => Err(Layer::Resource),
            () if !ident => Err(Layer::Identity),
            () => limit,
        };
    }
    // EVAL-33.
    if grant == Strength::Direct {
        return Ok(());
    }
    if grant == Strength::RoleLike && limit.is_ok() {
        return Ok(());
    }
    if needs_resource_policy(request) && grant == Strength::None {
        return Err(Layer::Resource); // KMS-1, TRUST-1
    }
    if !ident && grant < Strength::RoleLike {
        return Err(Layer::Identity);
    }
    limit
}

/// How strongly the resource side lets the caller in: `g` of EVAL-71 with EVAL-75.
fn grant(finding: Option<&Finding>, policies: &PolicySets<'_>, request: &Request<'_>) -> Strength {
    let caller = &request.principal.caller;
    let by_policy = finding.map_or(Strength::None, Finding::grant);
    let is_insider = account(caller).is_some() && account(caller) == owner_account(request);
    let shut_out = request.restrict_public_buckets
        && has_prefix(request, "s3")
        && !is_insider
        && !is_service(caller)
        && policies.resource.as_deref().is_some_and(is_public);
    match () {
        () if request.external_grant => Strength::Direct,
        () if shut_out => Strength::None, // S3-4
        () => by_policy,
    }
}

/// EVAL-90.
fn needs_no_permission(request: &Request<'_>) -> bool {
    let is_signed = !matches!(
        request.principal.caller,
        Caller::Anonymous | Caller::Federated { .. }
    );
    is_signed && is_action(request, &["sts:GetCallerIdentity", "sts:GetSessionToken"])
}

/// STS-4, STS-5: what the credentials cannot be used for, whatever the policies say.
fn is_refused(query: &Query<'_>) -> bool {
    let request = query.request;
    // These are permissions, and no calls of IAM or STS.
    let no_calls = [
        "iam:PassRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "sts:SetContext",
        "sts:GetServiceBearerToken",
    ];
    let is_call = |service| has_prefix(request, service) && !is_action(request, &no_calls);
    let is_harmless = is_action(request, &["sts:GetCallerIdentity"]);
    match request.principal.caller {
        Caller::FederatedUser { .. } => is_call("iam") || is_call("sts") && !is_harmless,
        Caller::User { .. } | Caller::Root { .. } if request.principal.session_token => {
            let assumes_role = is_action(request, &["sts:AssumeRole"]);
            is_call("iam") && !has_mfa(request) || is_call("sts") && !is_harmless && !assumes_role
        }
        _ => false,
    }
}

/// STS-4: the key is given, with `true` alone.
fn has_mfa(request: &Request<'_>) -> bool {
    let mut values = request
        .context
        .iter()
        .filter(|entry| entry.key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent"))
        .flat_map(|entry| entry.values);
    match (values.next(), values.next()) {
        (Some(value), None) => value.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// RCP-1 to RCP-5.
fn rcps_apply(request: &Request<'_>) -> bool {
    let caller = &request.principal.caller;
    let acc = account(caller);
    // RCP-3: the resource belongs to the management account.
    let owner_is_management =
        request.principal.management_account && acc.is_some() && acc == owner_account(request);
    is_rcp_service(split_action(request.action).0)
        && !is_service_linked(caller)
        && !is_action(request, &["kms:RetireGrant"])
        && !owner_is_management
}

/// SCP-1 to SCP-4.
fn scps_apply(request: &Request<'_>) -> bool {
    let caller = &request.principal.caller;
    account(caller).is_some() && !is_service_linked(caller) && !request.principal.management_account
}

/// EVAL-70: root users only where AssumeRoot gave them a task policy.
fn has_identity_policies(query: &Query<'_>) -> bool {
    match query.request.principal.caller {
        Caller::User { .. } | Caller::Role { .. } | Caller::FederatedUser { .. } => true,
        Caller::Root { .. } => is_assumed_root(query),
        Caller::Anonymous
        | Caller::Service { .. }
        | Caller::Federated { .. }
        | Caller::CanonicalUser { .. }
        | Caller::OriginAccessIdentity { .. } => false,
    }
}

/// KEY-25.
fn is_assumed_root(query: &Query<'_>) -> bool {
    let value = query.context.single("aws:AssumedRoot");
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// EVAL-54.
fn is_service_linked(caller: &Caller<'_>) -> bool {
    matches!(
        caller,
        Caller::Role {
            service_linked: true,
            ..
        }
    )
}

fn is_service(caller: &Caller<'_>) -> bool {
    matches!(caller, Caller::Service { .. })
}

/// EVAL-70: the boundary column.
fn can_have_boundary(caller: &Caller<'_>) -> bool {
    matches!(caller, Caller::User { .. }) || can_have_session_policy(caller)
}

/// EVAL-70: the session column.
fn can_have_session_policy(caller: &Caller<'_>) -> bool {
    matches!(caller, Caller::Role { .. } | Caller::FederatedUser { .. })
        && !is_service_linked(caller)
}

/// VPCE-2: services whose endpoints are taken as gateways.
fn is_gateway_service(request: &Request<'_>) -> bool {
    has_prefix(request, "s3") || has_prefix(request, "dynamodb")
}

/// EVAL-52: no bucket policy can lock out the root user of the bucket's account.
fn is_root_repairing_bucket(request: &Request<'_>) -> bool {
    let caller = &request.principal.caller;
    matches!(caller, Caller::Root { .. })
        && account(caller) == owner_account(request)
        && is_action(
            request,
            &[
                "s3:GetBucketPolicy",
                "s3:PutBucketPolicy",
                "s3:DeleteBucketPolicy",
            ],
        )
}

/// EVAL-71: keys, and roles for the actions of sts, are reached only through their own policy.
fn needs_resource_policy(request: &Request<'_>) -> bool {
    arn_parts(request.resource).is_some_and(|parts| {
        let is_key = parts[2] == "kms" && parts[5].starts_with("key/");
        let is_role = parts[2] == "iam" && parts[5].starts_with("role/");
        (has_prefix(request, "kms") && is_key) || (has_prefix(request, "sts") && is_role)
    })
}

/// XACC-6.
fn crosses_partitions(request: &Request<'_>) -> bool {
    let resource = arn_parts(request.resource);
    resource.is_some_and(|parts| partition(&request.principal.caller) != Some(parts[1]))
}

/// MATCH-10: actions are compared without regard to case.
fn is_action(request: &Request<'_>, actions: &[&str]) -> bool {
    actions
        .iter()
        .any(|action| action.eq_ignore_ascii_case(request.action))
}

fn has_prefix(request: &Request<'_>, prefix: &str) -> bool {
    split_action(request.action).0.eq_ignore_ascii_case(prefix)
}
