//! The flat form: what it means, and that no bytes do harm.

use std::ptr::null_mut;

use super::*;

/// Writes the flat form, as a host does.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn number(mut self, number: u32) -> Writer {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(self, text: &str) -> Writer {
        let mut own = self.number(u32::try_from(text.len()).unwrap());
        own.0.extend(text.as_bytes());
        own
    }

    fn bytes(mut self, bytes: &[u8]) -> Writer {
        self.0.extend(bytes);
        self
    }

    /// A request for `s3:GetObject` of Ann's, up to its list of keys.
    fn request(self, resource: &str) -> Writer {
        self.text(ANN)
            .text("s3:GetObject")
            .text(resource)
            .text("")
            .number(0)
    }

    /// The entries of `office`.
    fn office(self) -> Writer {
        let own = self
            .number(2)
            .text("AWS:sourceip")
            .bytes(&[6, 203, 0, 113, 9]);
        own.text("aws:SecureTransport").bytes(&[3, 1])
    }
}

fn decide(host: &Host, own: &[u8], count: usize) -> (Vec<u8>, (u32, String)) {
    let mut decisions = vec![Decision { code: PC_ALLOW }; count];
    let mut error = null_mut();
    let done = unsafe {
        pc_decide_flat(
            host.authorizer,
            bytes(own),
            count,
            decisions.as_mut_ptr(),
            &mut error,
        )
    };
    let told = failure(error);
    assert_eq!(done, told.0 == 0);
    let codes: Vec<u8> = decisions.iter().map(|one| one.code).collect();
    if !done {
        assert!(codes.iter().all(|code| *code == PC_IMPLICIT_DENY));
    }
    (codes, told)
}

#[test]
fn flat_requests_decide_what_others_do() {
    let host = Host::new();
    let own = Writer::default().number(3);
    let own = own.request(REPORT).office();
    let own = own.request("arn:aws:s3:::reports/ann/secret").number(0);
    let own = own.request(REPORT).number(0).0;
    let fine = (0, String::new());
    assert_eq!(
        decide(&host, &own, 3),
        (
            vec![PC_ALLOW, PC_EXPLICIT_DENY, PC_IMPLICIT_DENY],
            fine.clone()
        )
    );
    assert_eq!(decide(&host, &[0; 4], 0), (vec![], fine));
    for count in [0, 1, 2, 4] {
        let (_, (code, told)) = decide(&host, &own, count);
        assert_eq!(code, PC_ERROR_ARGUMENT);
        assert!(
            told.starts_with("flat form at byte 4: 3 requests are not the"),
            "{told}"
        );
    }
    // A part of it is nothing, and neither is more.
    for end in 0..own.len() {
        assert_eq!(
            decide(&host, &own[..end], 3).1.0,
            PC_ERROR_ARGUMENT,
            "{end}"
        );
    }
    let (_, (_, told)) = decide(&host, &[&own[..], &[0]].concat(), 3);
    assert!(told.ends_with("1 bytes are left over"), "{told}");
}

