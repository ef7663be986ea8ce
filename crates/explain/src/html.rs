//! A story as a page of its own: headings, policy sets that fold, and the picture; everything is there without scripts,
//! and the one that there is adds buttons that copy.

use std::fmt::Write;

use crate::page::{Block, Page};
use crate::{svg, text};

/// Adds the buttons. Its hash stands in [`POLICY`]; nothing else runs, whatever a policy is called.
const SCRIPT: &str = "for(const own of document.querySelectorAll('[data-copy]')){const button=document.createElement('button');\
button.type='button';button.textContent='copy';button.onclick=()=>navigator.clipboard.writeText(own.textContent.trim())\
.then(()=>{button.textContent='copied';setTimeout(()=>{button.textContent='copy'},1500)});own.before(button)}";

/// Nothing is loaded, and nothing runs but [`SCRIPT`].
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-oNl6bmf01P3vVfAyuiBtfjoQF+agomjcSUceFTeWr3Y='; base-uri 'none'; \
form-action 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--card:#f6f8fa;--edge:#d0d7de;--faint:#57606a;\
--allows:#116329;--denies:#a40e26;--lacks:#7d4e00}\
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--card:#161b22;--edge:#30363d;--faint:#9da7b1;\
--allows:#56d364;--denies:#ff7b72;--lacks:#e3b341}}\
body{margin:0 auto;max-width:1000px;padding:16px;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
h1{font-size:26px;margin:0 0 4px}h2{font-size:17px;margin:24px 0 8px}h3{font-size:15px;margin:0 0 4px}\
p,ul{margin:4px 0}ul{padding-left:0;list-style:none}\
li,h3,summary,.request{overflow-wrap:anywhere}\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:12px;margin:12px 0}\
.card,.layer{background:var(--card);border:1px solid var(--edge);border-left-width:5px;border-radius:6px;padding:10px 14px;margin:8px 0}\
.cards .card{margin:0}\
.card.allows,.layer.allows{border-left-color:var(--allows)}.card.denies,.layer.denies{border-left-color:var(--denies)}\
.card.lacks,.layer.lacks{border-left-color:var(--lacks)}\
.t-allows{color:var(--allows)}.t-denies{color:var(--denies)}.t-lacks{color:var(--lacks)}.t-faint{color:var(--faint)}\
.decides{border-width:2px 2px 2px 7px}.mark{font-weight:700}\
summary{cursor:pointer;font-weight:600}\
pre{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0;padding:8px 10px;\
border:1px solid var(--edge);border-radius:4px;background:var(--paper)}\
.d1{margin-left:12px}.d2{margin-left:26px}.d3{margin-left:40px}.d4{margin-left:54px}\
button{float:right;margin:6px 0 0 8px;font:12px system-ui,sans-serif;border:1px solid var(--edge);border-radius:4px;\
background:var(--card);color:var(--ink);cursor:pointer}\
.picture{overflow-x:auto}.picture svg{min-width:720px;max-width:100%;height:auto}\
@media(max-width:480px){body{padding:10px;font-size:14px}.d1{margin-left:6px}.d2{margin-left:14px}.d3{margin-left:20px}.d4{margin-left:26px}}\
@media print{button{display:none}body{max-width:none;color:#000;background:#fff}.card,details.layer{break-inside:avoid}}";

/// The lines of a block: runs of code stand in a box of their own. Writing to a string cannot fail.
fn lines(out: &mut String, block: &Block) {
    for run in block
        .lines
        .chunk_by(|one, next| one.is_code == next.is_code)
    {
        let Some(first) = run.first() else {
            continue;
        };
        let depth = first.depth.min(4);
        if first.is_code {
            let code: Vec<String> = run.iter().map(|line| svg::escaped(&line.text)).collect();
            let tone = first.tone.class();
            let _ = writeln!(
                out,
                "<pre data-copy class=\"card {tone} d{depth}\">{}</pre>",
                code.join("\n")
            );
            continue;
        }
        out.push_str("<ul>\n");
        for line in run {
            let (tone, depth, text) = (
                line.tone.class(),
                line.depth.min(4),
                svg::escaped(&line.text),
            );
            let _ = writeln!(out, "<li class=\"t-{tone} d{depth}\">{text}</li>");
        }
        out.push_str("</ul>\n");
    }
}

fn card(out: &mut String, block: &Block) {
    let (tone, title) = (block.tone.class(), svg::escaped(&block.title));
    let _ = writeln!(out, "<section class=\"card {tone}\">\n<h3>{title}</h3>");
    lines(out, block);
    out.push_str("</section>\n");
}

/// A policy set, open if it made the decision.
fn layer(out: &mut String, block: &Block) {
    let (tone, title) = (block.tone.class(), svg::escaped(&block.title));
    let (decides, open, mark) = match block.is_decisive {
        true => (
            " decides",
            " open",
            "<p class=\"mark\">this makes the decision</p>\n",
        ),
        false => ("", "", ""),
    };
    let _ = writeln!(
        out,
        "<details class=\"layer {tone}{decides}\"{open}>\n<summary class=\"t-{tone}\">{title}</summary>\n{mark}"
    );
    lines(out, block);
    out.push_str("</details>\n");
}

pub(crate) fn render(page: &Page) -> String {
    let title = svg::escaped(&format!("{}: {}", page.decision, page.request));
    let tone = page.tone.class();
    let mut body = String::new();
    let _ = writeln!(
        body,
        "<h1 class=\"t-{tone}\">{}</h1>\n<p class=\"request\" data-copy>{}</p>",
        svg::escaped(page.decision),
        svg::escaped(&page.request)
    );
    if let Some(message) = &page.message {
        let _ = writeln!(
            body,
            "<p class=\"request\" data-copy>{}</p>",
            svg::escaped(message)
        );
    }
    if let Some(warning) = page.warning {
        let _ = writeln!(
            body,
            "<p class=\"t-lacks mark\">{}</p>",
            svg::escaped(warning)
        );
    }
    body.push_str("<div class=\"cards\">\n");
    page.cards.iter().for_each(|block| card(&mut body, block));
    body.push_str("</div>\n<h2>Policy sets, in the order in which they are asked</h2>\n");
    for block in page.folded_layers() {
        layer(&mut body, &block);
    }
    if !page.rest.is_empty() {
        body.push_str("<h2>What would have to change, and notes</h2>\n");
        page.rest.iter().for_each(|block| card(&mut body, block));
    }
    let _ = writeln!(
        body,
        "<details>\n<summary>The picture</summary>\n<div class=\"picture\">\n{}</div>\n</details>",
        svg::render(page)
    );
    let plain = text::render(page, false);
    let plain: Vec<String> = plain.lines().map(svg::escaped).collect();
    let _ = writeln!(
        body,
        "<details>\n<summary>The same as text</summary>\n<pre data-copy>{}</pre>\n</details>",
        plain.join("\n")
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A browser runs the script only if [`POLICY`] has its SHA-256: whoever changes it changes both. What is compared
    /// here is a simpler hash, which the same change changes.
    #[test]
    fn the_script_is_the_one_whose_hash_the_page_has() {
        let hash = SCRIPT
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        assert_eq!(
            hash, 0x5bb77eb1f60ceffb,
            "give POLICY the SHA-256 of the new script too"
        );
        assert!(!SCRIPT.contains('<'));
    }
}
