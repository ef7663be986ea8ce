//! The JSON of this project.

use serde_json::{Map, Value, json};

use super::Checked;
use crate::diagnostic::Pointer;
use crate::{Diagnostic, Place, Step};

/// All diagnostics as a list of [`value`]s, on one line.
pub fn json(files: &[Checked]) -> String {
    let all = Checked::all(files);
    let values: Vec<Value> = all.map(|(_, diagnostic)| value(diagnostic)).collect();
    Value::from(values).to_string()
}

/// A diagnostic as an object.
///
/// `loads` says whether the document can be used all the same. Lines and columns count from 1, columns in characters;
/// offsets are bytes from the start of the file, as UTF-8. `path` is a JSON pointer, if the place has one in the
/// document; of the name of a member it ends in `#`.
pub fn value(diagnostic: &Diagnostic) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    put("file", diagnostic.file().into());
    put("code", diagnostic.code.as_str().into());
    put("severity", diagnostic.severity.as_str().into());
    put("loads", (!diagnostic.is_error()).into());
    for (name, number) in numbers(diagnostic.place.as_deref()) {
        put(name, number);
    }
    if diagnostic.path.is_some() {
        put("path", path(diagnostic.path.as_deref()));
    }
    put("message", diagnostic.message.as_str().into());
    put("help", diagnostic.help.as_deref().into());
    if !diagnostic.notes.is_empty() {
        put("notes", diagnostic.notes.as_slice().into());
    }
    if !diagnostic.related.is_empty() {
        let related = diagnostic.related.iter().map(|one| {
            let file = one.place.as_ref().map_or("", |place| place.file());
            let mut value =
                json!({"file": file, "path": path(one.path.as_deref()), "message": one.message});
            extend(&mut value, one.place.as_deref());
            value
        });
        put("related", related.collect());
    }
    if let Some(fix) = &diagnostic.fix {
        let edits = fix.edits.iter().map(|edit| {
            let mut value = json!({"replacement": edit.replacement});
            extend(&mut value, edit.place.as_deref());
            value
        });
        let edits: Vec<Value> = edits.collect();
        put("fix", json!({"message": fix.message, "edits": edits}));
    }
    Value::Object(object)
}

fn extend(value: &mut Value, place: Option<&Place>) {
    if let Some(object) = value.as_object_mut() {
        let members = numbers(place).into_iter();
        object.extend(members.map(|(name, number)| (name.to_owned(), number)));
    }
}

fn numbers(place: Option<&Place>) -> [(&'static str, Value); 6] {
    let number = |of: fn(&Place) -> u64| place.map(of).into();
    [
        ("line", number(|place| place.line as u64)),
        ("column", number(|place| place.column as u64)),
        ("endLine", number(|place| place.end_line as u64)),
        ("endColumn", number(|place| place.end_column as u64)),
        ("offset", number(|place| place.offset)),
        ("endOffset", number(|place| place.end_offset)),
    ]
}

fn path(steps: Option<&[Step]>) -> Value {
    steps.map(|steps| Pointer(steps).to_string()).into()
}
