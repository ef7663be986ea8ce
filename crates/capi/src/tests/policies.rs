//! Documents, images, and callers.

use std::ptr::null_mut;

use super::*;

#[test]
fn problems_have_places() {
    let documents = [
        document(PC_LAYER_IDENTITY, "fine", POLICY),
        document(
            PC_LAYER_SCP,
            "typo",
            "{\n \"Statement\": {\"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resorce\": \"*\"}}",
        ),
        document(PC_LAYER_RESOURCE, "torn", "{"),
    ];
    let mut error = null_mut();
    let image = unsafe { pc_compile(documents.as_ptr(), 3, &mut error) };
    assert!(image.is_null());
    unsafe {
        assert_eq!(pc_error_code(error), PC_ERROR_POLICY);
        let told = read(pc_error_text(error));
        assert!(
            told.contains("typo:2:") && told.contains("torn:1:"),
            "{told}"
        );
        let count = pc_error_problems(error);
        let mut problem: ProblemView = zeros();
        assert!(!pc_error_problem(error, count, &mut problem));
        let mut files = Vec::new();
        for number in 0..count {
            assert!(pc_error_problem(error, number, &mut problem));
            files.push((read(problem.file), problem.line));
            assert!(!read(problem.code).is_empty() && !read(problem.message).is_empty());
        }
        assert!(files.contains(&("typo".to_owned(), 2)), "{files:?}");
        assert!(files.contains(&("torn".to_owned(), 1)), "{files:?}");
        pc_error_free(error);
    }
}

#[test]
fn documents_say_where_they_take_part() {
    let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let compile = |documents: &[Document]| {
        let mut error = null_mut();
        let image = unsafe { pc_compile(documents.as_ptr(), documents.len(), &mut error) };
        (image, failure(error))
    };
    let own = document(PC_LAYER_IDENTITY, "own", everything);
    let decide = |other: Document| {
        let (image, told) = compile(&[own, other]);
        assert_eq!(told, (0, String::new()));
        let images = [image.cast_const()];
        let authorizer = fine(|error| unsafe { pc_authorizer_new(images.as_ptr(), 1, error) });
        unsafe { pc_image_free(image) };
        let asked = request("s3:GetObject", REPORT);
        let decision = fine(|error| unsafe { pc_decide(authorizer, &asked, error) });
        unsafe { pc_authorizer_free(authorizer) };
        decision.code
    };
    let none = |layer| Document {
        layer,
        kind: PC_CONTENT_NONE,
        ..zeros()
    };
    for layer in [PC_LAYER_BOUNDARY, PC_LAYER_VPC_ENDPOINT, PC_LAYER_SCP] {
        assert_eq!(decide(none(layer)), PC_IMPLICIT_DENY, "{layer}");
    }
    assert_eq!(
        decide(document(PC_LAYER_BOUNDARY, "all", everything)),
        PC_ALLOW
    );
    assert_eq!(decide(none(PC_LAYER_RESOURCE)), PC_ALLOW);
    let wrong = [
        (
            document(0, "none", everything),
            "document 0: there is no layer 0",
        ),
        (
            document(9, "none", everything),
            "document 0: there is no layer 9",
        ),
        (
            Document { level: 1, ..own },
            "document 0: there is no level 1",
        ),
        (
            Document {
                level: 256,
                layer: PC_LAYER_SCP,
                ..own
            },
            "document 0: there is no level 256",
        ),
        (
            Document { kind: 3, ..own },
            "document 0: there is no kind 3 of contents",
        ),
        (
            Document {
                kind: PC_CONTENT_NONE,
                ..own
            },
            "document 0: no document has a content",
        ),
    ];
    for (document, expected) in wrong {
        let (image, told) = compile(&[document]);
        assert!(image.is_null());
        assert_eq!(told, (PC_ERROR_ARGUMENT, expected.to_owned()));
    }
    let nowhere = Document {
        kind: PC_CONTENT_FILE,
        content: text("/nowhere/policy.iam"),
        ..own
    };
    let (image, (code, told)) = compile(&[nowhere]);
    assert!(
        image.is_null() && code == PC_ERROR_POLICY && told.contains("/nowhere/policy.iam"),
        "{told}"
    );
}

