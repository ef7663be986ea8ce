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
//! All numbers are little-endian. The sections are, in this order: settings, texts (each behind its length, see
//! `texts`), accounts, principals, resources, grants, pairs, endpoints, policy sets, their uses of units, people, the
//! image; then the images of what was changed since, if any. Tables are rows of 32-bit words; a text is called
//! by the offset of its length. Nothing in the file is a hash: the ways into the tables are made anew when it is
//! opened.
//!
//! Rows are not read where they lie: a row is checked and copied once, so that decisions need no check. A file is trusted with
//! nothing; its checksum finds damage, not intent.

use std::fmt;

use portcullis_image::wire::{checksum, u32_at, u64_at};
use portcullis_image::{Image, LayerSet, Unit};

use crate::arn::Kind;
use crate::store::accounts::{Account, Accounts};
use crate::store::ids::{AccountIdx, PrincipalIdx, Run, SetsId, Symbol, UnitId, index, number};
use crate::store::strings::{Numbers, StringTable};
use crate::store::tables::{Columns, Grant, Person, PrincipalRow, ResourceRow, Tables};

/// The first bytes of every such file. A transfer as text damages them visibly.
const MAGIC: [u8; 8] = *b"PCLDIR\r\n";
/// Raised when a row changes. Files of other versions are refused: a directory is compiled again from its folder.
const VERSION: u32 = 2;
/// Length in bytes of what is before the lengths of the sections.
const HEAD: usize = 32;
/// Maximum stacked images: one base plus seven deltas. Each makes decisions look through one more.
pub(crate) const MAX_IMAGES: usize = 8;
/// The sections that every file has, before its images.
const TABLES: usize = 11;
/// One more than the largest account: numbers have twelve digits.
const ACCOUNTS: u64 = 1_000_000_000_000;

/// Why bytes are not a directory: they were not written by [`Directory::to_bytes`](crate::Directory::to_bytes) of this version,
/// or were damaged since. The first problem is told; a file is made again, not repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a usable directory: {}", self.what)
    }
}

impl std::error::Error for SnapshotError {}

/// An error that says what is wrong.
fn wrong<T>(what: impl Into<String>) -> Result<T, SnapshotError> {
    Err(SnapshotError { what: what.into() })
}

/// True if bytes begin as those of [`to_bytes`] do.
pub(crate) fn is_snapshot(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// What a file holds.
pub(crate) struct Snapshot {
    /// Checked row by row.
    pub(crate) tables: Tables,
    /// Checked, in the order of their units.
    pub(crate) images: Vec<Image<Vec<u8>>>,
    /// The images have what explanations print.
    pub(crate) debug: bool,
}

/// The tables and images as the content of a file, in memory. The same tables and images give the same bytes. `debug` says that
/// the images have what explanations print. Sections come in the order of the module's head; what is absent is the word of
/// [`Symbol::NONE`] or [`SetsId::NONE`].
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

/// The same where the images are not needed any more: a large one is never there twice.
pub(crate) fn into_bytes(tables: &Tables, images: Vec<Image<Vec<u8>>>, debug: bool) -> Vec<u8> {
    let lengths: Vec<usize> = images.iter().map(|image| image.as_bytes().len()).collect();
    let before = before_images(tables, &lengths, debug);
    let mut images = images.into_iter();
    let mut bytes = images.next().map(Image::into_inner).unwrap_or_default();
    // It moves behind what stands before it.
    let length = bytes.len();
    let rest = lengths.iter().skip(1);
    let rest: usize = rest.map(|length| length.next_multiple_of(8)).sum();
    bytes.reserve_exact(before.len() + rest);
    bytes.resize(before.len() + length, 0);
    bytes.copy_within(..length, before.len());
    if let Some(place) = bytes.get_mut(..before.len()) {
        place.copy_from_slice(&before);
    }
    let others: Vec<_> = images.collect();
    add_images(bytes, others.iter().map(Image::as_bytes))
}

/// What stands before the first image of these lengths.
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

/// Adds images to what stands before them, and the checksum.
fn add_images<'i>(mut bytes: Vec<u8>, images: impl Iterator<Item = &'i [u8]>) -> Vec<u8> {
    for image in images {
        pad(&mut bytes);
        bytes.extend_from_slice(image);
    }
    let sum = match bytes.split_at_checked(HEAD) {
        Some((head, body)) => checksum_of(head, body),
        None => 0,
    };
    if let Some(place) = bytes.get_mut(HEAD - 8..HEAD) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

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
        words(sets.flat_map(|run| [run.start(), run.count()])),
        words(uses.flat_map(|(layers, unit)| [layers.bits(), unit.get()])),
        rows(&tables.people),
    ]
}

