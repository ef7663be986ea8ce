//! Opening an image: everything is checked once, here.
//!
//! Possession of an [`Image`] proves that its content was checked, by this process or, with [`Image::from_trusted`], by one
//! that the caller vouches for. Checking at each access instead was rejected: every decision would pay for it, and
//! would have to say what it decides about a damaged statement.
//!
//! Opening takes one pass over the bytes, measured at 1.7 GB/s, and no memory beside the table of sections; opening trusted
//! content takes 150 ns whatever the size (`docs/benchmarks/targets.md`).

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::header::{Header, ImageError};
use crate::layers::LayerSet;
use crate::reserved::WantedKeys;
use crate::section::Section;
use crate::validate::{Validated, validate_shared, validate_statements};
use crate::view::{Layout, View};
use crate::wire::{index, u16_at, u32_at, u64_at, widened};

/// Does two things, on two threads where the host has them. Both are done when it returns, in any order: neither uses what the other
/// does. It halves the time that large images take, and nothing else.
///
/// ```
/// use portcullis_image::{Image, Join};
///
/// let join: Join = |one, other| {
///     std::thread::scope(|scope| {
///         scope.spawn(|| other());
///         one();
///     });
/// };
/// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
/// assert!(Image::from_bytes_on(&file[..], join).is_ok());
/// ```
pub type Join = fn(&mut (dyn FnMut() + Send), &mut (dyn FnMut() + Send));

/// A validated image over bytes that lie anywhere: a slice, a vector, a memory map.
///
/// It holds the bytes and where the sections are, nothing decoded. [`Image::view`] is what readers use. A clone is the same
/// image to everything that was resolved for it ([`View::id`]); the same bytes opened again are another.
#[derive(Clone, Debug)]
pub struct Image<D> {
    data: D,
    layout: Layout,
}

impl<D: AsRef<[u8]>> Image<D> {
    /// Checks the bytes and makes an image of them.
    ///
    /// The order is: length, magic and version, table of sections, checksum, then each section in time
    /// linear in its length. The bytes must not change as long as the image lives: a memory map
    /// must be of a file that nobody writes.
    ///
    /// ```
    /// use portcullis_image::Image;
    ///
    /// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
    /// assert!(Image::from_bytes(&file[..]).is_ok());
    /// let error = Image::from_bytes(&file[..100]).unwrap_err();
    /// assert_eq!(error.offset, 16);
    /// ```
    ///
    /// # Errors
    /// [`ImageError`] with the offset and the reason; never a panic, whatever the bytes.
    pub fn from_bytes(data: D) -> Result<Image<D>, ImageError> {
        let bytes = data.as_ref();
        let layout = read_layout(bytes)?;
        let view = View {
            bytes,
            layout: &layout,
        };
        check_sum(bytes)?;
        validate_shared(view)?;
        validate_statements(view)?;
        Ok(Image::with_id(data, layout))
    }

    /// [`Image::from_bytes`] on two threads, if the host has them: the same checks with the same result.
    ///
    /// # Errors
    /// As [`Image::from_bytes`].
    pub fn from_bytes_on(data: D, join: Join) -> Result<Image<D>, ImageError> {
        let bytes = data.as_ref();
        let layout = read_layout(bytes)?;
        let view = View {
            bytes,
            layout: &layout,
        };
        let not_done = ImageError {
            offset: 0,
            what: "nobody checked it",
        };
        let (mut one, mut other) = (Err(not_done), Err(not_done));
        join(
            &mut || {
                one = check_sum(bytes).and_then(|()| validate_shared(view));
            },
            &mut || other = validate_statements(view),
        );
        one.and(other)?;
        Ok(Image::with_id(data, layout))
    }

    /// Makes an image of bytes that were checked before, when [`Image::from_bytes`] accepted content with
    /// this checksum ([`Header::checksum`]). Only the header and the table of sections are looked at, so
    /// that an image of any size opens in microseconds.
    ///
    /// The caller vouches that the bytes have not changed since: the checksum that they carry is compared
    /// and not computed. Bytes that did change can make decisions wrong, or so slow that they do not end in
    /// any useful time; they never make them panic, nor read outside of the image. Where others can write
    /// the bytes, use [`Image::from_bytes`].
    ///
    /// ```
    /// use portcullis_image::{Header, Image};
    ///
    /// # let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/images/v1/example.pcl"));
    /// let checked = Image::from_bytes(&file[..])?;
    /// let checksum = Header::checksum_of(checked.as_bytes());
    /// assert!(Image::from_trusted(&file[..], checksum).is_ok());
    /// assert!(Image::from_trusted(&file[..], checksum + 1).is_err());
    /// # Ok::<(), portcullis_image::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError`] if the bytes have no header of an image, or one of another image.
    pub fn from_trusted(data: D, checksum: u64) -> Result<Image<D>, ImageError> {
        let layout = read_layout(data.as_ref())?;
        if u64_at(data.as_ref(), 24) != checksum {
            return Err(ImageError {
                offset: 24,
                what: "the checksum of another image",
            });
        }
        Ok(Image::with_id(data, layout))
    }

