//! The columns of the tables, as they stand in the pack: what is declared here is read, written, and asked for.

use core::ops::Range;

/// Some following rows of a table.
pub(crate) type Rows = Range<u32>;

/// A column of a table: for each row a little-endian number of `WIDTH` bytes, somewhere in the bytes of the pack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<const WIDTH: usize> {
    start: usize,
    rows: u32,
}

impl<const WIDTH: usize> Column<WIDTH> {
    /// The one that follows, where `at` is; `at` is then behind it.
    fn next(at: &mut u64, rows: u32) -> Column<WIDTH> {
        let start = *at as usize;
        *at += u64::from(rows) * WIDTH as u64;
        Column { start, rows }
    }

    /// A cell; 0 if there is none.
    pub(crate) fn get(self, bytes: &[u8], row: u32) -> u32 {
        if row >= self.rows {
            return 0;
        }
        let at = self.start + row as usize * WIDTH;
        bytes.get(at..).map_or(0, number::<WIDTH>)
    }

    /// The cells of some rows; none if not all of them are there.
    pub(crate) fn some(self, bytes: &[u8], rows: Rows) -> impl ExactSizeIterator<Item = u32> {
        let cells = self.start..self.start + self.rows as usize * WIDTH;
        let cells = bytes.get(cells).unwrap_or_default();
        let range = rows.start as usize * WIDTH..rows.end as usize * WIDTH;
        let cells = cells.get(range).unwrap_or_default();
        cells.chunks_exact(WIDTH).map(number::<WIDTH>)
    }

    /// All its cells.
    pub(crate) fn all(self, bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> {
        self.some(bytes, 0..self.rows)
    }
}

impl Column<4> {
    /// The rows of another table that belong to a row, if this column says behind which each one's end.
    pub(crate) fn range(self, bytes: &[u8], row: u32) -> Rows {
        let start = row
            .checked_sub(1)
            .map_or(0, |before| self.get(bytes, before));
        start..self.get(bytes, row)
    }

