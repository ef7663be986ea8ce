//! The pack: what is damaged is refused, what is written is read, and the same facts give the same bytes.

use portcullis_catalog::{
    Catalog, Date, Draft, DraftAction, DraftClient, DraftKey, DraftOperation, DraftPermission,
    DraftResource, DraftService, DraftType, FORMAT, KeyType, Level, Need, PackError, Source,
};

const PACK: &[u8] = include_bytes!("../../data/catalog.pack");
/// Where the content begins to be what the checksum is of.
const SUMMED: usize = 16;

#[test]
fn the_pack_is_written_again_byte_for_byte() {
    let draft = Draft::of(Catalog::builtin().unwrap());
    let written = draft.write().unwrap();
    assert!(written == PACK, "{} and {}", written.len(), PACK.len());
}

/// A small catalog with one of each.
fn small() -> Draft {
    let mut draft = Draft {
        sources: vec![Source {
            name: "a reference".to_owned(),
            version: "1".to_owned(),
            date: Date::parse("2026-01-31").unwrap(),
            license: "MIT".to_owned(),
            is_reference: true,
        }],
        ..Draft::default()
    };
    for (name, is_multivalued) in [("a:Key", false), ("a:Tag/${TagKey}", true)] {
        let row = DraftKey {
            name: name.to_owned(),
            kind: KeyType::String,
            is_multivalued,
            is_global: false,
            seen: 0,
        };
        draft.keys.insert(name.to_lowercase(), row);
    }
    let mut service = DraftService {
        title: "A Service".to_owned(),
        seen: Some(0),
        ..DraftService::default()
    };
    let kind = DraftType {
        name: "Thing".to_owned(),
        formats: vec!["arn:${Partition}:a:${Region}:${Account}:thing/${Id}".to_owned()],
        keys: ["a:tag/${tagkey}".to_owned()].into(),
        seen: 0,
    };
    service.types.insert("thing".to_owned(), kind);
    let action = DraftAction {
        name: "GetThing".to_owned(),
        level: Level::Read,
        keys: ["a:key".to_owned()].into(),
        resources: [("thing".to_owned(), DraftResource::default())].into(),
        dependents: ["b:Decrypt".to_owned()].into(),
        seen: 0,
    };
    service.actions.insert("getthing".to_owned(), action);
    draft.services.insert("a".to_owned(), service);
    draft.aliases.insert("other".to_owned(), "a".to_owned());
    let operation = |name: &str, permissions| DraftOperation {
        name: name.to_owned(),
        source: 0,
        permissions,
    };
    let permission = DraftPermission {
        action: "a:GetThing".to_owned(),
        need: Need::When("it is there".to_owned()),
        resource: Some("the thing".to_owned()),
        is_documented: false,
    };
    let client = DraftClient {
        name: "Aa".to_owned(),
        prefix: "a".to_owned(),
        operations: [
            ("getthing".to_owned(), operation("GetThing", None)),
            (
                "getthings".to_owned(),
                operation("GetThings", Some(vec![permission])),
            ),
            ("ping".to_owned(), operation("Ping", Some(Vec::new()))),
            ("pong".to_owned(), operation("Pong", None)),
        ]
        .into(),
    };
    draft.clients.insert("aa".to_owned(), client);
    draft
}

#[test]
fn what_is_written_is_read() {
    let draft = small();
    let catalog = Catalog::from_bytes(&draft.write().unwrap()).unwrap();
    assert_eq!(Draft::of(&catalog), draft);
    let empty = Draft::default();
    let catalog = Catalog::from_bytes(&empty.write().unwrap()).unwrap();
    assert_eq!(catalog.services().len(), 0);
    assert!(catalog.newest().is_none());
    assert!(catalog.nearest_actions("a:b").is_empty());
}

#[test]
fn a_changed_byte_is_refused() {
    let pack = small().write().unwrap();
    for index in 0..pack.len() {
        for bit in 0..8 {
            let mut bytes = pack.clone();
            *bytes.get_mut(index).unwrap() ^= 1 << bit;
            assert!(
                Catalog::from_bytes(&bytes).is_err(),
                "byte {index}, bit {bit}"
            );
        }
    }
    for index in (0..PACK.len()).step_by(4999) {
        let mut bytes = PACK.to_vec();
        *bytes.get_mut(index).unwrap() ^= 0x10;
        assert!(Catalog::from_bytes(&bytes).is_err(), "byte {index}");
    }
}

#[test]
fn a_cut_pack_is_refused() {
    let pack = small().write().unwrap();
    for length in 0..pack.len() {
        assert!(
            Catalog::from_bytes(pack.get(..length).unwrap()).is_err(),
            "{length} bytes"
        );
    }
    let mut longer = pack.clone();
    longer.push(0);
    assert_eq!(Catalog::from_bytes(&longer).err(), Some(PackError::Damaged));
    assert_eq!(Catalog::from_bytes(b"").err(), Some(PackError::NoPack));
    let half = PACK.get(..PACK.len() / 2).unwrap();
    assert_eq!(Catalog::from_bytes(half).err(), Some(PackError::Damaged));
}

