//! Many requests at once.

use std::borrow::Cow;

use portcullis::{Decision, ResourceRef, Scratch, Value};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMemoryView};

use crate::convert::{Given, items, text, value};
use crate::errors::{at, no_pickle, wrong_type};
use crate::handles::{Target, What};
use crate::principal::Who;
use crate::records;

/// How many rows go between two looks at signals.
const ROWS: usize = 1 << 14;

/// Ctrl-C also ends a long list.
pub(crate) fn interrupted(py: Python<'_>, place: usize) -> PyResult<()> {
    match place % ROWS {
        0 => py.check_signals(),
        _ => Ok(()),
    }
}

/// Decides for each resource of something that can be iterated.
pub(crate) fn each_resource<'py>(
    py: Python<'py>,
    resources: &Bound<'py, PyAny>,
    mut decide: impl FnMut(ResourceRef<'_>) -> Decision,
) -> PyResult<Bound<'py, PyList>> {
    let mut decided = Vec::new();
    let wanted = "an iterable of str or Resource";
    for (place, item) in items("resources", wanted, resources)?.enumerate() {
        interrupted(py, place)?;
        let item = item?;
        let target = Target::of(&item).map_err(|error| at(py, place, error))?;
        decided.push(records::decision(py, decide(target.resource()))?);
    }
    PyList::new(py, decided)
}

