//! Generated parts of a page that people write.

/// Replaces what stands between the markers of a part.
///
/// # Errors
/// A marker that is missing or stands in the wrong order.
pub(crate) fn splice(page: &str, part: &str, text: &str) -> Result<String, String> {
    let begin = format!("<!-- barometer: {part} -->");
    let end = format!("<!-- /barometer: {part} -->");
    let find = |marker: &str| {
        page.find(marker)
            .ok_or_else(|| format!("no marker {marker}"))
    };
    let from = find(&begin)? + begin.len();
    let to = find(&end)?;
    match (page.get(..from), page.get(from..to), page.get(to..)) {
        (Some(before), Some(_), Some(after)) => Ok(format!("{before}\n{}\n{after}", text.trim())),
        _ => Err(format!("the markers of {part} are in the wrong order")),
    }
}

#[cfg(test)]
mod tests {
    use super::splice;

    const PAGE: &str = "# Title\n<!-- barometer: a -->\nold\n<!-- /barometer: a -->\nend\n";

    #[test]
    fn replaces_only_what_is_between() {
        let page = splice(PAGE, "a", "new\n").unwrap();
        assert_eq!(page, PAGE.replace("old", "new"));
        assert_eq!(splice(&page, "a", "new\n").unwrap(), page);
    }

    #[test]
    fn markers_must_be_there() {
        assert!(
            splice(PAGE, "b", "new")
                .unwrap_err()
                .contains("barometer: b")
        );
        let swapped = "<!-- /barometer: a -->\n<!-- barometer: a -->";
        assert!(
            splice(swapped, "a", "new")
                .unwrap_err()
                .contains("wrong order")
        );
    }
}
