//! Section 1.3 and `EVAL-71`: who is named by what.

use portcullis_model::Caller;
use portcullis_model::Layer::{Boundary, Identity, Resource, Session, VpcEndpoint};

use portcullis_syntax::ast::PrincipalKind;

use crate::build::*;

const QUEUE: Str = "arn:aws:sqs:eu-west-1:111122223333:q";
const PROVIDER: Str = "arn:aws:iam::111122223333:oidc-provider/idp.example/x";

type Entry = (PrincipalKind, Str);

/// True if a Deny that names this entry reaches the caller.
fn reaches(entry: Entry, request: &Ask) -> bool {
    let sets = sets()
        .identity(&[allow("*")])
        .session(&[allow("*")])
        .resource(&[allow("*").to(&[everyone()]), deny("*").to(&[entry])]);
    !request.run(&sets).decision.is_allow()
}

fn by(caller: Caller<'static>) -> Ask {
    ask(caller, "sqs:SendMessage", QUEUE)
}

const ORIGIN_ACCESS_IDENTITY: Str =
    "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1";

fn origin_access_identity() -> Caller<'static> {
    Caller::OriginAccessIdentity {
        arn: ORIGIN_ACCESS_IDENTITY,
    }
}

fn federated_caller() -> Caller<'static> {
    Caller::Federated { provider: PROVIDER }
}

fn service_caller() -> Caller<'static> {
    Caller::Service {
        name: "x.amazonaws.com",
    }
}

#[test]
fn who_is_reached_by_what() {
    let callers = [
        by(root()),
        by(ann()).user_id("AIDAEXAMPLE"),
        by(session()).user_id("AROAEXAMPLE:s"),
        by(fay(Some(ANN))),
        by(service_caller()),
        by(federated_caller()),
        by(Caller::CanonicalUser { id: "c0ffee" }),
        by(origin_access_identity()),
        by(Caller::Anonymous),
    ];
    for (entry, expected) in [
        (everyone(), "XXXXXXXXX"),
        (aws(A), "XXXX....."),
        (aws(ROOT_A), "XXXX....."),
        (aws("arn:aws-cn:iam::111122223333:root"), "........."),
        (aws(B), "........."),
        (aws(ANN), ".X.X....."),
        (aws("arn:aws:iam::111122223333:user/ann"), "........."),
        (aws("arn:aws:iam::111122223333:user/team/Ann"), "........."),
        (aws("AIDAEXAMPLE"), ".X......."),
        (aws(ROLE), "..X......"),
        (aws("arn:aws:iam::111122223333:role/R"), "........."),
        (aws(SESSION), "..X......"),
        (
            aws("arn:aws:sts::111122223333:assumed-role/R/t"),
            ".........",
        ),
        (aws("AROAEXAMPLE"), "..X......"),
        (aws("AROAEXAMPLE:s"), "........."),
        (aws(FED), "...X....."),
        (service("x.amazonaws.com"), "....X...."),
        (service("y.amazonaws.com"), "........."),
        (federated(PROVIDER), ".....X..."),
        (canonical("c0ffee"), "......X.."),
        (aws("c0ffee"), "........."),
        (aws(ORIGIN_ACCESS_IDENTITY), ".......X."),
        (
            aws("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2"),
            ".........",
        ),
    ] {
        let row: String = callers
            .iter()
            .map(|caller| if reaches(entry, caller) { 'X' } else { '.' })
            .collect();
        assert_eq!(row, expected, "{entry:?}");
    }
}

#[test]
fn eval_25_the_maker_of_a_session_is_a_user() {
    let foreign_root = "arn:aws:iam::444455556666:root";
    assert!(!reaches(aws(foreign_root), &by(fay(Some(foreign_root)))));
    assert!(!reaches(aws(ROLE), &by(fay(Some(ROLE)))));
}

#[test]
fn gram_34_twelve_digits_in_any_partition() {
    let request = by(Caller::User {
        arn: "arn:aws-cn:iam::111122223333:user/x",
    });
    assert!(reaches(aws(A), &request));
    assert!(!reaches(aws(ROOT_A), &request));
    assert!(reaches(aws("arn:aws-cn:iam::111122223333:root"), &request));
}

