//! Files that gzip packed, unpacked as they are read.
//!
//! A packed file of few bytes may stand for terabytes. Two bounds hold: the bytes that it comes to,
//! and its ratio. A bound on the ratio alone refuses short files of blanks; one on the size alone
//! lets a kilobyte cost minutes.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// The most unpacked bytes for each packed one. Dumps come to some thirty; gzip cannot do more than
/// about a thousand.
const MAX_RATIO: u64 = 200;
/// Unpacked bytes up to which the ratio is not asked: a short file of blanks packs well.
const RATIO_FREE_BYTES: u64 = 1 << 20;

/// Unpacks as it is read, and fails when it was too much.
pub(crate) struct Inflated<R> {
    /// The decoder. It goes on with the next member where one ends, as `cat` of two files makes it.
    inner: MultiGzDecoder<CountingReader<R>>,
    /// Unpacked bytes so far.
    made: u64,
    /// The most that there may be.
    limit: u64,
}

/// A reader that counts what was taken from it.
struct CountingReader<R> {
    inner: R,
    /// Packed bytes that the decoder consumed. It buffers nothing itself, so that they are the
    /// bytes behind what came out.
    consumed: u64,
}

impl<R: BufRead> Inflated<R> {
    /// Unpacks an input, to at most `limit` bytes.
    pub(crate) fn new(packed: R, limit: u64) -> BufReader<Inflated<R>> {
        let counted = CountingReader {
            inner: packed,
            consumed: 0,
        };
        let inflated = Inflated {
            inner: MultiGzDecoder::new(counted),
            made: 0,
            limit,
        };
        BufReader::with_capacity(1 << 16, inflated)
    }
}

impl<R: BufRead> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.made += count as u64;
        let consumed = self.inner.get_ref().consumed;
        let most = RATIO_FREE_BYTES.saturating_add(consumed.saturating_mul(MAX_RATIO));
        if self.made > most.min(self.limit) {
            let message = format!(
                "it unpacks to more than {} bytes, or {MAX_RATIO} times its size",
                self.limit
            );
            return Err(io::Error::other(message));
        }
        Ok(count)
    }
}

impl<R: BufRead> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.consumed += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for CountingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count as u64;
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{Inflated, RATIO_FREE_BYTES};

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8], limit: u64) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut input = Inflated::new(packed, limit);
        let read = input.read_to_end(&mut out);
        read.map(|_| out).map_err(|error| error.to_string())
    }

    #[test]
    fn what_unpacks_to_too_much_is_an_error() {
        let text = b"{\"Policies\": []}";
        // Several members are one file, as `cat` makes it.
        let twice = [packed(text), packed(text)].concat();
        assert_eq!(unpacked(&twice, 100).unwrap(), text.repeat(2));
        assert!(unpacked(&twice, 20).unwrap_err().contains("more than 20"));
        let blanks = packed(&vec![b' '; RATIO_FREE_BYTES as usize * 4]);
        assert!(unpacked(&blanks, u64::MAX).unwrap_err().contains("200"));
        let half = &twice[..twice.len() - 3];
        assert!(unpacked(half, 100).is_err());
    }
}
