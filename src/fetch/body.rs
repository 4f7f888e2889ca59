//! The body of an answer: read to its end, decompressed, and never more of it than the limits allow.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read};

use brotli_decompressor::Decompressor as BrotliReader;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::FetchError;
use super::zstd::ZstdReader;

/// What the `Accept-Encoding` header says; [`unpack`] knows all of them.
pub(super) const ENCODINGS: &str = "gzip, deflate, br, zstd";

/// More layers than anybody needs.
const MOST_LAYERS: usize = 3;

const PIECE: usize = 64 << 10;

/// No more than this is laid aside for what a server says it will send, in bytes.
const RESERVED: u64 = 4 << 20;

/// How a body is to be read.
pub(super) struct Reading<'a> {
    /// The `Content-Encoding` header; empty for none.
    pub(super) encoding: &'a str,
    /// How many bytes are to be expected, as far as that is known.
    pub(super) length: u64,
    /// At most so many bytes are read.
    pub(super) sent_bytes: u64,
    /// At most so many bytes come of them.
    pub(super) decoded_bytes: u64,
    /// Looked at between pieces: whether nobody wants it any more.
    pub(super) is_unwanted: &'a dyn Fn() -> bool,
    /// What a failure of the connection means.
    pub(super) failure: &'a dyn Fn(io::Error) -> FetchError,
}

impl Reading<'_> {
    /// Everything that `source` gives, decompressed.
    ///
    /// # Errors
    ///
    /// [`FetchError::TooLarge`], [`FetchError::Encoding`], [`FetchError::Stopped`], and what `failure` makes of
    /// failures of `source`.
    pub(super) fn read(&self, source: impl Read) -> Result<Vec<u8>, FetchError> {
        // Decoders hand errors of their source on as their own, some of them in other words.
        let broken = RefCell::new(None);
        let sent = Sent { source, left: self.sent_bytes, reading: self, broken: &broken };
        let mut sent = BufReader::with_capacity(PIECE, sent);
        // Growing would leave pieces of memory behind that nothing else fits into.
        let mut bytes = Vec::with_capacity(usize::try_from(self.length.min(RESERVED)).unwrap_or_default());
        let read = match sent.fill_buf() {
            // Nothing at all is said to be compressed by some servers.
            Ok([]) => Ok(()),
            Ok(_) => unpack(self.encoding, Box::new(sent)).and_then(|decoded| self.gather(decoded, &mut bytes)),
            Err(error) => Err(FetchError::Encoding(error.to_string())),
        };
        match broken.take() {
            Some(broken) => Err(broken),
            // Many bodies wait to be read; they do not wait with room to grow.
            None => read.map(|()| {
                bytes.shrink_to_fit();
                bytes
            }),
        }
    }

    fn gather(&self, mut decoded: Box<dyn BufRead + '_>, bytes: &mut Vec<u8>) -> Result<(), FetchError> {
        loop {
            if (self.is_unwanted)() {
                return Err(FetchError::Stopped);
            }
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

/// Takes off the layers that a `Content-Encoding` names, the last of which was put on last.
fn unpack<'a>(encoding: &str, sent: Box<dyn BufRead + 'a>) -> Result<Box<dyn BufRead + 'a>, FetchError> {
    let layers = encoding.split(',').map(str::trim).filter(|layer| !layer.is_empty());
    if layers.clone().count() > MOST_LAYERS {
        return Err(FetchError::Encoding("it is compressed too many times".to_owned()));
    }
    // Some servers send text encodings or made-up names here. Browsers then use the body unchanged.
    const KNOWN: &[&str] = &["br", "deflate", "gzip", "identity", "x-gzip", "zstd"];
    let layers: Vec<String> = layers.map(str::to_ascii_lowercase).collect();
    if !layers.iter().all(|layer| KNOWN.contains(&layer.as_str())) {
        return Ok(sent);
    }
    let mut decoded = sent;
    for layer in layers.iter().rev() {
        decoded = match layer.as_str() {
            "gzip" | "x-gzip" => buffered(MultiGzDecoder::new(decoded)),
            "deflate" => buffered(InflateReader::new(decoded)),
            "br" => buffered(BrotliReader::new(decoded, PIECE)),
            "zstd" => buffered(ZstdReader::new(decoded)),
            _ => decoded,
        };
    }
    Ok(decoded)
}

fn buffered<'a>(reader: impl Read + 'a) -> Box<dyn BufRead + 'a> {
    Box::new(BufReader::with_capacity(PIECE, reader))
}

/// The body as it was sent: counts what comes, and keeps what goes wrong.
struct Sent<'a, R> {
    source: R,
    left: u64,
    reading: &'a Reading<'a>,
    broken: &'a RefCell<Option<FetchError>>,
}

impl<R: Read> Read for Sent<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let refuse = |error| {
            *self.broken.borrow_mut() = Some(error);
            Err(io::Error::other("the body has ended early"))
        };
        if (self.reading.is_unwanted)() {
            return refuse(FetchError::Stopped);
        }
        match self.source.read(buffer) {
            Ok(read) if read as u64 > self.left => refuse(FetchError::TooLarge { limit: self.reading.sent_bytes }),
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => refuse((self.reading.failure)(error)),
        }
    }
}

/// What HTTP calls `deflate`, which is zlib's format by the standard and the bare one by many servers. The readers of
/// flate2 take the end of the source for the end of the text.
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

/// Whether a stream begins as RFC 1950 has it; the first byte alone decides where no more has come.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        [method] => *method == 0x78,
        [] => true,
    }
}
