//! Directories decide as their policies do: every case of the corpus, and generated ones, as a folder of dumps that holds
//! just the policies of the case, asked by texts, resolved, as a question, and opened from a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_testkit::corpus::each_scenario;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::oracle::{Oracle, Reference};
use portcullis_testkit::{Bytes, Request, as_directory, derive};

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("portcullis-as-directory-{name}-{}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What was compared, by decision, and how many cases no dump can say.
#[derive(Default, Debug)]
struct Tally {
    compared: BTreeMap<&'static str, u32>,
    left_out: u32,
    failures: Vec<String>,
}

impl Tally {
    fn compare(
        &mut self,
        place: &str,
        sets: &portcullis_syntax::PolicySets<'_>,
        request: &Request,
        folder: &Folder,
    ) {
        let asked = std::slice::from_ref(request);
        let expected = Reference.answer(sets, asked).unwrap().remove(0);
        match request.with(|request| as_directory::answer(sets, request, &folder.0)) {
            Ok(None) => self.left_out += 1,
            Ok(Some(answer)) if answer == expected => {
                *self.compared.entry(answer.decision.as_str()).or_default() += 1;
            }
            other => self.failures.push(format!(
                "{place}: {other:?}, the reference says {expected:?}: {}",
                request.to_json()
            )),
        }
    }

    fn end(self, least: u32) {
        let total: u32 = self.compared.values().sum();
        println!("{:?}, {} left out", self.compared, self.left_out);
        let shown: Vec<&str> = self.failures.iter().take(12).map(String::as_str).collect();
        assert!(
            shown.is_empty(),
            "{} of {total}:\n{}",
            self.failures.len(),
            shown.join("\n")
        );
        assert!(total > least, "{total}");
        assert_eq!(self.compared.len(), 3);
    }
}

#[test]
fn the_corpus() {
    let folder = Folder::new("corpus");
    let mut tally = Tally::default();
    each_scenario(|place, scenario| {
        for case in &scenario.cases {
            if let Some(request) = &case.request {
                tally.compare(place, &scenario.policies, &Request::from(request), &folder);
            }
        }
    })
    .unwrap();
    tally.end(400);
}

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
#[test]
fn generated_policies_and_requests() {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    let cases = asked.and_then(|text| text.parse().ok()).unwrap_or(300);
    let folder = Folder::new("generated");
    let mut tally = Tally::default();
    for seed in 0..cases {
        let mut source = Bytes::new(seed);
        let settings = Settings {
            layers: seed % 3 != 0,
            ..Settings::default()
        };
        let bytes = source.take(4_000);
        let world = world(&mut Unstructured::new(&bytes), &settings).unwrap();
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap();
        for request in derive::requests(&sets, &mut source, 8) {
            tally.compare(&format!("seed {seed}"), &sets, &request, &folder);
        }
    }
    tally.end(200);
}