/// Reads what [`to_bytes`] made. Everything is checked once: whatever the bytes are, the result is sound or an error.
///
/// Sound means what the tables promise: ids lead to rows, strings begin where their ids say, sets hold policies of the layers
/// that they are used for. Takes time linear in the file, which was 0.34 s for a million principals.
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
    let layers = |run: &Run| -> LayerSet {
        let its_uses = run.of(&uses).iter();
        its_uses.map(|(layers, _)| *layers).collect()
    };
    let check = Check {
        strings: numbers,
        sets: sets.iter().map(layers).collect(),
    };
    let organization = check.optional(organization)?.some();
    let accounts = read_rows(accounts, |row| check.account(row))?;
    let numbers = accounts.iter().map(|account| account.number);
    let mut neighbors = numbers.clone().zip(numbers.skip(1));
    if !neighbors.all(|(before, next)| before < next) {
        return wrong("accounts out of order");
    }
    let pairs = read_pairs(pairs)?.into_iter();
    let pairs = pairs.map(|(key, value)| Ok((check.name(key)?, check.name(value)?)));
    let pairs: Vec<(Symbol, Symbol)> = pairs.collect::<Result<_, _>>()?;
    let grants = read_rows(grants, |row| check.grant(row, pairs.len()))?;
    let endpoints = read_pairs(endpoints)?.into_iter();
    let endpoints = endpoints.map(|(id, sets)| {
        let sets = check.sets(sets, LayerSet::VPC_ENDPOINT)?;
        Ok((check.name(id)?, sets))
    });
    let endpoints: Vec<(Symbol, SetsId)> = endpoints.collect::<Result<_, _>>()?;
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

/// Words two by two.
fn read_pairs(section: &[u8]) -> Result<Vec<(u32, u32)>, SnapshotError> {
    let words = read_words(section)?;
    if words.len() % 2 != 0 {
        return wrong("half a pair");
    }
    let pairs = words.chunks_exact(2).filter_map(|pair| match *pair {
        [first, second] => Some((first, second)),
        _ => None,
    });
    Ok(pairs.collect())
}

/// Policy sets, and what they use.
type SetsAndUses = (Vec<Run>, Vec<(LayerSet, UnitId)>);

/// Policy sets, and the units that they use in layers that each stands for.
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
    let sets = sets.map(|(start, count)| run(start, count, uses.len()));
    Ok((sets.collect::<Result<_, _>>()?, uses))
}

/// The checksum over everything but the checksum itself: what is before it and what is behind are summed apart, so that neither
/// has to be copied.
fn checksum_of(head: &[u8], body: &[u8]) -> u64 {
    checksum(body) ^ checksum(head.get(..24).unwrap_or(head)).rotate_left(32)
}

/// A length as files write it.
fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Sections begin at multiples of 8, where images may lie.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The sections of a file whose frame is sound: magic, version, length and checksum are right, and each section ends within the
/// file.
fn sections(bytes: &[u8]) -> Result<Vec<&[u8]>, SnapshotError> {
    if !is_snapshot(bytes) {
        return wrong("wrong magic number");
    }
    let count = index(u32_at(bytes, 12));
    if u32_at(bytes, 8) != VERSION || count <= TABLES || count > TABLES + MAX_IMAGES {
        return wrong("unsupported version");
    }
    let header = HEAD + 8 * count;
    if bytes.len() < header || u64_at(bytes, 16) != wide(bytes.len()) {
        return wrong("wrong length");
    }
    let body = bytes.get(HEAD..).unwrap_or_default();
    if u64_at(bytes, 24) != checksum_of(bytes, body) {
        return wrong("wrong checksum");
    }
    let mut found = Vec::with_capacity(count);
    let mut start = header;
    for index in 0..count {
        let length = usize::try_from(u64_at(bytes, HEAD + 8 * index)).unwrap_or(usize::MAX);
        let end = start.checked_add(length);
        let Some(section) = end.and_then(|end| bytes.get(start..end)) else {
            return wrong("a section out of bounds");
        };
        found.push(section);
        start = (start + length).next_multiple_of(8);
    }
    Ok(found)
}

/// Words as bytes.
fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Bytes as words.
fn read_words(bytes: &[u8]) -> Result<Vec<u32>, SnapshotError> {
    if bytes.len() % 4 != 0 {
        return wrong("a table with half a word");
    }
    Ok(bytes.chunks(4).map(|word| u32_at(word, 0)).collect())
}

/// A row of a table as words. What reads them again is in [`Check`], which refuses words that refer to nothing.
trait Row<const WORDS: usize> {
    /// The row, field by field.
    fn to_words(&self) -> [u32; WORDS];
}

/// A table as bytes.
fn rows<const WORDS: usize>(rows: &[impl Row<WORDS>]) -> Vec<u8> {
    words(rows.iter().flat_map(Row::to_words))
}

