use super::*;
use crate::{Code, Source, Start, codes, quoted};

const OTHER: Code = Code::new("OTHER");

/// Located in a file of this name, and rendered.
fn shown(problem: &Diagnostic, file: &str, text: &str, color: bool) -> String {
    render(&[Source::new(file, text).locate(problem.clone())], color)
}

fn span(start: u32, end: u32) -> Span {
    Span { start, end }
}

#[test]
fn lines_and_columns_go_there_and_back() {
    for text in [
        "".to_owned(),
        "a".to_owned(),
        "a\nbc\r\n\nd\n".to_owned(),
        "\u{feff}ä\n".to_owned(),
        "é€😀x\n".repeat(200),
        format!("{}\n{}", "é".repeat(1000), "x".repeat(1000)),
    ] {
        let index = LineIndex::new(&text);
        let (mut line, mut column) = (1, 1);
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            let offset = u32::try_from(at).unwrap();
            if c == '\u{feff}' {
                assert_eq!(index.position(offset), (1, 1));
                continue;
            }
            assert_eq!(index.position(offset), (line, column));
            let is_line_end = c == '\n' && text[..at].ends_with('\r');
            if !is_line_end {
                assert_eq!(index.offset(line, column), Some(offset), "{line}:{column}");
            }
            // Inside of a character counts as behind its start.
            if c.len_utf8() > 1 {
                assert_eq!(index.position(offset + 1), (line, column + 1));
            }
            column += 1;
            if c == '\n' {
                (line, column) = (line + 1, 1);
            }
        }
        assert_eq!(index.line_count(), line);
        assert_eq!(index.offset(line + 1, 1), None);
        assert_eq!(index.offset(0, 1), None);
        assert_eq!(index.offset(1, usize::MAX), None);
        let end = index.position(u32::try_from(text.len()).unwrap());
        assert_eq!(index.position(u32::MAX), end);
    }
    assert_eq!(LineIndex::new("ab\ncd").offset(1, 4), None);
}

#[test]
fn rendered_with_related_places_and_help() {
    let text = "{\n\t\"Ä\": 1,\n  \"Ä\": 2\n}";
    let problem = Diagnostic::error(
        codes::DUPLICATE_MEMBER,
        span(14, 18),
        "member `Ä` is written twice",
    )
    .with_related(span(3, 7), "first written here")
    .with_help("remove one");
    let expected = "\
error[DUPLICATE_MEMBER]: member `Ä` is written twice
 --> p.json:3:3
  |
3 |   \"Ä\": 2
  |   ^^^
  = note: first written here
 --> p.json:2:2
  |
2 |     \"Ä\": 1,
  |     ---
  = help: remove one
";
    assert_eq!(shown(&problem, "p.json", text, false), expected);
    let color = shown(&problem, "p.json", text, true);
    assert!(color.starts_with("\x1b[1;31merror[DUPLICATE_MEMBER]\x1b[0m"));
    let located = Source::new("p.json", text).locate(problem);
    assert!(
        render_failure(&[located], false).starts_with(
            "error: member `Ä` is written twice [DUPLICATE_MEMBER]\n --> p.json:3:3\n"
        )
    );
}

#[test]
fn a_part_of_a_file_has_the_places_of_the_file() {
    let source = Source::at(
        "lines.jsonl",
        "[1,\n2]",
        Start {
            line: 7,
            column: 1,
            offset: 100,
        },
    );
    let problem = source.error(OTHER, span(4, 5), "m");
    assert_eq!(problem.to_string(), "lines.jsonl:8:1: m [OTHER]");
    let place = problem.place.as_deref().unwrap();
    assert_eq!((place.offset, place.end_offset), (104, 105));
    assert_eq!((place.end_line, place.end_column), (8, 2));
    let expected = "error[OTHER]: m\n --> lines.jsonl:8:1\n  |\n8 | 2]\n  | ^\n";
    assert_eq!(render(std::slice::from_ref(&problem), false), expected);
    // Nothing of a text that is not to be shown.
    let concealed = problem.conceal("other");
    let expected = "error[OTHER]: other\n --> lines.jsonl:8:1\n";
    assert_eq!(render(&[concealed], false), expected);
}

#[test]
fn places_in_other_files_stay() {
    let other = Source::new("other", "x").error(OTHER, span(0, 1), "m");
    let located = Source::new("this", "y").locate(other.with_related(span(0, 1), "named here"));
    assert_eq!(located.file(), "other");
    assert_eq!(located.related[0].place.as_ref().unwrap().file(), "this");
}

#[test]
fn long_lines_are_shown_in_part() {
    let text = format!("{}X{}", "é".repeat(5_000_000), "y".repeat(5_000_000));
    let at = 10_000_000;
    let problem = Diagnostic::warning(OTHER, span(at, at + 100_000), "m");
    let shown = shown(&problem, "f", &text, false);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[1], " --> f:1:5000001");
    assert_eq!(
        lines[3],
        format!("1 | …{}X{}…", "é".repeat(60), "y".repeat(79))
    );
    assert_eq!(
        lines[4],
        format!("  | {}{}", " ".repeat(61), "^".repeat(80))
    );
}

#[test]
fn any_span_of_any_text_can_be_shown() {
    for text in [
        "",
        "\n",
        "\t\u{0}\u{202e}漢字😀\r\n\u{feff}é\u{301}",
        "\u{feff}x",
    ] {
        let end = u32::try_from(text.len()).unwrap() + 2;
        for start in 0..end {
            for stop in 0..end {
                let problem = Diagnostic::suggestion(OTHER, span(start, stop), "m");
                let shown = shown(&problem, "f", text, false);
                assert!(!shown.contains(['\u{0}', '\u{202e}']));
            }
        }
    }
}

#[test]
fn user_text_is_quoted_harmlessly() {
    assert_eq!(quoted("a"), "`a`");
    assert_eq!(quoted("\u{1b}[0m\u{202e}"), "`\\u{1b}[0m\\u{202e}`");
    assert_eq!(quoted(&"é".repeat(100)).chars().count(), 63);
}
