//! Threads that share images decide as one thread does. Under ThreadSanitizer this shows that they share
//! nothing that is written:
//!
//! ```sh
//! echo race:std::sync::mpmc >suppressions
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
//!     TSAN_OPTIONS=suppressions=$PWD/suppressions \
//!     cargo test -p portcullis-testkit --test it -- threads::target x86_64-unknown-linux-gnu
//! ```
//!
//! What is suppressed is the channel on which the test program tells its results: the standard library
//! is not compiled for the sanitizer.

use std::thread;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Bytes, Request, derive};
use portcullis_vm::Outcome;

const THREADS: usize = 4;

fn decide_all(images: &[Image<Vec<u8>>], requests: &[Request]) -> Vec<Outcome> {
    let mut machine = Machine::new(images.iter().map(Image::view));
    let decided = requests.iter().map(|request| {
        request.with(|request| {
            let outcome = machine.decide(request);
            assert_eq!(machine.explain(request).outcome, outcome);
            outcome
        })
    });
    decided.collect()
}

#[test]
fn threads_share_images() {
    let settings = Settings {
        statements: 20,
        ..Settings::default()
    };
    let mut images = Vec::new();
    let mut requests = Vec::new();
    for seed in 0..3 {
        let mut source = Bytes::new(seed);
        let world = world(&mut Unstructured::new(&source.take(40_000)), &settings).unwrap();
        let arena = Bump::new();
        let sets = world.read(&arena).unwrap();
        images.push(Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap());
        requests.extend(derive::requests(&sets, &mut source, 200));
    }
    let alone = decide_all(&images, &requests);
    thread::scope(|scope| {
        let started: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| decide_all(&images, &requests)))
            .collect();
        for thread in started {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
    println!("{} decisions on {THREADS} threads", alone.len());
}