/// The bytes of anything that is some. Of `bytes` they are where they lie; all else may change, and is copied.
pub(crate) fn bytes<'a>(what: &str, found: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(own) = found.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(own.as_bytes()));
    }
    let view = PyMemoryView::from(found);
    let view = view.map_err(|_| wrong_type(what, "bytes or another buffer", found))?;
    let copy = view.call_method0(intern!(found.py(), "tobytes"))?;
    Ok(Cow::Owned(copy.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// Texts one after the other, and where each begins: a column as Arrow has it.
///
/// `data` is UTF-8 in bytes or another buffer; `offsets` a buffer of 32 or 64 bit integers, one more than there are texts: text
/// number `i` is `data[offsets[i]:offsets[i + 1]]`. Both are checked and copied once. Immutable, and shared by threads.
///
/// Of an Arrow array of strings without nulls that is no slice: `Strings(array.buffers()[2],
/// memoryview(array.buffers()[1]).cast("i"))`.
///
/// Raises `ValueError` for offsets that do not grow, lie outside or within a character, and for what is no UTF-8.
///
/// >>> from array import array
/// >>> from portcullis import Strings
/// >>> strings = Strings(b"arn:aws:s3:::aarn:aws:s3:::bb", array("I", [0, 14, 29]))
/// >>> len(strings), strings[1]
/// (2, 'arn:aws:s3:::bb')
#[pyclass(frozen, module = "portcullis", sequence)]
pub(crate) struct Strings {
    text: String,
    offsets: Vec<u32>,
}

impl Strings {
    /// How many there are.
    fn count(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    #[inline]
    fn get(&self, row: usize) -> &str {
        let range = self.offsets.get(row).zip(self.offsets.get(row + 1));
        let text = range.and_then(|(from, to)| self.text.get(*from as usize..*to as usize));
        text.unwrap_or_default()
    }
}

/// Offsets in a buffer of integers.
fn offsets(found: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    let py = found.py();
    let wanted = "a buffer of 32 or 64 bit integers, such as array('I')";
    let view = PyMemoryView::from(found);
    let view = view.map_err(|_| wrong_type("offsets", wanted, found))?;
    let format = view.getattr(intern!(py, "format"))?;
    let format = text("the format of offsets", &format)?;
    let size = view.getattr(intern!(py, "itemsize"))?.extract::<usize>()?;
    let is_signed = match format.trim_start_matches(['@', '=']) {
        "i" | "l" | "q" => true,
        "I" | "L" | "Q" => false,
        _ => return Err(wrong_type("offsets", wanted, found)),
    };
    let bytes = bytes("offsets", view.as_any())?;
    let too_large = || PyValueError::new_err("offsets must not be negative, nor 4 GiB or more");
    let read = |item: &[u8]| -> Option<u32> {
        Some(match (item, is_signed) {
            (&[a, b, c, d], true) => u32::try_from(i32::from_ne_bytes([a, b, c, d])).ok()?,
            (&[a, b, c, d], false) => u32::from_ne_bytes([a, b, c, d]),
            (item, true) => u32::try_from(i64::from_ne_bytes(item.try_into().ok()?)).ok()?,
            (item, false) => u32::try_from(u64::from_ne_bytes(item.try_into().ok()?)).ok()?,
        })
    };
    let all = bytes.chunks_exact(size.max(1));
    all.map(|item| read(item).ok_or_else(too_large)).collect()
}

#[pymethods]
impl Strings {
    #[new]
    #[pyo3(signature = (data, offsets))]
    fn new(data: &Bound<'_, PyAny>, offsets: &Bound<'_, PyAny>) -> PyResult<Strings> {
        let bytes = bytes("data", data)?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                let text = format!("data is no UTF-8: {error}");
                return Err(PyValueError::new_err(text));
            }
        };
        let offsets = self::offsets(offsets)?;
        if offsets.is_empty() {
            let text = "there is one offset more than texts, so at least one";
            return Err(PyValueError::new_err(text));
        }
        let is_wrong = |pair: &[u32]| match *pair {
            [from, to] => text.get(from as usize..to as usize).is_none(),
            _ => true,
        };
        if let Some(place) = offsets.windows(2).position(is_wrong) {
            let text = format!(
                "text {place}: its offsets go back, lie outside of data, or within a character"
            );
            return Err(PyValueError::new_err(text));
        }
        Ok(Strings { text, offsets })
    }

    /// Those of anything that can be iterated.
    ///
    /// Raises `TypeError` for an item that is no `str`, and `ValueError` if they are 4 GiB or more.
    #[staticmethod]
    #[pyo3(signature = (strings, /))]
    fn from_iterable(strings: &Bound<'_, PyAny>) -> PyResult<Strings> {
        let (mut all, mut offsets) = (String::new(), vec![0]);
        for item in items("strings", "an iterable of str", strings)? {
            all.push_str(text("an item of strings", &item?)?);
            let end = u32::try_from(all.len());
            offsets.push(end.map_err(|_| PyValueError::new_err("they are 4 GiB or more"))?);
        }
        Ok(Strings { text: all, offsets })
    }

    fn __len__(&self) -> usize {
        self.count()
    }

    fn __getitem__(&self, index: isize) -> PyResult<&str> {
        let place = usize::try_from(index).ok();
        match place.filter(|place| *place < self.count()) {
            Some(place) => Ok(self.get(place)),
            None => Err(pyo3::exceptions::PyIndexError::new_err("no such text")),
        }
    }

    fn __repr__(&self) -> String {
        format!("<Strings: {}>", self.count())
    }

    fn __reduce__(&self) -> PyResult<Py<PyAny>> {
        Err(no_pickle("Strings", "keep the texts"))
    }
}

/// One for all rows, or one for each.
enum Column<'a, T> {
    All(T),
    Rows(&'a Strings),
}

impl<'a, T> Column<'a, T> {
    fn of(
        found: &'a Bound<'_, PyAny>,
        all: impl FnOnce(&'a Bound<'_, PyAny>) -> PyResult<T>,
    ) -> PyResult<Column<'a, T>> {
        match found.cast::<Strings>() {
            Ok(own) => Ok(Column::Rows(own.get())),
            Err(_) => all(found).map(Column::All),
        }
    }

    fn rows(&self) -> Option<usize> {
        match self {
            Column::All(_) => None,
            Column::Rows(own) => Some(own.count()),
        }
    }
}

/// What is decided of rows, without the interpreter's lock.
struct Table<'a> {
    principal: Column<'a, Who<'a>>,
    action: Column<'a, What<'a>>,
    resource: Column<'a, Target<'a>>,
    context: Vec<(&'a str, Column<'a, Value<'a>>)>,
    owner: Option<Column<'a, &'a str>>,
}

