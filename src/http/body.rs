//! Response bodies: reads and decompresses them within limits. Each layer of compression has its own limit, because a
//! few kilobytes can expand to terabytes between two layers.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};

use brotli_decompressor::Decompressor as BrotliReader;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::FetchError;
use super::zstd::ZstdReader;

/// The `Accept-Encoding` header. [`BodyReader::unpack`] handles all of these.
pub(super) const ENCODINGS: &str = "gzip, deflate, br, zstd";

/// The maximum number of layers of compression. Servers send one; a proxy may add another.
const MAX_LAYERS: usize = 3;

/// The reason why reading ended early, if it did.
type FirstError = RefCell<Option<FetchError>>;

const BUFFER_BYTES: usize = 64 << 10;

/// The maximum number of bytes to allocate for a declared length.
const MAX_RESERVED_BYTES: u64 = 4 << 20;

/// Reads a body.
pub(super) struct BodyReader<'a> {
    /// The `Content-Encoding` header; empty for none.
    pub(super) encoding: &'a str,
    /// The declared number of bytes, if known.
    pub(super) length: u64,
    /// The maximum number of bytes to read, and of the output of each layer of compression except the last one to
    /// remove.
    pub(super) sent_bytes: u64,
    /// The maximum number of bytes of the output of the last layer.
    pub(super) decoded_bytes: u64,
    /// Returns the reason to stop, if any. Checked between pieces in every layer.
    pub(super) interrupted: &'a dyn Fn() -> Option<FetchError>,
    /// Converts an error of the connection.
    pub(super) failure: &'a dyn Fn(io::Error) -> FetchError,
}

impl BodyReader<'_> {
    /// Reads and decompresses all of `source`.
    ///
    /// # Errors
    ///
    /// Returns [`FetchError::TooLarge`], [`FetchError::Encoding`], [`FetchError::Stopped`], and errors of `source`,
    /// converted by `failure`.
    pub(super) fn read(&self, source: impl Read) -> Result<Vec<u8>, FetchError> {
        // Decoders may reword errors of their source, so the reason is recorded separately.
        let first_error = FirstError::default();
        let mut sent = self.limited(
            CountingReader { source, reader: self, first_error: &first_error },
            self.sent_bytes,
            &first_error,
        );
        // Growing the buffer would fragment memory.
        let mut bytes = Vec::with_capacity(usize::try_from(self.length.min(MAX_RESERVED_BYTES)).unwrap_or_default());
        let read = match sent.fill_buf() {
            // Some servers declare a compression for an empty body.
            Ok([]) => Ok(()),
            Ok(_) => self.unpack(sent, &first_error).and_then(|decoded| self.read_all(decoded, &mut bytes)),
            Err(error) => Err(FetchError::Encoding(error.to_string())),
        };
        match first_error.take() {
            Some(error) => Err(error),
            // Many bodies wait to be parsed, so release their unused capacity.
            None => read.map(|()| {
                bytes.shrink_to_fit();
                bytes
            }),
        }
    }

    /// Removes the layers that the `Content-Encoding` header names; the last one was applied last.
    fn unpack<'b>(
        &'b self,
        sent: Box<dyn BufRead + 'b>,
        first_error: &'b FirstError,
    ) -> Result<Box<dyn BufRead + 'b>, FetchError> {
        // Some servers send text encodings or made-up names here. Browsers then use the body unchanged.
        const KNOWN: &[&str] = &["br", "deflate", "gzip", "identity", "x-gzip", "zstd"];
        let mut layers: Vec<String> = self.encoding.split(',').map(|layer| layer.trim().to_ascii_lowercase()).collect();
        layers.retain(|layer| !layer.is_empty());
        if !layers.iter().all(|layer| KNOWN.contains(&layer.as_str())) {
            layers.clear();
        }
        layers.retain(|layer| layer != "identity");
        if layers.len() > MAX_LAYERS {
            let cause = format!("it is compressed {} times, and {MAX_LAYERS} is the limit", layers.len());
            return Err(FetchError::Encoding(cause));
        }
        let mut decoded = sent;
        for (inner, layer) in layers.iter().enumerate().rev() {
            let reader: Box<dyn Read + 'b> = match layer.as_str() {
                "deflate" => Box::new(InflateReader::new(decoded)),
                "br" => Box::new(BrotliReader::new(decoded, BUFFER_BYTES)),
                "zstd" => Box::new(ZstdReader::new(decoded)),
                _ => Box::new(MultiGzDecoder::new(decoded)),
            };
            let limit = if inner == 0 { self.decoded_bytes } else { self.sent_bytes };
            decoded = self.limited(reader, limit, first_error);
        }
        Ok(decoded)
    }

    fn limited<'b>(&'b self, source: impl Read + 'b, limit: u64, first_error: &'b FirstError) -> Box<dyn BufRead + 'b> {
        let limited = Limited { source, limit, left: limit, reader: self, first_error };
        Box::new(BufReader::with_capacity(BUFFER_BYTES, limited))
    }

    fn read_all(&self, mut decoded: Box<dyn BufRead + '_>, bytes: &mut Vec<u8>) -> Result<(), FetchError> {
        loop {
            let piece = match decoded.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(FetchError::Encoding(error.to_string())),
            };
            if (bytes.len() + piece.len()) as u64 > self.decoded_bytes {
                return Err(FetchError::TooLarge { limit: self.decoded_bytes });
            }
            bytes.extend_from_slice(piece);
            let read = piece.len();
            decoded.consume(read);
        }
    }
}