#[test]
fn gram_40_unique_ids() {
    let id = aws("AIDAEXAMPLE");
    assert!(!reaches(id, &by(ann())));
    assert!(reaches(id, &by(ann()).with("aws:UserId", &["AIDAEXAMPLE"])));
    assert!(!reaches(
        id,
        &by(ann()).with("aws:userid", &["AIDAEXAMPLE", "x"])
    ));
    // What the request says of the caller comes before the context.
    let both = by(ann())
        .user_id("AIDAOTHER")
        .with("aws:userid", &["AIDAEXAMPLE"]);
    assert!(!reaches(id, &both));
    // An id that looks like another form names nobody.
    assert!(!reaches(aws(B), &by(ann()).user_id(B)));
    assert!(!reaches(aws(ROLE), &by(ann()).user_id(ROLE)));
}

#[test]
fn gram_42_names_of_a_service() {
    let regional = by(service_caller()).with(
        "aws:PrincipalServiceNamesList",
        &["x.eu-south-1.amazonaws.com", "z.amazonaws.com"],
    );
    assert!(reaches(service("x.eu-south-1.amazonaws.com"), &regional));
    assert!(reaches(service("z.amazonaws.com"), &regional));
    assert!(!reaches(service("x.amazonaws.com"), &regional));
    let empty = by(service_caller()).with("aws:PrincipalServiceNamesList", &[]);
    assert!(reaches(service("x.amazonaws.com"), &empty));
    // A user who carries the key is no service.
    let user = by(ann()).with("aws:PrincipalServiceNamesList", &["z.amazonaws.com"]);
    assert!(!reaches(service("z.amazonaws.com"), &user));
}

#[test]
fn eval_29_federated_provider_of_a_session() {
    let entry = federated("accounts.google.com");
    let key = "aws:FederatedProvider";
    assert!(reaches(
        entry,
        &by(session()).with(key, &["accounts.google.com"])
    ));
    assert!(!reaches(
        entry,
        &by(session()).with(key, &["accounts.google.com", "x"])
    ));
    assert!(!reaches(
        entry,
        &by(ann()).with(key, &["accounts.google.com"])
    ));
    assert!(!reaches(entry, &by(session())));
}

#[test]
fn gram_11_an_empty_principal_names_nobody() {
    by(ann()).is_refused(&sets().resource(&[allow("*").to(&[])]), Identity);
}

/// True if a Deny with this `NotPrincipal` spares the caller.
fn spared(list: &[Entry], request: &Ask) -> bool {
    let sets = sets()
        .identity(&[allow("*")])
        .session(&[allow("*")])
        .resource(&[allow("*").to(&[everyone()]), deny("*").to_all_but(list)]);
    request.run(&sets).decision.is_allow()
}

#[test]
fn gram_51_exempt_is_who_is_fully_named() {
    let (account, role_id, user_id) = (aws(A), aws("AROAX"), aws("AIDAX"));
    let user = by(ann()).user_id("AIDAX");
    let role = by(session()).user_id("AROAX:s");
    let unnamed = by(Caller::from_arn(ROLE).unwrap());
    let fed = by(fay(Some(ANN)));
    for (request, list, expected) in [
        (&by(root()), &[account][..], true),
        (&by(root()), &[aws(ROOT_A)], true),
        (&by(root()), &[aws(B)], false),
        (&user, &[account], false),
        (&user, &[aws(ANN)], false),
        (&user, &[aws(ANN), account], true),
        (&user, &[user_id, aws(ROOT_A)], true),
        (&user, &[aws(ANN), aws(B)], false),
        (&role, &[account, aws(ROLE)], false),
        (&role, &[account, aws(SESSION)], false),
        (&role, &[aws(ROLE), aws(SESSION)], false),
        (&role, &[account, aws(ROLE), aws(SESSION)], true),
        (&role, &[account, role_id, aws(SESSION)], true),
        (&unnamed, &[account, aws(ROLE), aws(SESSION)], false),
        (&fed, &[account, aws(FED)], true),
        (&fed, &[account, aws(ANN)], false),
        (&by(service_caller()), &[service("x.amazonaws.com")], true),
        (&by(service_caller()), &[account], false),
        (&by(federated_caller()), &[federated(PROVIDER)], true),
        (
            &by(Caller::CanonicalUser { id: "c" }),
            &[canonical("c")],
            true,
        ),
        (
            &by(Caller::CanonicalUser { id: "c" }),
            &[canonical("d")],
            false,
        ),
        (&by(Caller::Anonymous), &[account, aws(ANN)], false),
        (&by(Caller::Anonymous), &[everyone()], true),
        (&user, &[everyone()], true),
        (&unnamed, &[everyone()], true),
        (&user, &[], false),
        (&by(Caller::Anonymous), &[], false),
    ] {
        assert_eq!(spared(list, request), expected, "{request:?} {list:?}");
    }
}