#[test]
fn flat_values_are_those_of_the_structures() {
    let host = Host::new();
    let asked = |lists: &[u8]| {
        let asked = Request {
            resolved_principal: host.principal,
            site: host.site,
            resource: text(REPORT),
            flat: bytes(lists),
            ..zeros()
        };
        let mut error = null_mut();
        let decision = unsafe { pc_decide(host.authorizer, &asked, &mut error) };
        (decision.code, failure(error).1)
    };
    let said = |code: u8, text: &str| (code, text.to_owned());
    let site = |own: Writer| own.number(0).0;
    let two = || Writer::default().number(2);
    let address = [6, 203, 0, 113, 9];
    assert_eq!(
        asked(&site(two().bytes(&address).bytes(&[3, 1]))),
        said(PC_ALLOW, "")
    );
    assert_eq!(
        asked(&site(
            two()
                .bytes(&[1])
                .text("203.0.113.9")
                .bytes(&[1])
                .text("true")
        )),
        said(PC_ALLOW, "")
    );
    let several = two()
        .bytes(&[2])
        .number(1)
        .text("203.0.113.9")
        .bytes(&[3, 1]);
    assert_eq!(asked(&site(several)), said(PC_ALLOW, ""));
    assert_eq!(
        asked(&site(two().bytes(&address).bytes(&[0]))),
        said(PC_IMPLICIT_DENY, "")
    );
    assert_eq!(
        asked(&site(two().bytes(&[7]).bytes(&[0; 16]).bytes(&[3, 1]))),
        said(PC_IMPLICIT_DENY, "")
    );
    let other = two()
        .bytes(&address)
        .bytes(&[0])
        .number(1)
        .text("aws:SecureTransport")
        .bytes(&[1])
        .text("true")
        .0;
    assert_eq!(asked(&other).1, "");
    for (lists, reason) in [
        (
            two().bytes(&address).bytes(&[3, 2]),
            "flat form at byte 11: a truth value is neither 0 nor 1",
        ),
        (
            two().bytes(&[8]),
            "flat form at byte 5: there is no kind 8 of values",
        ),
        (
            two().bytes(&[1]).number(1).bytes(&[0xFF]),
            "flat form at byte 10: a value is not UTF-8",
        ),
        (
            two().bytes(&[1]).number(u32::MAX),
            "flat form at byte 9: a value needs 4294967295 bytes, and there are 0",
        ),
        (
            two().bytes(&[5]).bytes(&[0xFF; 8]).number(0),
            "flat form at byte 17: an instant is out of range",
        ),
        (
            Writer::default().number(0).number(0),
            "0 values are given for 2 keys",
        ),
        (
            Writer::default().number(u32::MAX),
            "flat form at byte 4: a value needs 1 bytes, and there are 0",
        ),
    ] {
        assert_eq!(asked(&lists.0), said(PC_IMPLICIT_DENY, reason));
    }
}

#[test]
fn flat_resources_are_texts() {
    let host = Host::new();
    let context = office();
    let asked = Request {
        context: context.as_ptr(),
        context_count: 2,
        ..request("s3:GetObject", "")
    };
    let own = Writer::default()
        .number(2)
        .text(REPORT)
        .text("arn:aws:s3:::reports/bob/q")
        .0;
    let mut decisions = [Decision { code: PC_ALLOW }; 2];
    let mut decide = |own: &[u8], error| {
        let out = decisions.as_mut_ptr();
        let done =
            unsafe { pc_decide_flat_resources(host.authorizer, &asked, bytes(own), 2, out, error) };
        (done, decisions.map(|one| one.code))
    };
    assert_eq!(
        fine(|error| decide(&own, error)),
        (true, [PC_ALLOW, PC_IMPLICIT_DENY])
    );
    for wrong in [&own[..own.len() - 1], &[&own[..], &[0]].concat()] {
        let (answer, told) = fails(|error| decide(wrong, error));
        assert_eq!(
            (answer, told.0),
            ((false, [PC_IMPLICIT_DENY; 2]), PC_ERROR_ARGUMENT)
        );
    }
}

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// Random bytes, and requests with a few bytes changed, never do harm: they are decided, or denied with a reason, and what
/// was decided is what the facade says of the same parts. `PORTCULLIS_ROUNDS` makes it longer.
#[test]
fn no_bytes_do_harm() {
    let rounds = std::env::var("PORTCULLIS_ROUNDS").ok();
    let rounds = rounds.map_or(20_000, |rounds| rounds.parse().unwrap());
    let host = Host::new();
    let whole = Writer::default()
        .number(2)
        .request(REPORT)
        .office()
        .request(REPORT)
        .number(1);
    let whole = whole
        .text("aws:TagKeys")
        .bytes(&[2])
        .number(2)
        .text("team")
        .text("cost")
        .0;
    let lists = Writer::default()
        .number(2)
        .bytes(&[6, 203, 0, 113, 9])
        .bytes(&[3, 1])
        .number(0)
        .0;
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut decided = [0; 3];
    for round in 0..rounds {
        let mut changed = |from: &[u8]| {
            let mut own = from.to_vec();
            if round % 4 == 0 {
                own = (0..numbers.below(200))
                    .map(|_| u8::try_from(numbers.next() & 0xFF).unwrap())
                    .collect();
            }
            for _ in 0..=numbers.below(3) {
                if own.is_empty() {
                    break;
                }
                let place = numbers.below(own.len());
                match numbers.below(4) {
                    0 => own[place] = u8::try_from(numbers.next() & 0xFF).unwrap(),
                    1 => own[place] ^= 1 << numbers.below(8),
                    2 => drop(own.remove(place)),
                    _ => own.truncate(place),
                }
            }
            own
        };
        let own = changed(&whole);
        let (codes, (code, _)) = decide(&host, &own, 2);
        let is_fine = code == 0;
        decided[0] += usize::from(is_fine);
        assert!(is_fine || codes == [PC_IMPLICIT_DENY; 2]);

        // Lists of a request, and what explains it.
        let own = changed(&lists);
        let asked = Request {
            resolved_principal: host.principal,
            site: host.site,
            resource: text(REPORT),
            flat: bytes(&own),
            ..zeros()
        };
        let mut error = null_mut();
        let decision = unsafe { pc_decide(host.authorizer, &asked, &mut error) };
        let (code, _) = failure(error);
        decided[1] += usize::from(code == 0);
        assert!(code == 0 || decision.code == PC_IMPLICIT_DENY);
        if round % 64 == 0 {
            let mut error = null_mut();
            let told = unsafe { pc_explain(host.authorizer, &asked, PC_FORM_JSON, &mut error) };
            assert_eq!(failure(error).0, code);
            unsafe { pc_string_free(told) };
        }

        let own = changed(&whole);
        let mut decisions = [Decision { code: PC_ALLOW }; 2];
        let out = decisions.as_mut_ptr();
        let mut error = null_mut();
        let done = unsafe {
            pc_decide_flat_resources(host.authorizer, &asked, bytes(&own), 2, out, &mut error)
        };
        failure(error);
        decided[2] += usize::from(done);
        assert!(
            done || decisions
                == [Decision {
                    code: PC_IMPLICIT_DENY
                }; 2]
        );

        if round % 16 == 0 {
            let mut error = null_mut();
            let image = unsafe { pc_image_open(bytes(&own), &mut error) };
            assert!(image.is_null() && failure(error).0 == PC_ERROR_IMAGE);
        }
    }
    // Some of it gets through to the engine.
    assert!(
        decided[0] > rounds / 50 && decided[1] > rounds / 50,
        "{decided:?}"
    );
}

