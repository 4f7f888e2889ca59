//! A web server on the loopback interface that does what a test tells it to, also what no server should. It answers
//! one request on each connection.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Nothing here takes so long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a client asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it stands in the request: a path with its query, or `host:port` for `CONNECT`.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// A header by its name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request. After all of these it closes the connection.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A whole answer, with its length.
    Reply(Reply),
    /// The same in chunks.
    Chunked(Reply),
    /// Only the first bytes of the body; the header promises all of them.
    CutAfter(usize, Reply),
    /// Only the first bytes, in a chunk, and no end.
    CutChunk(usize, Reply),
    /// A wrong `Content-Length`.
    WrongLength(usize, Reply),
    /// One byte of the body at a time.
    SlowDrip(Duration, Reply),
    /// A body of so many bytes that never was in memory.
    Flood(u64),
    /// Nothing, until the client hangs up.
    Stall,
    /// The first bytes of the body, then nothing until the client hangs up.
    StallAfter(usize, Reply),
    /// These bytes and nothing else.
    Raw(Vec<u8>),
    /// What a proxy does for `CONNECT`: bytes go to and fro until either side hangs up.
    Tunnel,
}

/// An ordinary answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn head(&self, framing: &str) -> String {
        let mut head = format!("HTTP/1.1 {} Some Reason\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 304 {
            head.push_str(&format!("{framing}\r\n"));
        }
        head + "\r\n"
    }
}

impl Answer {
    /// A success with this body.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Reply(Reply::new(200, body))
    }

    /// An answer that is little more than its status.
    pub(crate) fn status(status: u16) -> Self {
        Self::Reply(Reply::new(status, "never mind"))
    }

    /// A redirect.
    pub(crate) fn to(status: u16, location: &str) -> Self {
        Self::Reply(Reply::new(status, "elsewhere").with("Location", location))
    }

    /// The same with one more header, where it is a whole answer.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        match self {
            Self::Reply(reply) => Self::Reply(reply.with(name, value)),
            other => other,
        }
    }
}

/// A server at work; it ends when dropped.
pub(crate) struct TestServer {
    address: SocketAddr,
    state: Arc<ServerState>,
    listener: Option<JoinHandle<()>>,
}

struct ServerState {
    script: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
    connections: Mutex<Connections>,
    changed: Condvar,
}

#[derive(Default)]
struct Connections {
    requests: Vec<Request>,
    open: usize,
    most_open: usize,
    closing: bool,
    /// Those that are being answered, each with a number.
    streams: HashMap<usize, TcpStream>,
    count: usize,
}

impl TestServer {
    /// Starts a server that answers each request as `script` says.
    pub(crate) fn start(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            Arc::new(ServerState { script: Box::new(script), connections: Mutex::default(), changed: Condvar::new() });
        let serving = Arc::clone(&state);
        let listener = thread::spawn(move || {
            let mut clients = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let Some(number) = serving.admit(&stream) else { break };
                let state = Arc::clone(&serving);
                clients.push(thread::spawn(move || state.serve(number, &stream)));
                if clients.len() >= 1_000 {
                    clients.retain(|client| !client.is_finished());
                }
            }
            for client in clients {
                client.join().unwrap();
            }
        });
        Self { address, state, listener: Some(listener) }
    }

    /// The address of a path, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Everything that was asked for until now.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.connections.lock().unwrap().requests.clone()
    }

    /// The most requests that were being answered at the same time.
    pub(crate) fn most_open(&self) -> usize {
        self.state.connections.lock().unwrap().most_open
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        let connections = self.state.connections.lock().unwrap();
        let waited = self
            .state
            .changed
            .wait_timeout_while(connections, PATIENCE, |connections| connections.requests.len() < count);
        assert!(!waited.unwrap().1.timed_out(), "{count} requests have not come");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        {
            let mut connections = self.state.connections.lock().unwrap();
            connections.closing = true;
            for stream in connections.streams.values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.state.changed.notify_all();
        // Wakes the listener, which then finds the server closing.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take()
            && listener.join().is_err()
            && !thread::panicking()
        {
            panic!("the loopback server has panicked");
        }
    }
}

