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
//! `texts`), accounts, principals, resources, grants, pairs, endpoints, policy sets, their uses of parts, who
//! has roles of Identity Center, the image; then the images of what was changed since, if any. Tables are rows of 32-bit words; a text is called
//! by the place of its length. Nothing in the file is a hash: the ways into the tables are made anew when it is
//! opened.

use std::fmt;

use portcullis_image::wire::{checksum, u32_at, u64_at};
use portcullis_image::{Image, Section, layer_mask};
use portcullis_model::Layer;

use crate::Directory;
use crate::compiled::MAX_IMAGES;
use crate::documents::SetsId;
use crate::engine::{EngineError, Store};
use crate::model::{Account, Grant, NONE, Principal, Resource, Run, Tables};
use crate::people::Person;
use crate::raw::Kind;
use crate::texts::{Name, Numbers, Texts};

const MAGIC: [u8; 8] = *b"PCLDIR\r\n";
const VERSION: u32 = 2;
/// The sections that every file has, before its images.
const TABLES: usize = 11;
/// One more than the largest account.
const ACCOUNTS: u64 = 1_000_000_000_000;

/// Why bytes are not a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerError {
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a usable directory: {}", self.what)
    }
}

impl std::error::Error for ContainerError {}

fn wrong<T>(what: impl Into<String>) -> Result<T, ContainerError> {
    Err(ContainerError { what: what.into() })
}