/// Batches are decided in chunks, which nobody sees.
#[test]
fn batches_of_any_length_decide_in_order() {
    let host = Host::new();
    let context = office();
    for count in [1, 15, 16, 17, 40] {
        let names = (0..count).map(|place| {
            let whose = ["ann/q", "bob/q", "ann/secret"][place % 3];
            format!("arn:aws:s3:::reports/{whose}{place}")
        });
        let names: Vec<String> = names.collect();
        let expected: Vec<u8> = (0..count)
            .map(|place| [PC_ALLOW, PC_IMPLICIT_DENY, PC_EXPLICIT_DENY][place % 3])
            .collect();
        let mut requests: Vec<Request> = names
            .iter()
            .map(|name| Request {
                context: context.as_ptr(),
                context_count: 2,
                ..request("s3:GetObject", name)
            })
            .collect();
        let mut flat = Writer::default().number(u32::try_from(count).unwrap());
        let mut list = Writer::default().number(u32::try_from(count).unwrap());
        for name in &names {
            flat = flat.request(name).office();
            list = list.text(name);
        }
        assert_eq!(decide(&host, &flat.0, count).0, expected);

        let mut decisions = vec![Decision { code: PC_ALLOW }; count];
        let mut codes = |call: &dyn Fn(*mut Decision, *mut *mut Error) -> bool| {
            decisions.fill(Decision { code: PC_ALLOW });
            let mut error = null_mut();
            let done = call(decisions.as_mut_ptr(), &mut error);
            let codes: Vec<u8> = decisions.iter().map(|one| one.code).collect();
            (done, codes, failure(error).1)
        };
        let fine = (true, expected, String::new());
        let many = |requests: &[Request], out, error| unsafe {
            pc_decide_many(host.authorizer, requests.as_ptr(), count, out, error)
        };
        assert_eq!(codes(&|out, error| many(&requests, out, error)), fine);
        let resources = |out, error| unsafe {
            let own = bytes(&list.0);
            pc_decide_flat_resources(host.authorizer, &requests[0], own, count, out, error)
        };
        assert_eq!(codes(&resources), fine);
        requests[count - 1].owner = Text {
            data: c"\xFF".as_ptr(),
            length: 1,
        };
        let (done, denied, told) = codes(&|out, error| many(&requests, out, error));
        assert!(!done && denied == vec![PC_IMPLICIT_DENY; count]);
        assert_eq!(told, format!("request {}: owner is not UTF-8", count - 1));
    }
}