/// A table from bytes. `read` sees to it that a row refers to nothing that is not there.
fn read_rows<const WORDS: usize, T>(
    bytes: &[u8],
    mut read: impl FnMut([u32; WORDS]) -> Result<T, SnapshotError>,
) -> Result<Vec<T>, SnapshotError> {
    if bytes.len() % (4 * WORDS) != 0 {
        return wrong("half a row");
    }
    bytes
        .chunks(4 * WORDS)
        .map(|row| {
            let mut words = [0; WORDS];
            for (index, word) in words.iter_mut().enumerate() {
                *word = u32_at(row, 4 * index);
            }
            read(words)
        })
        .collect()
}

/// Flags as the lowest bits of a word, the first in bit 0.
fn flags<const N: usize>(flags: [bool; N]) -> u32 {
    flags
        .iter()
        .enumerate()
        .fold(0, |word, (bit, flag)| word | u32::from(*flag) << bit)
}

/// The lower and the upper half of a number.
fn halves(number: u64) -> [u32; 2] {
    let bytes = number.to_le_bytes();
    [u32_at(&bytes, 0), u32_at(&bytes, 4)]
}

/// Number of the account in two words, path in the organization, SCPs, RCPs; flags: member, management account, dumped,
/// `RestrictPublicBuckets`.
impl Row<6> for Account {
    fn to_words(&self) -> [u32; 6] {
        let flags = flags([
            self.is_member,
            self.is_management,
            self.is_dumped,
            self.restricts_public,
        ]);
        let [low, high] = halves(self.number);
        [
            low,
            high,
            self.org_path.get(),
            self.scps.get(),
            self.rcps.get(),
            flags,
        ]
    }
}

/// Account, 1 for a role, partition, path, name, id; identity policies, boundary and trust policy as sets; tags as a run of pairs;
/// longest session in seconds.
impl Row<12> for PrincipalRow {
    fn to_words(&self) -> [u32; 12] {
        [
            self.account.get(),
            u32::from(self.kind == Kind::Role),
            self.partition.get(),
            self.path.get(),
            self.name.get(),
            self.id.get(),
            self.identity.get(),
            self.boundary.get(),
            self.trust.get(),
            self.tags.start(),
            self.tags.count(),
            self.max_session,
        ]
    }
}

/// The role, and who has it: a user, and the group by which it has the role.
impl Row<3> for Person {
    fn to_words(&self) -> [u32; 3] {
        [self.principal.get(), self.user.get(), self.group.get()]
    }
}

/// ARN, account, policy, tags as a run of pairs, grants as a run, bucket; flags: `RestrictPublicBuckets`, tags decide (ABAC), a
/// policy that cannot be read, a row by which the policy of another is found.
impl Row<9> for ResourceRow {
    fn to_words(&self) -> [u32; 9] {
        let flags = flags([
            self.restricts_public,
            self.has_abac,
            self.is_unreadable,
            self.is_key,
        ]);
        [
            self.arn.get(),
            self.account.get(),
            self.policy.get(),
            self.tags.start(),
            self.tags.count(),
            self.grants.start(),
            self.grants.count(),
            self.bucket.get(),
            flags,
        ]
    }
}

/// Grantee; operations, pairs that the encryption context must have, and those that it must be, each as a run of pairs; 1 if it
/// must have no others; id.
impl Row<9> for Grant {
    fn to_words(&self) -> [u32; 9] {
        [
            self.grantee.get(),
            self.operations.start(),
            self.operations.count(),
            self.subset.start(),
            self.subset.count(),
            self.equals.start(),
            self.equals.count(),
            u32::from(self.is_exact),
            self.id.get(),
        ]
    }
}

/// What rows may refer to: each method reads one kind of row or reference, and fails on what is not there.
struct Check {
    /// Which numbers are those of strings.
    strings: Numbers,
    /// The layers of each of the policy sets.
    sets: Vec<LayerSet>,
}

/// How many rows there are that others refer to.
#[derive(Clone, Copy)]
struct Counts {
    /// Accounts, which rows of principals and resources refer to.
    accounts: usize,
    /// Pairs, of which tags and constraints are runs.
    pairs: usize,
    /// Grants, of which resources have runs.
    grants: usize,
}

/// A run that is within a table of `all` rows.
fn run(start: u32, count: u32, all: usize) -> Result<Run, SnapshotError> {
    match index(start).checked_add(index(count)) {
        Some(end) if end <= all => Ok(Run::new(start, count)),
        _ => wrong("a run out of bounds"),
    }
}

impl Check {
    /// A string that is there.
    fn name(&self, name: u32) -> Result<Symbol, SnapshotError> {
        match self.strings.name(name) {
            Some(name) => Ok(name),
            None => wrong("a string that does not exist"),
        }
    }

    /// The same, or none.
    fn optional(&self, name: u32) -> Result<Symbol, SnapshotError> {
        match Symbol::new(name).some() {
            None => Ok(Symbol::NONE),
            Some(_) => self.name(name),
        }
    }

