//! How much stack the deciders and the readers need on the worst input: how much of a thread's stack can be
//! taken away before each fails, found by halving, beside that for doing nothing. A stack that is too small
//! ends the process, so each try is a process of its own. Figures are rounded up to whole KiB.
//!
//! ```sh
//! cargo run --release -p portcullis-testkit --example stack
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "it takes apart what others print"
)]

use std::process::{Command, ExitCode, Stdio};

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_dsl::NoImports;
use portcullis_image::Image;
use portcullis_model::PolicyKind;
use portcullis_scenario::{NoFiles, Options as Reading, scenarios};
use portcullis_source::Source;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Caller, Request, World};
use serde_json::json;

type Work = Box<dyn FnOnce() + Send>;
type Case = (&'static str, fn() -> Work);

/// What is measured: a name, and something that is prepared outside of the small stack.
const CASES: [Case; 9] = [
    ("nothing", || Box::new(|| ())),
    ("decide", || decide(false)),
    ("explain", || decide(true)),
    ("Image::from_bytes", load),
    ("compile", compile_all),
    ("reference", reference),
    ("JSON policy, nested a million deep", || {
        let text = "[".repeat(1_000_000);
        Box::new(move || {
            let arena = Bump::new();
            let read = parse_policy(&text, ReadOptions::new(PolicyKind::Identity), &arena);
            assert!(read.0.is_none());
        })
    }),
    ("policy language, nested a million deep", || {
        let text = format!(
            "policy p {{ allow * on * when {}aws:username is a",
            "(".repeat(1_000_000)
        );
        Box::new(move || {
            let arena = Bump::new();
            assert!(
                portcullis_dsl::parse(&text, &arena, &NoImports)
                    .documents
                    .is_empty()
            );
            assert!(portcullis_dsl::format(&text).is_err());
        })
    }),
    ("scenario, nested a million deep", || {
        let text = "{\"policies\":".repeat(1_000_000);
        Box::new(move || {
            let arena = Bump::new();
            let Ok(source) = Source::decode("s", text.as_bytes(), portcullis_source::Start::FILE)
            else {
                return;
            };
            assert!(scenarios(source, Reading::default(), &NoFiles, &arena).is_err());
        })
    }),
];

/// Many statements in every policy set, with long patterns and every operator.
fn world() -> World {
    let operators = [
        "StringEquals",
        "StringLike",
        "StringEqualsIgnoreCase",
        "NumericLessThan",
        "DateGreaterThan",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "ArnLike",
        "Null",
        "ForAllValues:StringNotLike",
    ];
    let statement = |at: usize, principal: bool| {
        let mut statement = json!({
            "Effect": if at % 2 == 0 { "Allow" } else { "Deny" },
            "Action": ["s3:*e*O*t", "*"],
            "Resource": [format!("arn:aws:s3:::{}b", "*a".repeat(200)), "*"],
            "Condition": {},
        });
        for operator in operators {
            statement["Condition"][operator] = json!({format!("x:k{}", at % 7): ["true", "1"]});
        }
        if principal {
            statement["Principal"] = json!("*");
        }
        statement
    };
    let document = |principal| {
        let statements: Vec<_> = (0..200).map(|at| statement(at, principal)).collect();
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    };
    World {
        bucket: None,
        identity: vec![document(false); 4],
        boundary: Some(vec![document(false)]),
        session: Some(vec![document(false)]),
        resource: Some(document(true)),
        vpc_endpoint: Some(vec![document(true)]),
        scps: vec![vec![document(false)]; 5],
        rcps: Vec::new(),
    }
}

fn request() -> Request {
    let values = vec!["a*".repeat(500), "true".into()];
    Request {
        caller: Caller::Role {
            session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s".into()),
            role_arn: "arn:aws:iam::111122223333:role/R".into(),
            service_linked: false,
        },
        user_id: None,
        management_account: false,
        session_token: false,
        action: "s3:GetObject".into(),
        resource: format!("arn:aws:s3:::{}", "a".repeat(2_000)),
        resource_account: None,
        context: (0..7)
            .map(|at| (format!("x:k{at}"), values.clone()))
            .collect(),
        restrict_public_buckets: true,
        external_grant: false,
    }
}

fn bytes() -> Vec<u8> {
    let (world, arena) = (world(), Bump::new());
    let sets = world.read(&arena).unwrap_or_default();
    compile(&sets, Options::default()).unwrap_or_default()
}

fn decide(explain: bool) -> Work {
    let (bytes, request) = (bytes(), request());
    Box::new(move || {
        let Ok(image) = Image::from_bytes(bytes) else {
            return;
        };
        let mut machine = Machine::new([image.view()]);
        request.with(|request| {
            let _ = std::hint::black_box(machine.decide(request));
            if explain {
                let explanation = machine.explain(request);
                std::hint::black_box(explanation.message(None, "s3:GetObject", "*", false));
            }
        });
    })
}

fn load() -> Work {
    let bytes = bytes();
    Box::new(move || assert!(Image::from_bytes(bytes).is_ok()))
}

fn compile_all() -> Work {
    let world = world();
    Box::new(move || {
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap_or_default();
        assert!(compile(&sets, Options::default()).is_ok());
    })
}

fn reference() -> Work {
    let (world, request) = (world(), request());
    Box::new(move || {
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap_or_default();
        request.with(|request| {
            std::hint::black_box(portcullis_reference::decide(&sets, request));
        });
    })
}

/// The stack of the thread, in KiB.
const STACK: usize = 1024;

/// Takes so many KiB of the stack, then works on what is left.
#[inline(never)]
fn on_what_is_left(kib: usize, work: Work) {
    let taken = std::hint::black_box([0_u8; 1008]);
    match kib {
        0 => work(),
        _ => on_what_is_left(kib - 1, work),
    }
    std::hint::black_box(&taken);
}

/// Runs a case with so many KiB of the stack taken.
fn run(case: usize, taken: usize) -> bool {
    let Some((_, prepare)) = CASES.get(case) else {
        return false;
    };
    let work = prepare();
    let thread = std::thread::Builder::new()
        .stack_size(STACK << 10)
        .spawn(move || on_what_is_left(taken, work));
    thread.is_ok_and(|thread| thread.join().is_ok())
}

fn main() -> ExitCode {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    if let [case, taken] = numbers.as_slice() {
        return ExitCode::from(u8::from(!run(*case, *taken)));
    }
    let Ok(program) = std::env::current_exe() else {
        return ExitCode::FAILURE;
    };
    // The most that can be taken.
    let most = |case: usize| {
        let enough = |taken: usize| {
            Command::new(&program)
                .args([case.to_string(), taken.to_string()])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        let (mut low, mut high) = (0, STACK);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if enough(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let nothing = most(0);
    println!("| what | stack, KiB |\n|---|---|");
    for (case, (name, _)) in CASES.iter().enumerate().skip(1) {
        println!("| {name} | {} |", nothing.saturating_sub(most(case)) + 1);
    }
    ExitCode::SUCCESS
}
