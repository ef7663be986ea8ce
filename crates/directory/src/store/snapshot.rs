//! A directory as one file: its tables, and the image of its policies.
//!
//! ```text
//!  0  magic            8 bytes
//!  8  version          u32
//! 12  sections         u32
//! 16  length           u64, of the whole file
//! 24  checksum         u64, of everything from byte 32 on and of the bytes before byte 24
//! 32  lengths          u64 for each section
//!     sections         one after the other, each from a multiple of 8 on
//! ```
//!
//! All numbers are little-endian. The sections are, in this order: settings, strings (each behind
//! its length, see [`crate::store::strings`]), accounts, principals, resources, grants, pairs,
//! endpoints, policy sets, their uses of units, people, the image; then the images of what was
//! changed since, if any. Tables are rows of 32-bit words; a string is referred to by the offset of
//! its length.
//!
//! Nothing in the file is a hash, since hashes have random seeds: the indexes of the tables are
//! made anew when it is opened.
//!
//! Rows are not read where they are: a row is checked and copied once, so that decisions need no
//! check. Mapping the file and reading rows in place was rejected, because every access would then
//! be a check, or the file trusted. It is trusted with nothing; its checksum finds damage, not
//! intent.
//!
//! A new version refuses files of the old one instead of converting them: a directory is compiled
//! from its folder in seconds.

mod check;
mod error;
mod frame;
mod rows;
mod words;

pub use error::SnapshotError;
pub(crate) use frame::{MAX_IMAGES, is_snapshot};
use portcullis_image::{Image, LayerSet, Unit};

use crate::store::accounts::Accounts;
use crate::store::ids::{RowRange, SetsId, Symbol, UnitId, number};
use crate::store::snapshot::check::{Check, Counts, range};
use crate::store::snapshot::error::wrong;
use crate::store::snapshot::frame::{
    HEAD, MAGIC, TABLES, VERSION, checksum_of, pad, sections, wide,
};
use crate::store::snapshot::words::{read_pairs, read_rows, read_words, rows, words};
use crate::store::strings::StringTable;
use crate::store::tables::{Columns, Tables};

/// What a file holds.
pub(crate) struct Snapshot {
    /// Checked row by row.
    pub(crate) tables: Tables,
    /// Checked, in the order of their units.
    pub(crate) images: Vec<Image<Vec<u8>>>,
    /// Whether the images have what explanations print.
    pub(crate) debug: bool,
}

/// The tables and images as the content of a file, in memory. The same tables and images give the
/// same bytes. `debug` records whether the images have what explanations print. Absent ids are the
/// word of their type's `NONE`.
pub(crate) fn to_bytes(tables: &Tables, images: &[Image<Vec<u8>>], debug: bool) -> Vec<u8> {
    let lengths: Vec<usize> = images.iter().map(|image| image.as_bytes().len()).collect();
    let mut bytes = before_images(tables, &lengths, debug);
    let rest = lengths
        .iter()
        .map(|length| length.next_multiple_of(8))
        .sum();
    bytes.reserve_exact(rest);
    add_images(bytes, images.iter().map(Image::as_bytes))
}

/// The same where the images are not needed any more. The first, which may be most of the file, is
/// moved inside of its own buffer, so that it is never there twice.
pub(crate) fn into_bytes(tables: &Tables, images: Vec<Image<Vec<u8>>>, debug: bool) -> Vec<u8> {
    let lengths: Vec<usize> = images.iter().map(|image| image.as_bytes().len()).collect();
    let before = before_images(tables, &lengths, debug);
    let mut images = images.into_iter();
    let mut bytes = images.next().map(Image::into_inner).unwrap_or_default();
    // The image moves up to make room for the tables.
    let length = bytes.len();
    let rest = lengths.iter().skip(1);
    let rest: usize = rest.map(|length| length.next_multiple_of(8)).sum();
    bytes.reserve_exact(before.len() + rest);
    bytes.resize(before.len() + length, 0);
    bytes.copy_within(..length, before.len());
    if let Some(target) = bytes.get_mut(..before.len()) {
        target.copy_from_slice(&before);
    }
    let others: Vec<_> = images.collect();
    add_images(bytes, others.iter().map(Image::as_bytes))
}