impl Directory {
    /// True if bytes begin as those of [`Directory::to_bytes`] do.
    pub fn is_directory(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// The directory as the content of a file. The same folder gives the same bytes.
    ///
    /// # Errors
    /// [`EngineError`] if policies are more than an image can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EngineError> {
        let tables = &self.tables;
        let settings = [
            tables.organization.map_or(NONE, |id| id.0),
            tables.missing,
            u32::from(self.store.has_debug()),
        ];
        let mut sections = vec![
            words(settings),
            tables.texts.stored().as_bytes().to_vec(),
            rows(&tables.accounts),
            rows(&tables.principals),
            rows(&tables.resources),
            rows(&tables.grants),
            words(
                tables
                    .pairs
                    .iter()
                    .flat_map(|(key, value)| [key.0, value.0]),
            ),
            words(
                tables
                    .endpoints
                    .iter()
                    .flat_map(|(id, sets)| [id.0, sets.0]),
            ),
            words(tables.sets.iter().flat_map(|run| [run.start, run.count])),
            words(
                tables
                    .uses
                    .iter()
                    .flat_map(|(layers, part)| [*layers, *part]),
            ),
            rows(&tables.people),
        ];
        let images = self.store.compiled(tables)?.images();
        sections.extend(images.iter().map(|image| image.as_bytes().to_vec()));
        let mut body = Vec::new();
        for section in &sections {
            body.extend_from_slice(&(section.len() as u64).to_le_bytes());
        }
        for section in &sections {
            pad(&mut body);
            body.extend_from_slice(section);
        }
        let mut bytes = Vec::with_capacity(32 + body.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(sections.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(32 + body.len() as u64).to_le_bytes());
        let sum = checksum_of(&bytes, &body);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Opens a directory that [`Directory::to_bytes`] made. Everything is checked once: whatever the
    /// bytes are, the result is sound or an error.
    ///
    /// # Errors
    /// [`ContainerError`] says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Directory, ContainerError> {
        let sections = sections(bytes)?;
        let Some((sections, images)) = sections.split_first_chunk::<TABLES>() else {
            return wrong("sections of another number");
        };
        let [settings, text, accounts, principals, resources, rest @ ..] = *sections;
        let [grants, pairs, endpoints, sets, uses, people] = rest;
        let images = images.iter().map(|image| Image::from_bytes(image.to_vec()));
        let images: Vec<_> = images
            .collect::<Result<_, _>>()
            .map_err(|error| ContainerError {
                what: error.to_string(),
            })?;
        let Ok(text) = String::from_utf8(text.to_vec()) else {
            return wrong("texts that are not UTF-8");
        };
        let Some((texts, numbers)) = Texts::from_stored(text) else {
            return wrong("texts that are not as long as they say");
        };
        let settings = read_words(settings)?;
        let [organization, missing, debug] = *settings.as_slice() else {
            return wrong("settings of another number");
        };
        let pair = |words: &[u32]| match *words {
            [one, other] => Some((one, other)),
            _ => None,
        };
        let both = |section| -> Result<Vec<(u32, u32)>, ContainerError> {
            let words = read_words(section)?;
            match words.len() % 2 {
                0 => Ok(words.chunks(2).filter_map(pair).collect()),
                _ => wrong("half a pair"),
            }
        };
        let mut tables = Tables::default();
        tables.uses = both(uses)?;
        let views = images.iter().map(Image::view);
        let stands_for: Vec<u32> = views
            .flat_map(|view| {
                (0..view.count(Section::Parts)).map(move |part| view.part(part).layers)
            })
            .collect();
        for (layers, part) in &tables.uses {
            let stands_for = stands_for.get(*part as usize).copied().unwrap_or(0);
            if *layers == 0 || layers & !stands_for != 0 {
                return wrong("a part in a layer that it does not stand for");
            }
        }
        for (start, count) in both(sets)? {
            tables.sets.push(run(start, count, tables.uses.len())?);
        }
        let layers = |run: &Run| {
            run.of(&tables.uses)
                .iter()
                .fold(0, |all, (own, _)| all | own)
        };
        let check = Check {
            texts: numbers,
            sets: tables.sets.iter().map(layers).collect(),
        };
        tables.organization = check.optional(organization)?;
        tables.missing = missing;
        tables.accounts = read_rows(accounts, |row| check.account(row))?;
        let numbers = tables.accounts.iter().map(|account| account.number);
        if !numbers
            .clone()
            .zip(numbers.skip(1))
            .all(|(one, next)| one < next)
        {
            return wrong("accounts out of order");
        }
        tables.spell_accounts();
        for (key, value) in both(pairs)? {
            tables.pairs.push((check.name(key)?, check.name(value)?));
        }
        let pairs = tables.pairs.len();
        tables.grants = read_rows(grants, |row| check.grant(row, pairs))?;
        for (id, sets) in both(endpoints)? {
            let sets = check.sets(sets, layer_mask(Layer::VpcEndpoint))?;
            tables.endpoints.push((check.name(id)?, sets));
        }
        let ids = tables.endpoints.iter().map(|(id, _)| texts.get(*id));
        if !ids.clone().zip(ids.skip(1)).all(|(one, next)| one < next) {
            return wrong("endpoints out of order");
        }
        let owners = tables.accounts.len();
        let grants = tables.grants.len();
        let principals = read_rows(principals, |row| check.principal(row, owners, pairs))?;
        let resources = read_rows(resources, |row| check.resource(row, owners, pairs, grants))?;
        tables.texts = texts;
        for principal in principals {
            if !tables.add_principal(principal) {
                return wrong("a user or role that is there twice");
            }
        }
        for resource in resources {
            if !tables.add_resource(resource) {
                return wrong("a resource that is there twice");
            }
        }
        let count = tables.principals.len();
        tables.people = read_rows(people, |row| check.person(row, count))?;
        let numbers = tables.people.iter().map(|own| own.principal);
        if !numbers.is_sorted() {
            return wrong("people out of order");
        }
        let store = Store::of_images(images, &tables, debug != 0);
        Ok(Directory { tables, store })
    }
}

fn checksum_of(head: &[u8], body: &[u8]) -> u64 {
    checksum(body) ^ checksum(head.get(..24).unwrap_or(head)).rotate_left(32)
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

/// The sections of a file whose frame is sound.
fn sections(bytes: &[u8]) -> Result<Vec<&[u8]>, ContainerError> {
    if !Directory::is_directory(bytes) {
        return wrong("it does not begin as one");
    }
    let count = u32_at(bytes, 12) as usize;
    if u32_at(bytes, 8) != VERSION || count <= TABLES || count > TABLES + MAX_IMAGES {
        return wrong("it is of another version");
    }
    let header = 32 + 8 * count;
    if bytes.len() < header || u64_at(bytes, 16) != bytes.len() as u64 {
        return wrong("it is not as long as it says");
    }
    let body = bytes.get(32..).unwrap_or_default();
    if u64_at(bytes, 24) != checksum_of(bytes, body) {
        return wrong("its checksum is wrong");
    }
    let mut found = Vec::with_capacity(count);
    let mut start = header;
    for index in 0..count {
        let length = usize::try_from(u64_at(bytes, 32 + 8 * index)).unwrap_or(usize::MAX);
        let end = start.checked_add(length);
        let Some(own) = end.and_then(|end| bytes.get(start..end)) else {
            return wrong("a section that does not fit");
        };
        found.push(own);
        start = (start + length).next_multiple_of(8);
    }
    Ok(found)
}

fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn read_words(bytes: &[u8]) -> Result<Vec<u32>, ContainerError> {
    if bytes.len() % 4 != 0 {
        return wrong("a table of half words");
    }
    Ok(bytes.chunks(4).map(|word| u32_at(word, 0)).collect())
}

/// A row of a table as words.
trait Row<const WORDS: usize> {
    fn to_words(&self) -> [u32; WORDS];
}

fn rows<const WORDS: usize>(rows: &[impl Row<WORDS>]) -> Vec<u8> {
    words(rows.iter().flat_map(Row::to_words))
}

fn read_rows<const WORDS: usize, T>(
    bytes: &[u8],
    mut read: impl FnMut([u32; WORDS]) -> Result<T, ContainerError>,
) -> Result<Vec<T>, ContainerError> {
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

fn flags<const N: usize>(flags: [bool; N]) -> u32 {
    flags
        .iter()
        .enumerate()
        .fold(0, |word, (bit, flag)| word | u32::from(*flag) << bit)
}

impl Row<6> for Account {
    fn to_words(&self) -> [u32; 6] {
        let flags = flags([
            self.is_member,
            self.is_management,
            self.is_dumped,
            self.restricts_public,
        ]);
        let number = self.number;
        [
            number as u32,
            (number >> 32) as u32,
            self.org_path,
            self.scps.0,
            self.rcps.0,
            flags,
        ]
    }
}

impl Row<12> for Principal {
    fn to_words(&self) -> [u32; 12] {
        [
            self.account,
            u32::from(self.kind == Kind::Role),
            self.partition.0,
            self.path.0,
            self.name.0,
            self.id,
            self.identity.0,
            self.boundary.0,
            self.trust.0,
            self.tags.start,
            self.tags.count,
            self.max_session,
        ]
    }
}

impl Row<3> for Person {
    fn to_words(&self) -> [u32; 3] {
        [self.principal, self.user, self.group]
    }
}

impl Row<9> for Resource {
    fn to_words(&self) -> [u32; 9] {
        let flags = flags([
            self.restricts_public,
            self.has_abac,
            self.is_unreadable,
            self.is_key,
        ]);
        [
            self.arn.0,
            self.account,
            self.policy.0,
            self.tags.start,
            self.tags.count,
            self.grants.start,
            self.grants.count,
            self.bucket,
            flags,
        ]
    }
}

impl Row<9> for Grant {
    fn to_words(&self) -> [u32; 9] {
        [
            self.grantee.0,
            self.operations.start,
            self.operations.count,
            self.subset.start,
            self.subset.count,
            self.equals.start,
            self.equals.count,
            u32::from(self.is_exact),
            self.id,
        ]
    }
}

/// What rows may refer to.
struct Check {
    texts: Numbers,
    /// The layers of each of the policy sets.
    sets: Vec<u32>,
}

fn run(start: u32, count: u32, all: usize) -> Result<Run, ContainerError> {
    match (start as usize).checked_add(count as usize) {
        Some(end) if end <= all => Ok(Run { start, count }),
        _ => wrong("a run that does not fit"),
    }
}

impl Check {
    fn name(&self, name: u32) -> Result<Name, ContainerError> {
        match self.texts.name(name) {
            Some(name) => Ok(name),
            None => wrong("a text that is not there"),
        }
    }

    fn optional(&self, name: u32) -> Result<Option<Name>, ContainerError> {
        match name {
            NONE => Ok(None),
            name => self.name(name).map(Some),
        }
    }

    /// Policy sets of these layers and no other, or none.
    fn sets(&self, id: u32, layers: u32) -> Result<SetsId, ContainerError> {
        if id == NONE {
            return Ok(SetsId::NONE);
        }
        match self.sets.get(id as usize) {
            Some(own) if own & !layers == 0 => Ok(SetsId(id)),
            Some(_) => wrong("policies in the place of others"),
            None => wrong("policies that are not there"),
        }
    }

    fn index(&self, index: u32, all: usize) -> Result<u32, ContainerError> {
        match (index as usize) < all {
            true => Ok(index),
            false => wrong("an account that is not there"),
        }
    }

    fn flag(&self, word: u32) -> Result<bool, ContainerError> {
        match word {
            0 => Ok(false),
            1 => Ok(true),
            _ => wrong("a flag that is neither 0 nor 1"),
        }
    }

    fn account(&self, row: [u32; 6]) -> Result<Account, ContainerError> {
        let [low, high, path, scps, rcps, flags] = row;
        let number = u64::from(high) << 32 | u64::from(low);
        if number >= ACCOUNTS || flags >= 16 {
            return wrong("an account that is none");
        }
        self.optional(path)?;
        let chain = |layer: fn(u8) -> Layer| {
            (0..Layer::MAX_LEVELS).fold(0, |mask, level| mask | layer_mask(layer(level)))
        };
        Ok(Account {
            number,
            org_path: path,
            scps: self.sets(scps, chain(Layer::Scp))?,
            rcps: self.sets(rcps, chain(Layer::Rcp))?,
            is_member: flags & 1 != 0,
            is_management: flags & 2 != 0,
            is_dumped: flags & 4 != 0,
            restricts_public: flags & 8 != 0,
        })
    }

    fn principal(
        &self,
        row: [u32; 12],
        accounts: usize,
        pairs: usize,
    ) -> Result<Principal, ContainerError> {
        let [account, kind, partition, path, name, id, rest @ ..] = row;
        let [identity, boundary, trust, start, count, max_session] = rest;
        self.optional(id)?;
        Ok(Principal {
            account: self.index(account, accounts)?,
            kind: match self.flag(kind)? {
                true => Kind::Role,
                false => Kind::User,
            },
            is_service_linked: false,
            partition: self.name(partition)?,
            path: self.name(path)?,
            name: self.name(name)?,
            id,
            identity: self.sets(identity, layer_mask(Layer::Identity))?,
            boundary: self.sets(boundary, layer_mask(Layer::Boundary))?,
            trust: self.sets(trust, layer_mask(Layer::Resource))?,
            tags: run(start, count, pairs)?,
            max_session,
        })
    }

    fn person(&self, row: [u32; 3], principals: usize) -> Result<Person, ContainerError> {
        let [principal, user, group] = row;
        self.optional(user)?;
        self.optional(group)?;
        if principal as usize >= principals {
            return wrong("people of a role that is not there");
        }
        Ok(Person {
            principal,
            user,
            group,
        })
    }

    fn resource(
        &self,
        row: [u32; 9],
        accounts: usize,
        pairs: usize,
        grants: usize,
    ) -> Result<Resource, ContainerError> {
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
            return wrong("a flag of a resource that has no meaning");
        }
        Ok(Resource {
            arn: self.name(arn)?,
            account: match account {
                NONE => NONE,
                account => self.index(account, accounts)?,
            },
            policy: self.sets(policy, layer_mask(Layer::Resource))?,
            tags: run(start, count, pairs)?,
            grants: run(first, grant_count, grants)?,
            restricts_public: flags & 1 != 0,
            bucket: match bucket {
                NONE => NONE,
                bucket => self.name(bucket)?.0,
            },
            has_abac: flags & 2 != 0,
            is_unreadable: flags & 4 != 0,
            is_key: flags & 8 != 0,
        })
    }

    fn grant(&self, row: [u32; 9], pairs: usize) -> Result<Grant, ContainerError> {
        let [grantee, a, b, c, d, e, f, exact, id] = row;
        Ok(Grant {
            id: self.optional(id)?.map_or(NONE, |id| id.0),
            grantee: self.name(grantee)?,
            operations: run(a, b, pairs)?,
            subset: run(c, d, pairs)?,
            equals: run(e, f, pairs)?,
            is_exact: self.flag(exact)?,
        })
    }
}