#[test]
fn gram_52_a_boundary_takes_the_exemption_away() {
    let everyone_else = [everyone()];
    let named = [aws(A), aws(ANN), aws(ROLE), aws(SESSION), aws(FED)];
    for list in [&everyone_else[..], &named] {
        let policy = [allow("*").to(&[everyone()]), deny("*").to_all_but(list)];
        let free = sets()
            .identity(&[allow("*")])
            .session(&[allow("*")])
            .resource(&policy);
        let bound = free.clone().boundary(&[allow("*")]);
        for caller in [ann(), session(), fay(None)] {
            by(caller).is_allowed(&free);
            by(caller).is_denied(&bound, &[Resource]);
        }
        for caller in [root(), service_linked()] {
            by(caller).is_allowed(&bound);
        }
        // The layer is the resource's, and the effect Deny.
        let endpoint = sets()
            .identity(&[allow("*")])
            .boundary(&[allow("*")])
            .endpoint(&policy);
        by(ann()).is_allowed(&endpoint);
        let allowing = sets()
            .boundary(&[allow("*")])
            .resource(&[allow("*").to_all_but(list)]);
        by(ann()).is_refused(&allowing, Identity);
    }
}

#[test]
fn eval_55_anonymous_by_not_principal() {
    let sets = sets().resource(&[allow("*").to_all_but(&[aws(A)])]);
    by(Caller::Anonymous).is_allowed(&sets);
    by(root()).is_allowed(&sets); // its own account: nothing else is needed
    by(ann()).is_allowed(&sets); // GRAM-51: not fully named, so reached
}

#[test]
fn eval_50_root() {
    let refusing = sets().identity(&[deny("*")]).boundary(&[]).session(&[]);
    by(root()).is_allowed(&refusing);
    // The session of AssumeRoot has its task policy and no more.
    let assumed = by(root()).with("aws:AssumedRoot", &["TRUE"]);
    assumed.is_denied(&refusing, &[Identity]);
    assumed.is_refused(&sets(), Identity);
    assumed.is_allowed(&sets().identity(&[allow("sqs:*")]));
    assumed.is_allowed(&sets().resource(&[allow("*").to(&[aws(A)])]));
    for other in [&["false"][..], &[], &["true", "true"]] {
        by(root())
            .with("aws:AssumedRoot", other)
            .is_allowed(&sets());
    }
}

#[test]
fn eval_54_service_linked_roles() {
    let limits = sets().boundary(&[]).session(&[]);
    by(service_linked()).is_refused(&limits, Identity);
    by(service_linked()).is_allowed(&limits.identity(&[allow("*")]));
    by(service_linked()).is_refused(&sets().endpoint(&[]), VpcEndpoint);
}

#[test]
fn users_have_no_session_policy() {
    by(ann()).is_allowed(&sets().identity(&[allow("*")]).session(&[]));
    by(session()).is_refused(&sets().identity(&[allow("*")]).session(&[]), Session);
    by(session()).is_refused(&sets().identity(&[allow("*")]).boundary(&[]), Boundary);
}

/// `GRAM-45`, `EVAL-71`: a user without account, whom only the resource's policy can let in.
#[test]
fn gram_45_origin_access_identities() {
    let own = aws(ORIGIN_ACCESS_IDENTITY);
    let refusing = sets().identity(&[deny("*")]).boundary(&[]).session(&[]);
    by(origin_access_identity()).is_refused(&sets().identity(&[allow("*")]), Resource);
    by(origin_access_identity()).is_allowed(&refusing.resource(&[allow("*").to(&[own])]));
    by(origin_access_identity()).is_allowed(&sets().resource(&[allow("*").to_all_but(&[aws(A)])]));
    // GRAM-51: there is no account that could be listed beside it.
    let open = allow("*").to(&[everyone()]);
    let by_deny = |but| sets().resource(&[open, deny("*").to_all_but(&[but])]);
    by(origin_access_identity()).is_allowed(&by_deny(own));
    by(origin_access_identity()).is_denied(&by_deny(aws(A)), &[Resource]);
}