#[test]
fn images_are_opened_again() {
    let host = Host::new();
    let own = unsafe { pc_image_bytes(host.image) };
    let again = fine(|error| unsafe { pc_image_open(own, error) });
    let other = unsafe { pc_image_bytes(again) };
    let contents =
        [own, other].map(|own| unsafe { crate::raw::items(own.data, own.length, "") }.unwrap());
    assert_eq!(contents[0], contents[1]);
    let mut damaged = contents[0].to_vec();
    damaged[contents[0].len() / 2] ^= 1;
    let (image, told) = fails(|error| unsafe { pc_image_open(bytes(&damaged), error) });
    assert!(image.is_null() && told.0 == PC_ERROR_IMAGE);
    let (image, told) = fails(|error| unsafe { pc_image_open(zeros(), error) });
    assert!(image.is_null() && told.0 == PC_ERROR_IMAGE);
    // A handle of another authorizer is looked up again.
    let images = [again.cast_const()];
    let authorizer = fine(|error| unsafe { pc_authorizer_new(images.as_ptr(), 1, error) });
    let values = office().map(|entry| entry.value);
    let asked = Request {
        resolved_principal: host.principal,
        site: host.site,
        values: values.as_ptr(),
        value_count: 2,
        resource: text(REPORT),
        ..zeros()
    };
    let decision = fine(|error| unsafe { pc_decide(authorizer, &asked, error) });
    assert_eq!(decision.code, PC_ALLOW);
    unsafe {
        pc_image_free(again);
        pc_authorizer_free(authorizer);
    }
}

#[test]
fn callers_are_of_every_kind() {
    let host = Host::new();
    let session = "arn:aws:sts::111122223333:assumed-role/app/s";
    let role = "arn:aws:iam::111122223333:role/x/app";
    let federated = "arn:aws:sts::111122223333:federated-user/f";
    let new = |kind, name: &str, of: &str, flags| {
        let caller = Caller {
            kind,
            flags,
            name: text(name),
            of: text(of),
            user_id: text("AIDA"),
        };
        let mut error = null_mut();
        let own = unsafe { pc_principal_new(host.authorizer, &caller, &mut error) };
        let (code, _) = failure(error);
        assert_eq!(own.is_null(), code != 0);
        unsafe { pc_principal_free(own) };
        code
    };
    for (kind, name, of) in [
        (PC_CALLER_ARN, ANN, ""),
        (PC_CALLER_ARN, session, ""),
        (PC_CALLER_SESSION, session, role),
        (PC_CALLER_FEDERATED_USER, federated, ANN),
        (PC_CALLER_ANONYMOUS, "", ""),
        (PC_CALLER_SERVICE, "lambda.amazonaws.com", ""),
        (PC_CALLER_FEDERATED, "accounts.google.com", ""),
        (PC_CALLER_CANONICAL_USER, "79a59df900b949e5", ""),
    ] {
        assert_eq!(new(kind, name, of, 7), 0, "{kind}");
        assert_eq!(new(kind, name, of, 8), PC_ERROR_ARGUMENT, "{kind}");
        let other = if of.is_empty() { ANN } else { "" };
        assert_eq!(new(kind, name, other, 0), PC_ERROR_REQUEST, "{kind}");
        let other = if name.is_empty() { "ann" } else { "" };
        assert_eq!(new(kind, other, of, 0), PC_ERROR_REQUEST, "{kind}");
    }
    assert_eq!(new(PC_CALLER_ARN, "ann", "", 0), PC_ERROR_REQUEST);
    assert_eq!(new(PC_CALLER_SESSION, session, ANN, 0), PC_ERROR_REQUEST);
    assert_eq!(new(0, ANN, "", 0), PC_ERROR_ARGUMENT);
    assert_eq!(new(8, ANN, "", 0), PC_ERROR_ARGUMENT);
}