    /// Policy sets of these layers and no other, or none: a row cannot make an identity policy stand for a trust policy.
    fn sets(&self, id: u32, layers: LayerSet) -> Result<SetsId, SnapshotError> {
        let id = SetsId::new(id);
        if !id.is_some() {
            return Ok(id);
        }
        match self.sets.get(id.index()) {
            Some(found) if layers.contains_all(*found) => Ok(id),
            Some(_) => wrong("policies of the wrong type"),
            None => wrong("policies that do not exist"),
        }
    }

    /// An account that is there.
    fn owner(&self, account: u32, counts: Counts) -> Result<AccountIdx, SnapshotError> {
        let account = AccountIdx::new(account);
        match account.index() < counts.accounts {
            true => Ok(account),
            false => wrong("an account that does not exist"),
        }
    }

    /// A word that is 0 or 1.
    fn flag(&self, word: u32) -> Result<bool, SnapshotError> {
        match word {
            0 => Ok(false),
            1 => Ok(true),
            _ => wrong("a flag that is neither 0 nor 1"),
        }
    }

    /// An account. Numbers have twelve digits, and chains hold policies of their own type alone.
    fn account(&self, row: [u32; 6]) -> Result<Account, SnapshotError> {
        let [low, high, path, scps, rcps, flags] = row;
        let number = u64::from(high) << 32 | u64::from(low);
        if number >= ACCOUNTS || flags >= 16 {
            return wrong("an invalid account");
        }
        Ok(Account {
            number,
            org_path: self.optional(path)?,
            scps: self.sets(scps, LayerSet::SCPS)?,
            rcps: self.sets(rcps, LayerSet::RCPS)?,
            is_member: flags & 1 != 0,
            is_management: flags & 2 != 0,
            is_dumped: flags & 4 != 0,
            restricts_public: flags & 8 != 0,
        })
    }

    /// A user or role. Whether it is linked to a service is not stored: its path says so.
    fn principal(&self, row: [u32; 12], counts: Counts) -> Result<PrincipalRow, SnapshotError> {
        let [account, kind, partition, path, name, id, others @ ..] = row;
        let [identity, boundary, trust, start, count, max_session] = others;
        Ok(PrincipalRow {
            account: self.owner(account, counts)?,
            kind: match self.flag(kind)? {
                true => Kind::Role,
                false => Kind::User,
            },
            is_service_linked: false,
            partition: self.name(partition)?,
            path: self.name(path)?,
            name: self.name(name)?,
            id: self.optional(id)?,
            identity: self.sets(identity, LayerSet::IDENTITY)?,
            boundary: self.sets(boundary, LayerSet::BOUNDARY)?,
            trust: self.sets(trust, LayerSet::RESOURCE)?,
            tags: run(start, count, counts.pairs)?,
            max_session,
        })
    }

    /// Who has a role of Identity Center.
    fn person(&self, row: [u32; 3], principals: usize) -> Result<Person, SnapshotError> {
        let [principal, user, group] = row;
        let principal = PrincipalIdx::new(principal);
        if principal.index() >= principals {
            return wrong("people of a role that does not exist");
        }
        Ok(Person {
            principal,
            user: self.optional(user)?,
            group: self.optional(group)?,
        })
    }

    /// A resource, whose owner and bucket may be absent.
    fn resource(&self, row: [u32; 9], counts: Counts) -> Result<ResourceRow, SnapshotError> {
        let [
            arn,
            account,
            policy,
            start,
            count,
            first,
            grant_count,
            bucket,
            flags,
        ] = row;
        if flags >= 1 << 4 {
            return wrong("an unknown flag of a resource");
        }
        Ok(ResourceRow {
            arn: self.name(arn)?,
            account: match AccountIdx::new(account).some() {
                None => AccountIdx::NONE,
                Some(_) => self.owner(account, counts)?,
            },
            policy: self.sets(policy, LayerSet::RESOURCE)?,
            tags: run(start, count, counts.pairs)?,
            grants: run(first, grant_count, counts.grants)?,
            restricts_public: flags & 1 != 0,
            bucket: self.optional(bucket)?,
            has_abac: flags & 2 != 0,
            is_unreadable: flags & 4 != 0,
            is_key: flags & 8 != 0,
        })
    }

    /// A grant.
    fn grant(&self, row: [u32; 9], pairs: usize) -> Result<Grant, SnapshotError> {
        let [grantee, a, b, c, d, e, f, exact, id] = row;
        Ok(Grant {
            id: self.optional(id)?,
            grantee: self.name(grantee)?,
            operations: run(a, b, pairs)?,
            subset: run(c, d, pairs)?,
            equals: run(e, f, pairs)?,
            is_exact: self.flag(exact)?,
        })
    }
}
