//! The functions as hosts call them, hostile ones too.
#![allow(
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "tests keep the promises of the header, or break what the header says is checked"
)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod flat;
mod policies;

use std::ptr::{self, null, null_mut};

use crate::abi::*;
use crate::error::Error;
use crate::handles::{Authorizer, Image, OwnedText, Principal, Site};
use crate::types::*;

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "Own", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/${aws:username}/*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Bool": {"aws:SecureTransport": "true"}}},
    {"Sid": "Never", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::reports/ann/secret*"},
    {"Sid": "Tagged", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
     "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}, "NumericLessThan": {"s3:max-keys": "10"},
                   "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}}]}"#;
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const REPORT: &str = "arn:aws:s3:::reports/ann/q1.csv";

fn text(text: &str) -> Text {
    Text {
        data: text.as_ptr().cast(),
        length: text.len(),
    }
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes {
        data: bytes.as_ptr(),
        length: bytes.len(),
    }
}

fn read(text: Text) -> String {
    unsafe { crate::raw::text(text, "answer") }
        .unwrap()
        .to_owned()
}

/// What a host fills from zeros.
fn zeros<T: Copy>() -> T {
    // Only structures of integers, pointers and unions of these are asked for.
    unsafe { std::mem::zeroed() }
}

fn value(kind: u32, of: ValueContent) -> Value {
    Value {
        kind,
        nanoseconds: 0,
        of,
    }
}

fn text_value(own: &str) -> Value {
    value(PC_VALUE_TEXT, ValueContent { text: text(own) })
}

fn number(kind: u32, number: i64) -> Value {
    value(kind, ValueContent { number })
}

/// The code and the text of a failure, which is freed; 0 of none.
fn failure(error: *mut Error) -> (u32, String) {
    let told = unsafe { (pc_error_code(error), read(pc_error_text(error))) };
    unsafe { pc_error_free(error) };
    told
}

/// Calls a function that cannot fail here.
fn fine<T>(call: impl FnOnce(*mut *mut Error) -> T) -> T {
    // Whatever was there is overwritten.
    let mut error = ptr::dangling_mut();
    let result = call(&mut error);
    assert_eq!(failure(error), (0, String::new()));
    result
}

/// What a function answers that fails, with its error.
fn fails<T>(call: impl FnOnce(*mut *mut Error) -> T) -> (T, (u32, String)) {
    let mut error = null_mut();
    let result = call(&mut error);
    assert!(!error.is_null());
    (result, failure(error))
}

fn document(layer: u32, name: &str, content: &str) -> Document {
    Document {
        layer,
        name: text(name),
        content: text(content),
        ..zeros()
    }
}

/// An authorizer with what was prepared for it, as a host holds them.
struct Host {
    image: *mut Image,
    authorizer: *mut Authorizer,
    site: *mut Site,
    principal: *mut Principal,
}

impl Host {
    fn new() -> Host {
        let documents = [document(PC_LAYER_IDENTITY, "policy", POLICY)];
        let image = fine(|error| unsafe { pc_compile(documents.as_ptr(), 1, error) });
        let images = [image.cast_const()];
        let authorizer = fine(|error| unsafe { pc_authorizer_new(images.as_ptr(), 1, error) });
        let keys = [text("aws:SourceIp"), text("aws:SecureTransport")];
        let keys = Texts {
            data: keys.as_ptr(),
            count: 2,
        };
        let action = text("s3:GetObject");
        let site = fine(|error| unsafe { pc_site_new(authorizer, action, keys, error) });
        let caller = Caller {
            kind: PC_CALLER_ARN,
            name: text(ANN),
            ..zeros()
        };
        let principal = fine(|error| unsafe { pc_principal_new(authorizer, &caller, error) });
        Host {
            image,
            authorizer,
            site,
            principal,
        }
    }

    fn decide(&self, request: &Request) -> u8 {
        fine(|error| unsafe { pc_decide(self.authorizer, request, error) }).code
    }

    /// What a request fails by, which is denied.
    fn refuses(&self, request: &Request) -> (u32, String) {
        let decide = |error| unsafe { pc_decide(self.authorizer, request, error) };
        let (decision, told) = fails(decide);
        assert_eq!(decision.code, PC_IMPLICIT_DENY);
        // Nobody need ask why.
        let again = unsafe { pc_decide(self.authorizer, request, null_mut()) };
        assert_eq!(again.code, PC_IMPLICIT_DENY);
        told
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe {
            pc_image_free(self.image);
            pc_site_free(self.site);
            pc_principal_free(self.principal);
            pc_authorizer_free(self.authorizer);
        }
    }
}

fn request(action: &str, resource: &str) -> Request {
    Request {
        principal: text(ANN),
        action: text(action),
        resource: text(resource),
        ..zeros()
    }
}

/// The two keys of the first statement.
fn office() -> [Entry; 2] {
    let address = {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[203, 0, 113, 9]);
        ValueContent { address }
    };
    [
        Entry {
            key: text("AWS:sourceip"),
            value: value(PC_VALUE_IPV4, address),
        },
        Entry {
            key: text("aws:SecureTransport"),
            value: number(PC_VALUE_BOOL, 1),
        },
    ]
}

#[test]
fn numbers_are_those_of_the_contract() {
    use engine::Decision;
    let own = [PC_IMPLICIT_DENY, PC_ALLOW, PC_EXPLICIT_DENY];
    let theirs = [
        Decision::ImplicitDeny,
        Decision::Allow,
        Decision::ExplicitDeny,
    ];
    assert_eq!(own, theirs.map(|decision| decision as u8));
    assert_eq!(own, [0, 1, 2]);
    assert_eq!(pc_abi_version(), PC_ABI_VERSION);
}

#[test]
fn requests_are_decided_from_texts_and_prepared() {
    let host = Host::new();
    let context = office();
    let with = |resource: &str| Request {
        context: context.as_ptr(),
        context_count: 2,
        ..request("s3:GetObject", resource)
    };
    let secret = "arn:aws:s3:::reports/ann/secret.csv";
    assert_eq!(host.decide(&with(REPORT)), PC_ALLOW);
    assert_eq!(host.decide(&with(secret)), PC_EXPLICIT_DENY);
    assert_eq!(
        host.decide(&request("s3:GetObject", REPORT)),
        PC_IMPLICIT_DENY
    );

    let mut values = context.map(|entry| entry.value);
    let prepared = |values: &[Value], resource: &str| Request {
        resolved_principal: host.principal,
        site: host.site,
        values: values.as_ptr(),
        value_count: values.len(),
        resource: text(resource),
        ..zeros()
    };
    assert_eq!(host.decide(&prepared(&values, REPORT)), PC_ALLOW);
    assert_eq!(host.decide(&prepared(&values, secret)), PC_EXPLICIT_DENY);
    values[1] = number(PC_VALUE_BOOL, 0);
    assert_eq!(host.decide(&prepared(&values, REPORT)), PC_IMPLICIT_DENY);
    values[0] = text_value("203.0.113.9");
    values[1] = text_value("true");
    assert_eq!(host.decide(&prepared(&values, REPORT)), PC_ALLOW);
    values[0] = zeros();
    assert_eq!(host.decide(&prepared(&values, REPORT)), PC_IMPLICIT_DENY);
    let (code, told) = host.refuses(&prepared(&values[..1], REPORT));
    assert_eq!(code, PC_ERROR_REQUEST);
    assert_eq!(told, "1 values are given for 2 keys");
}

#[test]
fn values_are_of_every_kind() {
    let host = Host::new();
    let tags = [text("team"), text("cost")];
    let texts = |count| {
        let data = tags.as_ptr();
        let texts = Texts { data, count };
        value(PC_VALUE_TEXTS, ValueContent { texts })
    };
    let entry = |key: &'static str, value: Value| Entry {
        key: text(key),
        value,
    };
    let mut context = [
        entry("aws:TagKeys", texts(2)),
        entry("s3:max-keys", number(PC_VALUE_NUMBER, 9)),
        entry("aws:CurrentTime", number(PC_VALUE_TIME, 1_767_225_599)),
    ];
    context[2].value.nanoseconds = 999_999_999;
    let decide = |context: &[Entry; 3]| {
        host.decide(&Request {
            context: context.as_ptr(),
            context_count: 3,
            ..request("s3:PutObject", REPORT)
        })
    };
    assert_eq!(decide(&context), PC_ALLOW);
    for (place, other) in [
        (0, text_value("owner")),
        (1, number(PC_VALUE_NUMBER, 10)),
        (1, zeros()),
        (2, number(PC_VALUE_TIME, 1_767_225_600)),
    ] {
        let mut changed = context;
        changed[place].value = other;
        assert_eq!(decide(&changed), PC_IMPLICIT_DENY, "{place}");
    }
    // One text is one value, and none none.
    let mut changed = context;
    changed[0].value = texts(1);
    assert_eq!(decide(&changed), PC_ALLOW);
    changed[1].value = texts(0);
    assert_eq!(decide(&changed), PC_IMPLICIT_DENY);

    for (other, reason) in [
        (number(8, 0), "there is no kind 8 of values"),
        (number(u32::MAX, 0), "there is no kind 4294967295 of values"),
        (number(PC_VALUE_BOOL, 2), "a truth value is neither 0 nor 1"),
        (number(PC_VALUE_TIME, -1), "an instant is out of range"),
        (
            Value {
                nanoseconds: 1_000_000_000,
                ..number(PC_VALUE_TIME, 0)
            },
            "an instant is out of range",
        ),
    ] {
        let entry = Entry {
            key: text("k"),
            value: other,
        };
        let asked = Request {
            context: &entry,
            context_count: 1,
            ..request("s3:PutObject", REPORT)
        };
        assert_eq!(host.refuses(&asked), (PC_ERROR_ARGUMENT, reason.to_owned()));
    }
}

#[test]
fn what_cannot_be_is_an_error_and_denied() {
    let host = Host::new();
    let mut good = office();
    let plain = Request {
        context: good.as_ptr(),
        context_count: 2,
        ..request("s3:GetObject", REPORT)
    };
    assert_eq!(host.decide(&plain), PC_ALLOW);
    let latin = Text {
        data: c"arn:aws:s3:::reports/ann/\xFC".as_ptr(),
        length: 26,
    };
    let nowhere = Text {
        data: null(),
        length: 3,
    };
    let huge = Text {
        data: c"".as_ptr(),
        length: usize::MAX,
    };
    for wrong in [latin, nowhere, huge] {
        for changed in [
            Request {
                principal: wrong,
                ..plain
            },
            Request {
                action: wrong,
                ..plain
            },
            Request {
                resource: wrong,
                ..plain
            },
            Request {
                owner: wrong,
                ..plain
            },
        ] {
            assert_eq!(host.refuses(&changed).0, PC_ERROR_ARGUMENT);
        }
        good[0].key = wrong;
        let changed = Request {
            context: good.as_ptr(),
            ..plain
        };
        assert_eq!(host.refuses(&changed).0, PC_ERROR_ARGUMENT);
        good = office();
    }
    let misaligned = good.as_ptr().wrapping_byte_add(1);
    let values = [zeros::<Value>()];
    for (changed, code) in [
        (zeros(), PC_ERROR_REQUEST),
        (
            Request {
                principal: text("ann"),
                ..plain
            },
            PC_ERROR_REQUEST,
        ),
        (
            Request {
                principal: zeros(),
                ..plain
            },
            PC_ERROR_REQUEST,
        ),
        (
            Request {
                action: zeros(),
                ..plain
            },
            PC_ERROR_REQUEST,
        ),
        (
            Request {
                resolved_principal: host.principal,
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (
            Request {
                site: host.site,
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (
            Request {
                context: null(),
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (
            Request {
                context: misaligned,
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (
            Request {
                context_count: usize::MAX,
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (Request { flags: 4, ..plain }, PC_ERROR_ARGUMENT),
        (
            Request {
                flat: bytes(&[0; 8]),
                ..plain
            },
            PC_ERROR_ARGUMENT,
        ),
        (
            Request {
                values: values.as_ptr(),
                value_count: 1,
                ..plain
            },
            PC_ERROR_REQUEST,
        ),
    ] {
        assert_eq!(host.refuses(&changed).0, code);
    }
    // What is no ARN and what is no action is denied by no policy set, as in every other language.
    for changed in [
        Request {
            resource: text("*"),
            ..plain
        },
        Request {
            resource: text("reports"),
            ..plain
        },
        Request {
            resource: zeros(),
            ..plain
        },
        Request {
            action: text("s3:Get*"),
            ..plain
        },
    ] {
        assert_eq!(host.decide(&changed), PC_IMPLICIT_DENY);
    }
    // The empty list need not lie anywhere.
    let nothing = Request {
        context: null(),
        context_count: 0,
        ..plain
    };
    assert_eq!(host.decide(&nothing), PC_IMPLICIT_DENY);
}

#[test]
fn null_is_no_handle() {
    let host = Host::new();
    let asked = request("s3:GetObject", REPORT);
    let (decision, told) = fails(|error| unsafe { pc_decide(null(), &asked, error) });
    assert_eq!(decision.code, PC_IMPLICIT_DENY);
    let expected = (
        PC_ERROR_ARGUMENT,
        "authorizer: there is no such handle".to_owned(),
    );
    assert_eq!(told, expected);
    let (decision, told) = fails(|error| unsafe { pc_decide(host.authorizer, null(), error) });
    assert_eq!(
        (decision.code, told.0),
        (PC_IMPLICIT_DENY, PC_ERROR_ARGUMENT)
    );
    let images = [null()];
    assert!(
        fails(|error| unsafe { pc_authorizer_new(images.as_ptr(), 1, error) })
            .0
            .is_null()
    );
    assert!(
        fails(|error| unsafe { pc_authorizer_new(null(), 1, error) })
            .0
            .is_null()
    );
    assert!(
        fails(|error| unsafe { pc_compile(null(), 1, error) })
            .0
            .is_null()
    );
    assert!(
        fails(|error| unsafe { pc_site_new(null(), zeros(), zeros(), error) })
            .0
            .is_null()
    );
    assert!(
        fails(|error| unsafe { pc_principal_new(null(), null(), error) })
            .0
            .is_null()
    );
    assert!(
        fails(|error| unsafe { pc_explain(null(), &asked, 0, error) })
            .0
            .is_null()
    );
    assert!(fails(|error| unsafe { pc_uses_key(null(), zeros(), error) }).0);
    unsafe {
        assert_eq!(pc_error_code(null()), 0);
        assert_eq!(pc_error_problems(null()), 0);
        assert!(!pc_error_problem(null(), 0, null_mut()));
        assert_eq!(read(pc_error_text(null())), "");
        assert_eq!(read(pc_string_text(null())), "");
        assert_eq!(pc_image_bytes(null()).length, 0);
        pc_error_free(null_mut());
        pc_string_free(null_mut());
        pc_image_free(null_mut());
        pc_authorizer_free(null_mut());
        pc_site_free(null_mut());
        pc_principal_free(null_mut());
    }
}

#[test]
fn batches_decide_what_single_requests_do() {
    let host = Host::new();
    let context = office();
    let resources = [
        REPORT,
        "arn:aws:s3:::reports/ann/secret",
        "arn:aws:s3:::reports/bob/q1",
    ];
    let expected = [PC_ALLOW, PC_EXPLICIT_DENY, PC_IMPLICIT_DENY];
    let requests = resources.map(|resource| Request {
        context: context.as_ptr(),
        context_count: 2,
        ..request("s3:GetObject", resource)
    });
    let dirty = [Decision { code: PC_ALLOW }; 3];
    let mut decisions = dirty;
    let out = decisions.as_mut_ptr();
    let all = requests.as_ptr();
    assert!(fine(|error| unsafe {
        pc_decide_many(host.authorizer, all, 3, out, error)
    }));
    assert_eq!(decisions.map(|one| one.code), expected);

    let names = resources.map(text);
    let texts = Texts {
        data: names.as_ptr(),
        count: 3,
    };
    let mut decisions = dirty;
    let out = decisions.as_mut_ptr();
    assert!(fine(|error| unsafe {
        pc_decide_resources(host.authorizer, all, texts, out, error)
    }));
    assert_eq!(decisions.map(|one| one.code), expected);

    // One wrong request, and nothing is decided.
    let mut wrong = requests;
    wrong[2].principal = text("ann");
    let all = wrong.as_ptr();
    let mut decisions = dirty;
    let out = decisions.as_mut_ptr();
    let (done, (code, told)) =
        fails(|error| unsafe { pc_decide_many(host.authorizer, all, 3, out, error) });
    assert!(
        !done && code == PC_ERROR_REQUEST && told.starts_with("request 2: `ann`"),
        "{told}"
    );
    assert_eq!(decisions.map(|one| one.code), [PC_IMPLICIT_DENY; 3]);
    // Nor where there is no authorizer, nor place.
    let mut decisions = dirty;
    let out = decisions.as_mut_ptr();
    assert!(!fails(|error| unsafe { pc_decide_many(null(), all, 3, out, error) }).0);
    assert_eq!(decisions.map(|one| one.code), [PC_IMPLICIT_DENY; 3]);
    assert!(
        !fails(|error| unsafe { pc_decide_many(host.authorizer, all, 3, null_mut(), error) }).0
    );
    assert!(fine(|error| unsafe {
        pc_decide_many(host.authorizer, null(), 0, null_mut(), error)
    }));
}

#[test]
fn explanations_come_in_two_forms() {
    let host = Host::new();
    let asked = request("s3:GetObject", REPORT);
    let explain = |form| fine(|error| unsafe { pc_explain(host.authorizer, &asked, form, error) });
    let told = |own: *mut OwnedText| {
        let told = unsafe { read(pc_string_text(own)) };
        unsafe { pc_string_free(own) };
        told
    };
    let text = told(explain(PC_FORM_TEXT));
    assert!(
        text.contains("aws:SourceIp") && text.contains("Own"),
        "{text}"
    );
    let json = told(explain(PC_FORM_JSON));
    assert!(
        json.starts_with('{') && json.contains("ImplicitDeny"),
        "{json}"
    );
    let (own, told) = fails(|error| unsafe { pc_explain(host.authorizer, &asked, 2, error) });
    assert!(own.is_null() && told.0 == PC_ERROR_ARGUMENT);
    let key =
        |name: &str| fine(|error| unsafe { pc_uses_key(host.authorizer, self::text(name), error) });
    assert!(key("AWS:SOURCEIP") && !key("aws:SourceVpc"));
}

#[test]
fn a_panic_is_an_error_and_the_next_call_decides() {
    let host = Host::new();
    let context = office();
    let asked = Request {
        context: context.as_ptr(),
        context_count: 2,
        ..request("s3:GetObject", REPORT)
    };
    assert_eq!(host.decide(&asked), PC_ALLOW);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let (code, told) = panicking(|| panic!("a mistake of {}", "ours"));
    std::panic::set_hook(hook);
    assert_eq!(code, PC_ERROR_INTERNAL);
    assert_eq!(
        told,
        "the library is wrong, please report it: a mistake of ours"
    );
    assert_eq!(host.decide(&asked), PC_ALLOW);
}

/// A decision that panics with the memory of the thread in its hands.
fn panicking(panic: impl Fn()) -> (u32, String) {
    let (denied, told) = fails(|error| unsafe {
        border(error, PC_IMPLICIT_DENY, || {
            Ok(crate::request::with_memory(|_| {
                panic();
                PC_ALLOW
            }))
        })
    });
    assert_eq!(denied, PC_IMPLICIT_DENY);
    told
}

#[test]
fn threads_share_handles() {
    struct Shared(Host);
    // The header promises it.
    unsafe impl Sync for Shared {}
    let shared = &Shared(Host::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let host = &{ shared }.0;
                let context = office();
                for place in 0..500 {
                    let resource = format!(
                        "arn:aws:s3:::reports/{}/q",
                        if place % 2 == 0 { "ann" } else { "bob" }
                    );
                    let asked = Request {
                        context: context.as_ptr(),
                        context_count: 2,
                        ..request("s3:GetObject", &resource)
                    };
                    let expected = [PC_ALLOW, PC_IMPLICIT_DENY][place % 2];
                    assert_eq!(host.decide(&asked), expected);
                }
            });
        }
    });
}