impl ServerState {
    /// Takes a connection up and gives it a number; none when the server ends.
    fn admit(&self, stream: &TcpStream) -> Option<usize> {
        let mut connections = self.connections.lock().unwrap();
        connections.count += 1;
        let number = connections.count;
        connections.streams.insert(number, stream.try_clone().unwrap());
        (!connections.closing).then_some(number)
    }

    fn serve(&self, number: usize, stream: &TcpStream) {
        // A client may hang up whenever it likes.
        if let Ok(Some(request)) = read_request(stream) {
            let answer = (self.script)(&request);
            {
                let mut connections = self.connections.lock().unwrap();
                connections.requests.push(request.clone());
                connections.open += 1;
                connections.most_open = connections.most_open.max(connections.open);
            }
            self.changed.notify_all();
            let _ = self.answer(stream, &request, &answer);
            self.connections.lock().unwrap().open -= 1;
        }
        let _ = stream.shutdown(Shutdown::Both);
        self.connections.lock().unwrap().streams.remove(&number);
    }

    fn answer(&self, mut stream: &TcpStream, request: &Request, answer: &Answer) -> io::Result<()> {
        let length = |bytes: usize| format!("Content-Length: {bytes}");
        match answer {
            Answer::Reply(reply) => {
                stream.write_all(reply.head(&length(reply.body.len())).as_bytes())?;
                stream.write_all(&reply.body)
            }
            Answer::Chunked(reply) => {
                stream.write_all(reply.head("Transfer-Encoding: chunked").as_bytes())?;
                for piece in reply.body.chunks(7) {
                    write_chunk(stream, piece)?;
                }
                write_chunk(stream, b"")
            }
            Answer::CutAfter(bytes, reply) => {
                stream.write_all(reply.head(&length(reply.body.len())).as_bytes())?;
                stream.write_all(&reply.body[..*bytes])
            }
            Answer::CutChunk(bytes, reply) => {
                stream.write_all(reply.head("Transfer-Encoding: chunked").as_bytes())?;
                write_chunk(stream, &reply.body[..*bytes])
            }
            Answer::WrongLength(stated, reply) => {
                stream.write_all(reply.head(&length(*stated)).as_bytes())?;
                stream.write_all(&reply.body)
            }
            Answer::SlowDrip(pace, reply) => {
                stream.write_all(reply.head(&length(reply.body.len())).as_bytes())?;
                for byte in &reply.body {
                    let connections = self.connections.lock().unwrap();
                    let waited = self
                        .changed
                        .wait_timeout_while(connections, *pace, |connections| !connections.closing)
                        .unwrap();
                    if waited.0.closing {
                        break;
                    }
                    drop(waited);
                    stream.write_all(&[*byte])?;
                }
                Ok(())
            }
            Answer::Flood(bytes) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")?;
                io::copy(&mut io::repeat(b' ').take(*bytes), &mut stream).map(|_| ())
            }
            Answer::Stall => until_hung_up(stream),
            Answer::StallAfter(bytes, reply) => {
                stream.write_all(reply.head(&length(reply.body.len())).as_bytes())?;
                stream.write_all(&reply.body[..*bytes])?;
                until_hung_up(stream)
            }
            Answer::Raw(bytes) => stream.write_all(bytes),
            Answer::Tunnel => self.tunnel(stream, &request.path),
        }
    }

    fn tunnel(&self, mut stream: &TcpStream, target: &str) -> io::Result<()> {
        let there = TcpStream::connect(target)?;
        self.admit(&there);
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        thread::scope(|scope| {
            scope.spawn(|| {
                let _ = io::copy(&mut &*stream, &mut &there);
                let _ = there.shutdown(Shutdown::Write);
            });
            let _ = io::copy(&mut &there, &mut &*stream);
            let _ = stream.shutdown(Shutdown::Both);
        });
        Ok(())
    }
}

fn write_chunk(mut stream: &TcpStream, piece: &[u8]) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
    stream.write_all(piece)?;
    stream.write_all(b"\r\n")
}

fn until_hung_up(mut stream: &TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(|_| ())
}

fn read_request(stream: &TcpStream) -> io::Result<Option<Request>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(Some(Request { method, path, headers }))
}
