//! A story as a page of its own: the picture, and the text, which can be searched and copied.

use crate::page::Page;
use crate::words::printable;
use crate::{svg, text};

/// Nothing is loaded or run, whatever the page says.
const POLICY: &str = "script-src 'none'; object-src 'none'; img-src 'none'; connect-src 'none'; font-src 'none'; \
frame-src 'none'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "\
body{margin:0 auto;max-width:1000px;font:14px system-ui,sans-serif;color:#1f2328;background:#fff}\
svg{max-width:100%;height:auto}summary{padding:12px 24px;cursor:pointer}\
pre{padding:0 24px 24px;white-space:pre-wrap;overflow-wrap:anywhere;font:12px ui-monospace,Menlo,Consolas,monospace}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}";

pub(crate) fn render(page: &Page) -> String {
    let title = svg::escaped(&format!("{}: {}", page.decision, page.request));
    let plain = text::render(page, false);
    let lines: Vec<String> = plain.lines().map(svg::escaped).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{}\
         <details>\n<summary>The same as text</summary>\n<pre>{}</pre>\n</details>\n</main>\n</body>\n</html>\n",
        svg::render(page),
        printable(&lines.join("\n"))
    )
}
