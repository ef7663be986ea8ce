//! Section 5.5: control policies, and section 5.7: endpoints.

use portcullis_model::Caller;
use portcullis_model::Layer::{Identity, Rcp, Resource, Scp, VpcEndpoint};

use crate::build::*;

const BUCKET: Str = "arn:aws:s3:::b/k";

fn everything() -> Sets {
    sets().identity(&[allow("*")])
}

fn ec2() -> Ask {
    ask(ann(), "ec2:RunInstances", "*")
}

fn s3() -> Ask {
    ask(ann(), "s3:GetObject", BUCKET)
}

#[test]
fn ex_5t_to_5z() {
    let full: &[Stm] = &[allow("*")];
    let levels = |r: &[&[Stm]], o: &[&[Stm]], x: &[&[Stm]]| everything().scp(r).scp(o).scp(x);
    // 5t
    ec2().is_allowed(&levels(&[full], &[full], &[full]));
    // 5u
    let sets = levels(&[full], &[full, &[deny("s3:*")]], &[full]);
    s3().is_denied(&sets, &[Scp(1)]);
    ec2().is_allowed(&sets);
    // 5v
    let sets = levels(&[full], &[&[allow("ec2:*")]], &[full]);
    s3().is_refused(&sets, Scp(1));
    ec2().is_allowed(&sets);
    // 5w
    ec2().is_refused(&levels(&[&[allow("s3:*")]], &[full], &[full]), Scp(0));
    // 5x
    let sets = levels(&[full], &[&[allow("s3:*")], &[allow("ec2:*")]], &[full]);
    s3().is_allowed(&sets);
    ec2().is_allowed(&sets);
    // 5y
    let sets = levels(&[full], &[&[allow("s3:*")]], &[&[allow("ec2:*")]]);
    s3().is_refused(&sets, Scp(2));
    ec2().is_refused(&sets, Scp(1));
    // 5z
    let sets = levels(&[&[deny("*")]], &[full], &[full]);
    ec2().managing().is_allowed(&sets);
    ec2().is_denied(&sets, &[Scp(0)]);
}

#[test]
fn scp_1_to_8_who_is_bound() {
    let to_all = [allow("*").to(&[everyone()])];
    let sets = everything()
        .session(&[allow("*")])
        .resource(&to_all)
        .scp(&[&[allow("ec2:*")]]);
    for caller in [root(), ann(), session(), fay(None)] {
        ask(caller, "s3:GetObject", BUCKET).is_refused(&sets, Scp(0));
        ask(caller, "s3:GetObject", BUCKET)
            .managing()
            .is_allowed(&sets);
        // SCP-8: also for resources of other accounts.
        ask(caller, "s3:GetObject", BUCKET)
            .owned_by(B)
            .is_refused(&sets, Scp(0));
    }
    for caller in [
        service_linked(),
        Caller::Anonymous,
        Caller::Service {
            name: "x.amazonaws.com",
        },
        Caller::CanonicalUser { id: "c" },
        Caller::OriginAccessIdentity {
            arn: "arn:aws:iam::cloudfront:user/E1",
        },
        Caller::Federated { provider: "p" },
    ] {
        ask(caller, "s3:GetObject", BUCKET).is_allowed(&sets);
    }
    // SCP-6: a level with nothing attached allows nothing.
    ec2().is_refused(&everything().scp(&[]), Scp(0));
}