impl Table<'_> {
    /// The length of all columns that have rows.
    fn rows(&self) -> PyResult<usize> {
        let context = self.context.iter().map(|(_, own)| own.rows());
        let owner = self.owner.as_ref().and_then(Column::rows);
        let names = [
            self.principal.rows(),
            self.action.rows(),
            self.resource.rows(),
            owner,
        ];
        let mut all = names.into_iter().chain(context).flatten();
        let Some(first) = all.next() else {
            let text = "no column has rows: give at least one as Strings";
            return Err(PyValueError::new_err(text));
        };
        match all.find(|own| *own != first) {
            None => Ok(first),
            Some(other) => {
                let text = format!("columns of {first} and of {other} rows");
                Err(PyValueError::new_err(text))
            }
        }
    }

    /// Decides rows; of a principal that is none the row.
    fn decide(
        &self,
        authorizer: &portcullis::Authorizer,
        scratch: &mut Scratch,
        rows: std::ops::Range<usize>,
        decided: &mut Vec<u8>,
    ) -> Result<(), usize> {
        let mut pairs: Vec<(&str, Value<'_>)> = Vec::with_capacity(self.context.len());
        for row in rows {
            pairs.clear();
            pairs.extend(self.context.iter().map(|(key, own)| match own {
                Column::All(value) => (*key, *value),
                Column::Rows(own) => (*key, Value::Text(own.get(row))),
            }));
            let (own_who, own_what, own_target);
            let who = match &self.principal {
                Column::All(own) => own,
                Column::Rows(own) => {
                    own_who = Who::read(own.get(row)).map_err(|_| row)?;
                    &own_who
                }
            };
            let what = match &self.action {
                Column::All(own) => own,
                Column::Rows(own) => {
                    own_what = What::Name(own.get(row));
                    &own_what
                }
            };
            let target = match &self.resource {
                Column::All(own) => own,
                Column::Rows(own) => {
                    own_target = Target::Text(own.get(row));
                    &own_target
                }
            };
            let owner = self.owner.as_ref().map(|own| match own {
                Column::All(own) => own,
                Column::Rows(own) => own.get(row),
            });
            let query = what.query(who.caller(), target);
            let query = query.context(&pairs).owner(owner);
            decided.push(authorizer.decide_with(scratch, &query).decision() as u8);
        }
        Ok(())
    }
}

/// Decides the rows of columns.
pub(crate) fn decide<'py>(
    authorizer: &portcullis::Authorizer,
    (principal, action, resource): (&Bound<'py, PyAny>, &Bound<'py, PyAny>, &Bound<'py, PyAny>),
    context: Option<&Bound<'py, PyAny>>,
    owner: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = principal.py();
    let given = Given::of(context)?;
    let mut keys = Vec::new();
    for (key, found) in given.items() {
        let own = Column::of(found, |found| value(found, given.arena()))?;
        keys.push((text("a context key", key)?, own));
    }
    let table = Table {
        principal: Column::of(principal, Who::of)?,
        action: Column::of(action, What::of)?,
        resource: Column::of(resource, Target::of)?,
        context: keys,
        owner: owner
            .map(|found| Column::of(found, |found| text("owner", found)))
            .transpose()?,
    };
    let rows = table.rows()?;
    let mut scratch = Scratch::new();
    let mut decided = Vec::with_capacity(rows);
    for from in (0..rows).step_by(ROWS) {
        py.check_signals()?;
        let range = from..(from + ROWS).min(rows);
        let done = py.detach(|| table.decide(authorizer, &mut scratch, range, &mut decided));
        if let (Err(row), Column::Rows(own)) = (done, &table.principal) {
            let error = Who::of_text(py, own.get(row)).err();
            let wrong = || PyValueError::new_err(format!("request {row}: no principal"));
            return Err(error.map_or_else(wrong, |error| at(py, row, error)));
        }
    }
    Ok(PyBytes::new(py, &decided))
}