    /// Gives the image a number that no other opened image of the process has ([`View::id`]). It is counted and not made of the
    /// content, whose checksum whoever writes policies can choose.
    fn with_id(data: D, layout: Layout) -> Image<D> {
        static OPENED: AtomicUsize = AtomicUsize::new(1);
        let number = widened(OPENED.fetch_add(1, Ordering::Relaxed));
        // Spread over all bits, different ones stay different: sums of some shall not meet (splitmix64).
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let spread = (spread ^ spread >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let spread = (spread ^ spread >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let id = spread ^ spread >> 31;
        let layout = Layout { id, ..layout };
        Image { data, layout }
    }

    /// What readers use: two references, to be copied freely.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View {
            bytes: self.data.as_ref(),
            layout: &self.layout,
        }
    }

    /// The bytes of the image, all of them: what a file of it holds.
    pub fn as_bytes(&self) -> &[u8] {
        self.data.as_ref()
    }

    /// What it was opened from.
    pub fn into_inner(self) -> D {
        self.data
    }
}

/// The checksum is that of the bytes.
fn check_sum(bytes: &[u8]) -> Validated {
    match u64_at(bytes, 24) == Header::checksum_of(bytes) {
        true => Ok(()),
        false => Err(ImageError {
            offset: 24,
            what: "a wrong checksum",
        }),
    }
}

/// Reads the header and the table of sections, which must describe exactly these bytes: sections rise, follow each other
/// without gaps but for zeros, and end where the bytes do. It takes constant time: there are at most as many sections as
/// the format has.
fn read_layout(bytes: &[u8]) -> Result<Layout, ImageError> {
    let fail = |offset, what| Err(ImageError { offset, what });
    if bytes.len() < Header::SIZE {
        return fail(bytes.len(), "shorter than a header");
    }
    if !bytes.starts_with(&Header::MAGIC) {
        return fail(0, "no magic number");
    }
    if u16_at(bytes, 8) != Header::VERSION || u32_at(bytes, 8) >> 16 != 0 {
        return fail(8, "a format version that this build does not read");
    }
    if u64_at(bytes, 16) != widened(bytes.len()) || u32::try_from(bytes.len()).is_err() {
        return fail(16, "a length that is not the length of the file");
    }
    let layers = LayerSet::from_bits(u32_at(bytes, 32));
    let flags = u32_at(bytes, 36);
    if layers.meets(LayerSet::NO_LAYER) || flags > 3 || bytes.get(44..64) != Some(&[0; 20]) {
        return fail(32, "unknown flags");
    }
    let mut layout = Layout {
        layers,
        flags,
        wanted: WantedKeys::from_bits(u32_at(bytes, 40)),
        ..Layout::default()
    };
    let count = index(u32_at(bytes, 12));
    let mut next_kind = 0;
    let mut end = count
        .checked_mul(Header::ENTRY)
        .and_then(|table| table.checked_add(Header::SIZE))
        .filter(|end| *end <= bytes.len())
        .ok_or(ImageError {
            offset: 12,
            what: "a table of sections that does not fit",
        })?;
    for entry in 0..count {
        let at = Header::SIZE + entry * Header::ENTRY;
        let (offset, len) = (u32_at(bytes, at + 4), u32_at(bytes, at + 8));
        let kind = index(u32_at(bytes, at));
        let Some(section) = Section::ALL.get(kind) else {
            return fail(at, "an unknown section");
        };
        if kind < next_kind || u32_at(bytes, at + 12) != 0 {
            return fail(at, "sections out of order");
        }
        next_kind = kind + 1;
        // Sections follow each other without gaps but for the padding to 8 bytes.
        let start = end.next_multiple_of(8);
        let padding = bytes.get(end..start);
        if index(offset) != start || padding.is_none_or(|bytes| bytes.iter().any(|byte| *byte != 0))
        {
            return fail(at + 4, "a section that does not follow the one before it");
        }
        if index(len) % section.record_size() != 0 {
            return fail(at + 8, "a section that is not a whole number of records");
        }
        end = start + index(len);
        if end > bytes.len() {
            return fail(at + 8, "a section that does not fit");
        }
        if let Some(extent) = layout.sections.get_mut(kind) {
            *extent = (offset, len);
        }
    }
    if end != bytes.len() {
        return fail(end, "bytes after the last section");
    }
    for section in Section::ALL {
        if !section.is_optional() && layout.extent(*section).0 == 0 {
            return fail(12, "a section is missing");
        }
    }
    Ok(layout)
}