/// With the checksum that the format describes.
fn summed(mut pack: Vec<u8>) -> Vec<u8> {
    let mut rest = pack.get(SUMMED..).unwrap().to_vec();
    let length = rest.len() as u64;
    rest.resize((rest.len() / 8 + 1) * 8, 0);
    let sum = rest.chunks(8).fold(length, |sum, word| {
        let word = u64::from_le_bytes(word.try_into().unwrap());
        (sum.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    pack.get_mut(8..SUMMED)
        .unwrap()
        .copy_from_slice(&sum.to_le_bytes());
    pack
}

/// A pack with another content, and its length and checksum.
fn with_content(pack: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = pack.get(..content_start(pack)).unwrap().to_vec();
    let length = (content.len() as u32).to_le_bytes();
    bytes.get_mut(24..28).unwrap().copy_from_slice(&length);
    bytes.extend(content);
    summed(bytes)
}

fn content_start(pack: &[u8]) -> usize {
    let header = pack.get(20..24).unwrap().try_into().unwrap();
    28 + u32::from_le_bytes(header) as usize
}

/// Whoever makes a pack can give it a checksum: what is behind it is checked too.
#[test]
fn content_that_makes_no_sense_is_refused_or_read_without_panic() {
    let pack = small().write().unwrap();
    assert_eq!(summed(pack.clone()), pack);
    let content = pack.get(content_start(&pack)..).unwrap().to_vec();
    let repack = |content: &[u8]| with_content(&pack, content);
    assert!(repack(&content) == pack);
    let mut refused = 0;
    let mut tried = 0;
    for index in 0..content.len() {
        assert!(Catalog::from_bytes(&repack(content.get(..index).unwrap())).is_err());
        for value in [0, 1, 2, 0x3f, 0x7f, 0x80, 0xff] {
            let mut bytes = content.clone();
            *bytes.get_mut(index).unwrap() = value;
            tried += 1;
            match Catalog::from_bytes(&repack(&bytes)) {
                Ok(catalog) => use_all(&catalog),
                Err(PackError::Content(_) | PackError::TooLarge) => refused += 1,
                Err(other) => panic!("byte {index} = {value}: {other}"),
            }
        }
    }
    assert!(
        refused > tried / 4 && refused < tried,
        "{refused} of {tried}"
    );
}

/// Asks a catalog everything.
fn use_all(catalog: &Catalog) {
    for action in catalog.actions() {
        let name = action.to_string();
        let _ = (
            action.keys(),
            action.last_seen(),
            catalog.nearest_actions(&name),
        );
        for resource in action.resources() {
            let kind = resource.resource_type();
            let _ = (kind.fits("arn:aws:a:b:c:thing/d"), kind.meets("arn:*"));
        }
        assert!(catalog.expand("*").count() > 0);
    }
    for client in catalog.clients() {
        for operation in client.operations() {
            let _ = (
                operation.permissions(),
                catalog.operation(client.name(), operation.name()),
            );
        }
    }
    let _ = (
        catalog.operation("other", "x"),
        catalog.key("a:Tag/x"),
        catalog.newest(),
    );
}

#[test]
fn other_formats_and_sizes_are_said() {
    let pack = small().write().unwrap();
    let with = |at: usize, number: u32| {
        let mut bytes = pack.clone();
        bytes
            .get_mut(at..at + 4)
            .unwrap()
            .copy_from_slice(&number.to_le_bytes());
        Catalog::from_bytes(&summed(bytes)).err()
    };
    assert_eq!(with(16, FORMAT + 1), Some(PackError::Format(FORMAT + 1)));
    assert_eq!(with(20, u32::MAX), Some(PackError::TooLarge));
    assert_eq!(with(24, u32::MAX), Some(PackError::TooLarge));
    assert_eq!(with(24, 3), Some(PackError::Damaged));
}

/// Counts and lengths that promise more than there is.
#[test]
fn a_small_pack_does_not_grow_without_end() {
    let pack = small().write().unwrap();
    for content in [
        &[0xff, 0xff, 0xff, 0x7f][..],
        &[0, 0xff, 0xff, 0xff, 0x7f],
        &[1, b'a', 1, 0xff, 0xff, 0xff, 0x7f],
    ] {
        let found = Catalog::from_bytes(&with_content(&pack, content));
        assert!(matches!(found.err(), Some(PackError::Content(_))));
    }
}

#[test]
fn drafts_that_refer_to_nothing_are_refused() {
    let mut draft = small();
    draft.keys.clear();
    assert_eq!(draft.write(), Err(PackError::Content("which key")));
    let mut draft = small();
    draft.sources.clear();
    assert_eq!(draft.write(), Err(PackError::Content("which source")));
    let mut draft = small();
    draft.services.get_mut("a").unwrap().types.clear();
    assert_eq!(
        draft.write(),
        Err(PackError::Content("which resource type"))
    );
    let mut draft = small();
    draft.sources.first_mut().unwrap().name.push('\n');
    assert_eq!(draft.write(), Err(PackError::Content("a source")));
}