/// Everything before the first image, when images have these lengths.
fn before_images(tables: &Tables, images: &[usize], debug: bool) -> Vec<u8> {
    let sections = sections_of_tables(tables, debug);
    let lengths = sections.iter().map(Vec::len);
    let lengths: Vec<usize> = lengths.chain(images.iter().copied()).collect();
    let padded = lengths.iter().map(|length| length.next_multiple_of(8));
    let whole = |all: usize, length| all + length;
    // Nothing is padded behind the last section.
    let end = lengths.last().copied().unwrap_or_default();
    let body = 8 * lengths.len() + padded.rev().skip(1).fold(end, whole);
    let mut bytes = Vec::with_capacity(HEAD + 8 * lengths.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&number(lengths.len()).to_le_bytes());
    bytes.extend_from_slice(&wide(HEAD + body).to_le_bytes());
    // The checksum, when all is there.
    bytes.extend_from_slice(&[0; 8]);
    for length in lengths {
        bytes.extend_from_slice(&wide(length).to_le_bytes());
    }
    for section in &sections {
        pad(&mut bytes);
        bytes.extend_from_slice(section);
    }
    if !images.is_empty() {
        pad(&mut bytes);
    }
    bytes
}

/// Appends images, and fills in the checksum.
fn add_images<'i>(mut bytes: Vec<u8>, images: impl Iterator<Item = &'i [u8]>) -> Vec<u8> {
    for image in images {
        pad(&mut bytes);
        bytes.extend_from_slice(image);
    }
    let sum = match bytes.split_at_checked(HEAD) {
        Some((head, body)) => checksum_of(head, body),
        None => 0,
    };
    if let Some(target) = bytes.get_mut(HEAD - 8..HEAD) {
        target.copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// The sections of the tables, in the order of the module's head.
fn sections_of_tables(tables: &Tables, debug: bool) -> Vec<Vec<u8>> {
    let settings = [
        tables.organization.unwrap_or(Symbol::NONE).get(),
        tables.missing,
        u32::from(debug),
    ];
    let pairs = tables.pairs.iter();
    let endpoints = tables.endpoints.iter();
    let sets = tables.sets.iter();
    let uses = tables.uses.iter();
    vec![
        words(settings),
        tables.strings.stored().as_bytes().to_vec(),
        rows(tables.accounts.rows()),
        rows(&tables.principals),
        rows(&tables.resources),
        rows(&tables.grants),
        words(pairs.flat_map(|(key, value)| [key.get(), value.get()])),
        words(endpoints.flat_map(|(id, sets)| [id.get(), sets.get()])),
        words(sets.flat_map(|range| [range.start(), range.count()])),
        words(uses.flat_map(|(layers, unit)| [layers.bits(), unit.get()])),
        rows(&tables.people),
    ]
}

/// Reads what [`to_bytes`] made. Everything is checked once: whatever the bytes are, the result is
/// sound or an error.
///
/// Sound means what the tables promise: ids lead to rows, strings begin at their symbols, sets hold
/// policies of the layers that they are used for. Takes time linear in the file, which was 0.34 s
/// for a million principals.
///
/// The order is that of dependence: images say which units there are, uses refer to units, sets to
/// uses, rows to sets.
///
/// # Errors
/// [`SnapshotError`] says what is wrong.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let sections = sections(bytes)?;
    let Some((sections, images)) = sections.split_first_chunk::<TABLES>() else {
        return wrong("wrong number of sections");
    };
    let [settings, text, accounts, principals, resources, others @ ..] = *sections;
    let [grants, pairs, endpoints, sets, uses, people] = others;
    // Images first: the validator says which units there are and which layers each was compiled
    // for.
    let images = images.iter().map(|image| Image::from_bytes(image.to_vec()));
    let images: Vec<_> = images
        .collect::<Result<_, _>>()
        .map_err(|error| SnapshotError {
            what: error.to_string(),
        })?;
    let Ok(text) = String::from_utf8(text.to_vec()) else {
        return wrong("strings that are not UTF-8");
    };
    let Some((strings, numbers)) = StringTable::from_stored(text) else {
        return wrong("strings whose lengths are wrong");
    };
    let settings = read_words(settings)?;
    let [organization, missing, debug] = *settings.as_slice() else {
        return wrong("wrong number of settings");
    };
    let (sets, uses) = read_sets(sets, uses, &images)?;
    let layers = |range: &RowRange| -> LayerSet {
        let its_uses = range.of(&uses).iter();
        its_uses.map(|(layers, _)| *layers).collect()
    };
    let check = Check {
        strings: numbers,
        sets: sets.iter().map(layers).collect(),
    };
    let organization = check.optional(organization)?.some();
    let accounts = read_rows(accounts, |row| check.account(row))?;
    let numbers = accounts.iter().map(|account| account.number);
    // Accounts are found by bisection, so that order is part of being sound.
    let mut neighbors = numbers.clone().zip(numbers.skip(1));
    if !neighbors.all(|(before, next)| before < next) {
        return wrong("accounts out of order");
    }
    let pairs = read_pairs(pairs)?.into_iter();
    let pairs = pairs.map(|(key, value)| Ok((check.symbol(key)?, check.symbol(value)?)));
    let pairs: Vec<(Symbol, Symbol)> = pairs.collect::<Result<_, _>>()?;
    let grants = read_rows(grants, |row| check.grant(row, pairs.len()))?;
    let endpoints = read_pairs(endpoints)?.into_iter();
    let endpoints = endpoints.map(|(id, sets)| {
        let sets = check.sets(sets, LayerSet::VPC_ENDPOINT)?;
        Ok((check.symbol(id)?, sets))
    });
    let endpoints: Vec<(Symbol, SetsId)> = endpoints.collect::<Result<_, _>>()?;
    // Likewise, and a file with one endpoint twice would hide a policy.
    let ids = endpoints.iter().map(|(id, _)| strings.get(*id));
    if !ids
        .clone()
        .zip(ids.skip(1))
        .all(|(before, next)| before < next)
    {
        return wrong("endpoints out of order");
    }
    let counts = Counts {
        accounts: accounts.len(),
        pairs: pairs.len(),
        grants: grants.len(),
    };
    let principals = read_rows(principals, |row| check.principal(row, counts))?;
    let resources = read_rows(resources, |row| check.resource(row, counts))?;
    let mut tables = Tables::new(Columns {
        strings,
        accounts: Accounts::new(accounts),
        grants,
        pairs,
        endpoints,
        organization,
        missing,
    });
    (tables.sets, tables.uses) = (sets, uses);
    // The indexes are made here, with seeds of this process. They notice what appears twice.
    for principal in principals {
        if !tables.add_principal(principal) {
            return wrong("a user or role that appears twice");
        }
    }
    for resource in resources {
        if !tables.add_resource(resource) {
            return wrong("a resource that appears twice");
        }
    }
    let count = tables.principals.len();
    // People refer to principals, whose number is known only now.
    let people = read_rows(people, |row| check.person(row, count))?;
    if !people.is_sorted_by_key(|own| own.principal) {
        return wrong("people out of order");
    }
    tables.set_people(people);
    Ok(Snapshot {
        tables,
        images,
        debug: debug != 0,
    })
}

/// Policy sets, and the uses that they are ranges of.
type SetsAndUses = (Vec<RowRange>, Vec<(LayerSet, UnitId)>);

/// Reads policy sets. A unit may be used only in layers that it was compiled for: an identity
/// policy that stands for a boundary would be read without the checks of one.
fn read_sets(
    sets: &[u8],
    uses: &[u8],
    images: &[Image<Vec<u8>>],
) -> Result<SetsAndUses, SnapshotError> {
    let views = images.iter().map(Image::view);
    let units = views.flat_map(|view| view.ids::<Unit>().map(move |unit| view.get(unit)));
    let stands_for: Vec<LayerSet> = units.map(|unit| unit.layers).collect();
    let uses = read_pairs(uses)?.into_iter();
    let uses: Vec<(LayerSet, UnitId)> = uses
        .map(|(layers, unit)| (LayerSet::from_bits(layers), UnitId::new(unit)))
        .collect();
    for (layers, unit) in &uses {
        let stands_for = stands_for.get(unit.index()).copied().unwrap_or_default();
        if layers.is_empty() || !stands_for.contains_all(*layers) {
            return wrong("a unit in a layer that it has no policy of");
        }
    }
    let sets = read_pairs(sets)?.into_iter();
    let sets = sets.map(|(start, count)| range(start, count, uses.len()));
    Ok((sets.collect::<Result<_, _>>()?, uses))
}