    /// The other way round: to which row a row of the other table belongs.
    pub(crate) fn owner(self, bytes: &[u8], row: u32) -> u32 {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(bytes, middle) <= row {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

/// The number that bytes begin with; 0 if they are too few.
fn number<const WIDTH: usize>(bytes: &[u8]) -> u32 {
    let mut number = [0; 4];
    if let (Some(from), Some(to)) = (
        bytes.first_chunk::<WIDTH>(),
        number.first_chunk_mut::<WIDTH>(),
    ) {
        *to = *from;
    }
    u32::from_le_bytes(number)
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// How many rows each table has.
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct Counts {
            $($(#[$doc])* pub(crate) $name: u32,)*
        }

        impl Counts {
            /// The counts that bytes begin with, and what follows them.
            pub(crate) fn read(mut bytes: &[u8]) -> Option<(Counts, &[u8])> {
                let counts = Counts {
                    $($name: {
                        let (count, rest) = bytes.split_first_chunk()?;
                        bytes = rest;
                        u32::from_le_bytes(*count)
                    },)*
                };
                Some((counts, bytes))
            }

            /// As they are read.
            pub(crate) fn bytes(&self) -> Vec<u8> {
                [$(self.$name.to_le_bytes()),*].concat()
            }
        }
    };
}

counts! {
    /// Bytes of all names.
    text
    /// In the order of [`FirstNames`].
    names
    own_names
    keys
    key_sets
    key_items
    services
    types
    formats
    actions
    resources
    dependents
    aliases
    clients
    operations
    permissions
}

/// Which name is the first of each kind. They are numbered in this order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstNames {
    pub(crate) keys: u32,
    pub(crate) services: u32,
    pub(crate) types: u32,
    pub(crate) actions: u32,
    pub(crate) clients: u32,
    /// Names of operations that no action of their service has.
    pub(crate) own: u32,
    /// Texts that are not looked up.
    pub(crate) texts: u32,
}

impl FirstNames {
    /// None if the numbers do not suffice.
    pub(crate) fn of(counts: &Counts) -> Option<FirstNames> {
        let keys = 0;
        let services = counts.keys;
        let types = counts.services.checked_add(services)?;
        let actions = counts.types.checked_add(types)?;
        let clients = counts.actions.checked_add(actions)?;
        let own = counts.clients.checked_add(clients)?;
        let texts = counts.own_names.checked_add(own)?;
        Some(FirstNames {
            keys,
            services,
            types,
            actions,
            clients,
            own,
            texts,
        })
    }
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $width:literal bytes of $table:ident)*) => {
        /// Where each column is: they follow one another.
        #[derive(Debug)]
        pub(crate) struct Columns {
            $($(#[$doc])* pub(crate) $name: Column<$width>,)*
        }

        impl Columns {
            /// The columns, and how many bytes they have together.
            pub(crate) fn of(counts: &Counts) -> (Columns, u64) {
                let mut at = 0;
                let columns = Columns { $($name: Column::next(&mut at, counts.$table),)* };
                (columns, at)
            }
        }

        /// The columns as they are written.
        #[derive(Default)]
        pub(crate) struct Written {
            $(pub(crate) $name: Cells<$width>,)*
        }

        impl Written {
            pub(crate) fn bytes(self) -> Vec<u8> {
                [$(self.$name.0),*].concat()
            }
        }
    };
}

columns! {
    /// Where in the text each ends; the next begins there.
    name_ends: 4 bytes of names
    /// The number of its [`KeyType`](crate::KeyType), and flags.
    key_traits: 1 bytes of keys
    key_seen: 1 bytes of keys
    /// Behind its last one in `key_items`, where the next one's begin.
    key_set_ends: 4 bytes of key_sets
    key_items: 2 bytes of key_items
    service_titles: 4 bytes of services
    /// The source, or [`NOT_SEEN`] if it is known by hand alone.
    service_seen: 1 bytes of services
    service_has_rcp: 1 bytes of services
    service_type_ends: 4 bytes of services
    service_action_ends: 4 bytes of services
    type_format_ends: 4 bytes of types
    type_keys: 2 bytes of types
    type_seen: 1 bytes of types
    formats: 4 bytes of formats
    /// The number of its [`Level`](crate::Level).
    action_levels: 1 bytes of actions
    action_seen: 1 bytes of actions
    action_keys: 2 bytes of actions
    action_resource_ends: 4 bytes of actions
    action_dependent_ends: 4 bytes of actions
    /// Twice the number of its type, and 1 if every request names one.
    resources: 2 bytes of resources
    resource_keys: 2 bytes of resources
    dependents: 4 bytes of dependents
    aliases: 4 bytes of aliases
    alias_prefixes: 4 bytes of aliases
    client_prefixes: 4 bytes of clients
    client_operation_ends: 4 bytes of clients
    operations: 4 bytes of operations
    operation_sources: 1 bytes of operations
    /// 1 if the one permission has the name of the operation.
    operation_has_own_name: 1 bytes of operations
    operation_permission_ends: 4 bytes of operations
    permissions: 4 bytes of permissions
    /// 0 always, 1 sometimes, and otherwise 2 less is the text that says when.
    permission_needs: 4 bytes of permissions
    /// 0 for none, and otherwise 1 less is the text.
    permission_resources: 4 bytes of permissions
    permission_is_undocumented: 1 bytes of permissions
}

/// A number that has no room in its column.
pub(crate) struct TooLarge;

/// Numbers to be written as a column.
#[derive(Default)]
pub(crate) struct Cells<const WIDTH: usize>(Vec<u8>);

impl<const WIDTH: usize> Cells<WIDTH> {
    /// Adds a number.
    pub(crate) fn push(&mut self, number: usize) -> Result<(), TooLarge> {
        let bytes = (number as u64).to_le_bytes();
        let (own, rest) = bytes.split_at(WIDTH);
        self.0.extend(own);
        match rest.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(TooLarge),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len() / WIDTH
    }
}

/// In `key_traits`, beside the number of the type.
pub(crate) const MULTIVALUED: u32 = 0x10;
/// In `key_traits`, beside the number of the type.
pub(crate) const GLOBAL: u32 = 0x20;
/// No source; there are fewer.
pub(crate) const NOT_SEEN: u32 = 0xff;
