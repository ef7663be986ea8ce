//! Pictures and pages as a browser lays them out: on a phone, a tablet and a desk, light and dark. Skipped where there is no
//! Chromium (`PORTCULLIS_BROWSER`, or one of the usual names in the path).
//!
//! What is asked is what a reader would see at once: nothing is wider than the screen, no text leaves its picture, no two
//! texts lie on each other, and every text stands out from what is behind it. Images of the screen are not compared: they
//! change with every version of the browser and of its fonts.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Folder, READER, REQUEST, root, run_in};

/// Tells the page around it what is wrong.
const SCRIPT: &str = r#"<script>
window.onload = () => {
  const wrong = [], label = e => JSON.stringify(e.textContent.trim().slice(0, 40));
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth + 1) wrong.push("wider than the screen: " + root.scrollWidth);
  const number = text => text.match(/[\d.]+/g).map(Number);
  const light = color => {
    const [r, g, b] = number(color).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  for (const svg of document.querySelectorAll("svg")) {
    const frame = svg.getBoundingClientRect(), texts = [];
    const shapes = [...svg.querySelectorAll("rect")].filter(e => getComputedStyle(e).fill !== "none");
    for (const text of svg.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      if (box.width === 0) continue;
      if (!inside(box, frame)) wrong.push("leaves the picture: " + label(text));
      for (const [other, own] of texts) {
        const width = Math.min(box.right, own.right) - Math.max(box.left, own.left);
        const height = Math.min(box.bottom, own.bottom) - Math.max(box.top, own.top);
        if (width > 2 && height > Math.min(box.height, own.height) / 2) wrong.push("on each other: " + label(text) + label(other));
      }
      texts.push([text, box]);
      const behind = shapes.filter(e => inside(box, e.getBoundingClientRect())).pop();
      if (!behind) continue;
      const [a, b] = [light(getComputedStyle(text).fill), light(getComputedStyle(behind).fill)];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 3) wrong.push("contrast " + contrast.toFixed(1) + ": " + label(text));
    }
  }
  parent.postMessage(wrong.join("\n") || "as it should be", "*");
};
</script>"#;

fn browser() -> Option<String> {
    let own = std::env::var("PORTCULLIS_BROWSER").ok();
    let names = ["chromium", "chromium-browser", "google-chrome"].map(String::from);
    own.into_iter().chain(names).find(|name| {
        let mut command = Command::new(name);
        let command = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

/// What the script found in pages of some widths, one line for each. They are looked at in frames: no window is as narrow
/// as a phone, and a browser takes a second to begin.
fn seen(browser: &str, folder: &Path, pages: &[(String, u32)], is_dark: bool) -> Vec<String> {
    let frame = |(page, width): &(String, u32)| {
        format!(
            "<iframe src=\"{page}\" width={width} height=900></iframe><pre>the script did not run</pre>"
        )
    };
    let frames: Vec<String> = pages.iter().map(frame).collect();
    let around = format!(
        "<!doctype html><meta name=color-scheme content=\"light dark\"><script>
         onmessage = e => {{
           const own = [...document.querySelectorAll('iframe')].find(own => own.contentWindow === e.source);
           own.nextElementSibling.textContent = e.data;
         }}</script><body>{}",
        frames.concat()
    );
    std::fs::write(folder.join("around.html"), around).unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    command.args(["--virtual-time-budget=10000", "--window-size=1800,1000"]);
    command.arg(format!(
        "--user-data-dir={}",
        folder.join("profile").display()
    ));
    // 0 is dark, 1 is light.
    let scheme = u8::from(!is_dark);
    command.arg(format!("--blink-settings=preferredColorScheme={scheme}"));
    command.arg(format!("file://{}", folder.join("around.html").display()));
    let output = command.stderr(Stdio::null()).output().unwrap();
    let document = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = document.split("<pre>").skip(1);
    told.map(|rest| rest.split("</pre>").next().unwrap().to_owned())
        .collect()
}

const GOOD: &str = "as it should be";

/// One of each kind that the script looks for.
const BAD: &str = "<!doctype html><body><div style=\"width:3000px\">wide</div>
<svg width=300 height=100><rect width=300 height=100 fill=\"#fff\"/>
<text x=280 y=40 fill=\"#000\">outside of it</text>
<text x=10 y=40 fill=\"#000\">one</text><text x=12 y=40 fill=\"#000\">two</text>
<text x=10 y=80 fill=\"#eee\">faint</text></svg>";

#[test]
fn pictures_and_pages_can_be_read_on_every_screen() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no browser; pictures and pages are not looked at");
        return;
    };
    let folder = Folder::new();
    folder.write("reader.json", READER);
    let root = root();
    let data = "corpus/example-organization/data";
    let policy = folder.0.join("reader.json");
    let denied = [
        "explain",
        "--directory",
        data,
        "--principal",
        "arn:aws:iam::222222222222:role/Analyst",
        "--action",
        "s3:PutObject",
        "--resource",
        "arn:aws:s3:::shop-orders/a/rather/long/name/of/an/object/that/has/to/be/wrapped/somewhere.json",
    ];
    let of_policy = [
        &["explain", "--identity", policy.to_str().unwrap()],
        &REQUEST[..],
    ]
    .concat();
    let organization = ["picture", "--directory", data, "--of", "organization"];
    let roles = ["picture", "--directory", data, "--of", "roles"];
    let escalation = ["picture", "--directory", data, "--of", "escalation"];
    folder.write("bad.html", format!("{BAD}{SCRIPT}"));
    let mut pages = vec![("bad.html".to_owned(), 800)];
    for (name, command) in [
        ("denied", &denied[..]),
        ("policy", &of_policy),
        ("organization", &organization),
        ("roles", &roles),
        ("escalation", &escalation),
    ] {
        for format in ["svg", "html"] {
            let run = run_in(&root, &[command, &["--format", format]].concat(), b"");
            let (page, widths) = match format {
                // A picture by itself has its own width; a page has that of the screen.
                "svg" => (format!("<!doctype html><body>{}", run.stdout), &[1600][..]),
                _ => {
                    // Pages forbid scripts that are not their own.
                    let forbids = "http-equiv=\"Content-Security-Policy\"";
                    assert!(run.stdout.contains(forbids), "{name}: {}", run.stderr);
                    let page = run.stdout.replacen(forbids, "name=\"without\"", 1);
                    (page, &[360, 800, 1400][..])
                }
            };
            let file = format!("{name}-{format}.html");
            folder.write(&file, page + SCRIPT);
            pages.extend(widths.iter().map(|width| (file.clone(), *width)));
        }
    }
    let mut wrong = Vec::new();
    for is_dark in [false, true] {
        let seen = seen(&browser, &folder.0, &pages, is_dark);
        assert_eq!(seen.len(), pages.len());
        for kind in [
            "wider than",
            "leaves the picture",
            "on each other",
            "contrast",
        ] {
            assert!(seen[0].contains(kind), "{kind} is not found: {}", seen[0]);
        }
        for (seen, (page, width)) in seen.iter().zip(&pages).skip(1) {
            if seen != GOOD {
                wrong.push(format!("{page}, {width}, dark: {is_dark}:\n{seen}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