/// Reads the bytes as they were sent, and records why reading ended early.
struct CountingReader<'a, R> {
    source: R,
    reader: &'a BodyReader<'a>,
    first_error: &'a FirstError,
}

impl<R: Read> Read for CountingReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => record_error(self.first_error, (self.reader.failure)(error)),
        })
    }
}

/// Limits the output of one layer, and ends it when the fetch is interrupted.
struct Limited<'a, R> {
    source: R,
    limit: u64,
    left: u64,
    reader: &'a BodyReader<'a>,
    first_error: &'a FirstError,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(reason) = (self.reader.interrupted)() {
            return Err(record_error(self.first_error, reason));
        }
        let read = self.source.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(record_error(self.first_error, FetchError::TooLarge { limit: self.limit })),
        }
        Ok(read)
    }
}

/// Records the first reason why a body ended early. Decoders may reword the error that is returned.
fn record_error(first_error: &FirstError, reason: FetchError) -> io::Error {
    first_error.borrow_mut().get_or_insert(reason);
    io::Error::other("the body ended early")
}

/// A reader for HTTP's `deflate`: zlib's format by the standard, but raw deflate from many servers. The readers of
/// flate2 treat the end of the source as the end of the text.
struct InflateReader<R> {
    source: R,
    inflate: Option<Decompress>,
    ended: bool,
}

impl<R: BufRead> InflateReader<R> {
    fn new(source: R) -> Self {
        Self { source, inflate: None, ended: false }
    }
}

impl<R: BufRead> Read for InflateReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let input = self.source.fill_buf()?;
            let at_end = input.is_empty();
            let inflate = self.inflate.get_or_insert_with(|| Decompress::new(is_zlib(input)));
            let (taken, given) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, buffer, FlushDecompress::None).map_err(io::Error::other)?;
            let (taken, given) = (inflate.total_in() - taken, inflate.total_out() - given);
            self.source.consume(usize::try_from(taken).map_err(io::Error::other)?);
            self.ended = status == Status::StreamEnd;
            if given > 0 {
                return usize::try_from(given).map_err(io::Error::other);
            }
            if at_end && !self.ended {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

/// Returns whether a stream begins like zlib's format (RFC 1950). The first byte decides if there are no more.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        [method] => *method == 0x78,
        [] => true,
    }
}
