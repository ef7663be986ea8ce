//! The time of the worst match of a pattern with wildcards, as text and pattern grow, beside a matcher that
//! goes back to every star, as many do. Writes a plot.
//!
//! ```sh
//! cargo run --release -p portcullis-testkit --example wildcards -- docs/wildcards.svg
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "it takes apart what others print"
)]

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Instant;

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Request, World};
use serde_json::json;

/// The matcher that everybody writes first: at a star it tries every rest of the text.
fn backtracking(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, _) => text.is_empty(),
        (Some((b'*', rest)), None) => backtracking(rest, text),
        (Some((b'*', rest)), Some((_, tail))) => {
            backtracking(rest, text) || backtracking(pattern, tail)
        }
        (Some((b'?', rest)), Some((_, tail))) => backtracking(rest, tail),
        (Some((c, rest)), Some((d, tail))) => c == d && backtracking(rest, tail),
        (Some(_), None) => false,
    }
}

/// Seconds of one call, by calling it until a tenth of a second is over.
fn seconds(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut count = 0_u32;
    while count == 0 || start.elapsed().as_secs_f64() < 0.1 {
        call();
        count += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

/// `stars` pieces of `*aa`, then a `b`, which the text, all `a`, does not have.
fn stars(stars: usize) -> String {
    format!("{}*b?", "*aa".repeat(stars))
}

/// The worst for our matcher: nothing after the star that can be looked for, and all of the pattern but its
/// last character fits at every place.
fn worst(length: usize) -> String {
    format!("*{}?b*", "?a".repeat(length / 2))
}

/// Seconds of a decision that matches the pattern against a text of this length.
fn ours(pattern: &str, length: usize) -> Option<f64> {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringLike": {"x:k": pattern}}});
    let world = World {
        identity: vec![json!({ "Statement": [statement] }).to_string()],
        ..World::default()
    };
    let arena = Bump::new();
    let sets = world.read(&arena).ok()?;
    let image = Image::from_bytes(compile(&sets, Options::default()).ok()?).ok()?;
    let request = Request::get_object("*", &[("x:k", &[&"a".repeat(length)])]);
    let mut machine = Machine::new([image.view()]);
    Some(request.with(|request| {
        seconds(|| {
            let _ = std::hint::black_box(machine.decide(request));
        })
    }))
}

struct Curve {
    name: &'static str,
    color: &'static str,
    points: Vec<(usize, f64)>,
}

/// A plot with logarithmic axes.
fn plot(curves: &[Curve]) -> String {
    let x = |length: usize| 80.0 + 580.0 * ((length as f64).log10() - 1.0) / 4.0;
    let y = |seconds: f64| 360.0 - 320.0 * (seconds.log10() + 8.0) / 9.0;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 420\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"700\" height=\"420\" fill=\"white\"/>\n",
    );
    for power in 1..=5 {
        let length = 10_usize.pow(power);
        let at = x(length);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.0} 40V360\" stroke=\"#ddd\"/><text x=\"{at:.0}\" y=\"378\" text-anchor=\"middle\">{length}</text>"
        );
    }
    for (power, label) in [
        (-8, "10 ns"),
        (-6, "1 \u{b5}s"),
        (-4, "100 \u{b5}s"),
        (-2, "10 ms"),
        (0, "1 s"),
    ] {
        let at = y(10_f64.powi(power));
        let _ = writeln!(
            svg,
            "<path d=\"M80 {at:.0}H660\" stroke=\"#ddd\"/><text x=\"72\" y=\"{:.0}\" text-anchor=\"end\">{label}</text>",
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"370\" y=\"404\" text-anchor=\"middle\">characters of the text</text>"
    );
    for (row, curve) in curves.iter().enumerate() {
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(length, seconds)| format!("{:.1},{:.1}", x(*length), y(*seconds)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>",
            points.join(" "),
            curve.color
        );
        let at = 24 + 16 * row;
        let _ = writeln!(
            svg,
            "<text x=\"420\" y=\"{at}\" fill=\"{}\">{}</text>",
            curve.color, curve.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn main() -> ExitCode {
    let lengths = [
        10, 20, 40, 80, 160, 320, 1_000, 3_000, 10_000, 30_000, 100_000,
    ];
    let mut few = Vec::new();
    let mut many = Vec::new();
    let mut back = Vec::new();
    println!(
        "| characters | 4 stars | the worst of 200 | 4 stars, going back |\n|---|---|---|---|"
    );
    for length in lengths {
        let (Some(a), Some(b)) = (ours(&stars(3), length), ours(&worst(200), length)) else {
            return ExitCode::FAILURE;
        };
        few.push((length, a));
        many.push((length, b));
        // The cost grows with the fourth power of the length.
        let text = "a".repeat(length);
        let slow = back
            .last()
            .is_none_or(|(_, last): &(usize, f64)| *last < 0.5);
        let other = slow.then(|| {
            let pattern = stars(3);
            seconds(|| {
                let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
                std::hint::black_box(backtracking(pattern, text));
            })
        });
        if let Some(other) = other {
            back.push((length, other));
        }
        let other = other.map_or_else(|| "–".into(), |other| format!("{:.1} µs", other * 1e6));
        println!(
            "| {length} | {:.1} µs | {:.1} µs | {other} |",
            a * 1e6,
            b * 1e6
        );
    }
    let curves = [
        Curve {
            name: "portcullis, 4 stars",
            color: "#1b6",
            points: few,
        },
        Curve {
            name: "portcullis, the worst pattern of 200 characters",
            color: "#15a",
            points: many,
        },
        Curve {
            name: "a matcher that goes back, 4 stars",
            color: "#c33",
            points: back,
        },
    ];
    if let Some(file) = std::env::args().nth(1) {
        if let Err(error) = std::fs::write(&file, plot(&curves)) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