#[test]
fn rcp_1_to_5() {
    let shut = [deny("*").to(&[everyone()])];
    let sets = sets()
        .identity(&[allow("*")])
        .session(&[allow("*")])
        .resource(&[allow("*").to(&[everyone()])])
        .rcp(&[])
        .rcp(&shut);
    for caller in [
        root(),
        ann(),
        session(),
        fay(None),
        Caller::Anonymous,
        Caller::Service {
            name: "x.amazonaws.com",
        },
        Caller::CanonicalUser { id: "c" },
        Caller::OriginAccessIdentity {
            arn: "arn:aws:iam::cloudfront:user/E1",
        },
        Caller::Federated { provider: "p" },
    ] {
        ask(caller, "S3:GetObject", BUCKET).is_denied(&sets, &[Rcp(1)]);
        ask(caller, "sns:Publish", BUCKET).is_allowed(&sets); // RCP-5
        ask(caller, "KMS:retiregrant", "*").is_allowed(&sets); // RCP-4
    }
    ask(service_linked(), "s3:GetObject", BUCKET).is_allowed(&sets);
    // RCP-3: resources of the management account only.
    s3().managing().is_allowed(&sets);
    s3().managing().owned_by(B).is_denied(&sets, &[Rcp(1)]);
    ask(root(), "s3:GetObject", "*")
        .managing()
        .is_allowed(&sets);
    // Without accounts nobody shares one.
    let anonymous = ask(Caller::Anonymous, "s3:GetObject", BUCKET);
    anonymous.managing().is_denied(&sets, &[Rcp(1)]);
    // GRAM-61: RCPFullAWSAccess is always attached.
    s3().is_allowed(&everything().rcp(&[]));
}

#[test]
fn order_of_the_filters() {
    let sets = sets().scp(&[]).endpoint(&[]).resource(&[]);
    s3().is_refused(&sets, Scp(0));
    let mut later = sets;
    later.0.scps.clear();
    s3().is_refused(&later, VpcEndpoint);
    later.0.vpc_endpoint = None;
    s3().is_refused(&later, Identity);
}

#[test]
fn vpce_1_a_filter_that_grants_nothing() {
    let open = [allow("*").to(&[everyone()])];
    s3().is_refused(&sets().endpoint(&open), Identity);
    s3().is_allowed(&everything().endpoint(&open));
    s3().is_refused(&everything().endpoint(&[]), VpcEndpoint);
    s3().is_denied(
        &everything().endpoint(&[deny("*").to(&[everyone()])]),
        &[VpcEndpoint],
    );
    // Not for service principals (EVAL-70).
    let named = [allow("*").to(&[service("x.amazonaws.com")])];
    let sets = sets().endpoint(&[]).resource(&named);
    ask(
        Caller::Service {
            name: "x.amazonaws.com",
        },
        "s3:GetObject",
        BUCKET,
    )
    .is_allowed(&sets);
    let open = sets.resource(&open);
    for caller in [
        root(),
        service_linked(),
        Caller::Anonymous,
        Caller::CanonicalUser { id: "c" },
        Caller::OriginAccessIdentity {
            arn: "arn:aws:iam::cloudfront:user/E1",
        },
        Caller::Federated { provider: "p" },
    ] {
        ask(caller, "s3:GetObject", BUCKET).is_refused(&open, VpcEndpoint);
    }
}

#[test]
fn vpce_2_accounts_in_gateway_endpoints() {
    let by_account = everything().endpoint(&[allow("*").to(&[aws(A)])]);
    for action in ["s3:GetObject", "DynamoDB:GetItem"] {
        ask(ann(), action, "*").is_refused(&by_account, VpcEndpoint);
        ask(root(), action, "*").is_allowed(&by_account);
    }
    ask(ann(), "sqs:SendMessage", "*").is_allowed(&by_account);
    let denied =
        everything().endpoint(&[allow("*").to(&[everyone()]), deny("*").to(&[aws(ROOT_A)])]);
    ask(ann(), "s3:GetObject", "*").is_denied(&denied, &[VpcEndpoint]);
    ask(root(), "s3:GetObject", "*").is_denied(&denied, &[VpcEndpoint]);
    // Any other strength counts everywhere.
    for entry in [ROLE, SESSION] {
        let sets = everything().endpoint(&[allow("*").to(&[aws(A), aws(entry)])]);
        ask(session(), "s3:GetObject", "*").is_allowed(&sets);
    }
}

#[test]
fn required_resource_policy_for_callers_without_account() {
    for caller in [
        Caller::Anonymous,
        Caller::Service {
            name: "x.amazonaws.com",
        },
        Caller::CanonicalUser { id: "c" },
        Caller::OriginAccessIdentity {
            arn: "arn:aws:iam::cloudfront:user/E1",
        },
        Caller::Federated { provider: "p" },
    ] {
        ask(caller, "s3:GetObject", BUCKET).is_refused(&everything(), Resource);
    }
}
