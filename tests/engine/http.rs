//! Fetching: what servers do well and badly, played by a server on the loopback interface.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use data_encoding::{BASE64, HEXLOWER};
use flate2::Compression;
use newsdesk::http::{
    Client, ClientOptions, Document, FetchError, FetchLimits, HttpRequest, HttpResponse, Login, ParallelLimits,
    Password, Proxy, in_parallel,
};
use newsdesk::subscriptions::ServerLogin;

use crate::support::server::{Answer, PATIENCE, Reply, Request, TestServer};

/// What is compressed in these tests.
fn news() -> String {
    "All the news that fits. ".repeat(40)
}

fn options() -> ClientOptions {
    ClientOptions {
        proxy: Proxy::None,
        limits: FetchLimits { total: PATIENCE, ..FetchLimits::default() },
        ..ClientOptions::default()
    }
}

/// Options under which a fetch takes at most 300 ms.
fn hasty() -> ClientOptions {
    let limits = FetchLimits { total: Duration::from_millis(300), ..FetchLimits::default() };
    ClientOptions { limits, ..options() }
}

fn fetch_with(options: &ClientOptions, wanted: &HttpRequest) -> Result<HttpResponse, FetchError> {
    Client::new(options).fetch(wanted, &AtomicBool::new(false))
}

fn fetch(url: &str) -> Result<HttpResponse, FetchError> {
    fetch_with(&options(), &HttpRequest::new(url))
}

fn document(fetched: Result<HttpResponse, FetchError>) -> Document {
    match fetched.unwrap() {
        HttpResponse::Document(document) => document,
        HttpResponse::Unchanged { .. } => panic!("it is unchanged"),
    }
}

/// What a client makes of one answer.
fn answered(answer: Answer) -> Result<HttpResponse, FetchError> {
    let server = TestServer::start(move |_| answer.clone());
    fetch(&server.url("/feed"))
}

#[test]
fn documents_have_the_headers_of_their_response() {
    let server = TestServer::start(|_| {
        Answer::ok("<rss/>")
            .with("Content-Type", "text/html; charset=koi8-r")
            .with("ETag", "\"one\"")
            .with("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
            .with("Cache-Control", "max-age=600")
    });
    let url = server.url("/feed?a=b#part");
    let document = document(fetch(&url));
    assert_eq!(document.bytes, b"<rss/>");
    assert_eq!(document.content_type.as_deref(), Some("text/html; charset=koi8-r"));
    assert_eq!(document.etag.as_deref(), Some("\"one\""));
    assert_eq!(document.last_modified.as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(document.max_age, Some(Duration::from_secs(600)));
    assert_eq!(document.url, url);
    assert_eq!(document.moved_to, None);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/feed?a=b"));
    assert_eq!(request.header("User-Agent"), Some(concat!("newsdesk/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("Accept"), Some("*/*"));
    assert_eq!(request.header("Authorization"), None);
    assert_eq!(request.header("If-None-Match"), None);
}

#[test]
fn unchanged_documents_are_not_sent_again() {
    let server = TestServer::start(|request| match request.header("If-None-Match") {
        Some("\"one\"") => Answer::status(304).with("Cache-Control", "max-age=60"),
        _ => Answer::ok("new"),
    });
    let known = |etag: &str| HttpRequest {
        etag: Some(etag.to_owned()),
        last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        accept: Some("application/atom+xml".to_owned()),
        ..HttpRequest::new(server.url("/feed"))
    };
    let unchanged = HttpResponse::Unchanged { moved_to: None, max_age: Some(Duration::from_secs(60)) };
    assert_eq!(fetch_with(&options(), &known("\"one\"")), Ok(unchanged));
    assert_eq!(document(fetch_with(&options(), &known("\"two\""))).bytes, b"new");
    let request = &server.requests()[0];
    assert_eq!(request.header("If-Modified-Since"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(request.header("Accept"), Some("application/atom+xml"));
}

#[test]
fn unexpected_304_is_an_error() {
    assert_eq!(answered(Answer::status(304)), Err(FetchError::Status(304)));
}

#[test]
fn invalid_etags_are_not_sent() {
    let server = TestServer::start(|_| Answer::ok("new"));
    let wanted = HttpRequest { etag: Some("\"a\r\nEvil: yes\"".to_owned()), ..HttpRequest::new(server.url("/feed")) };
    assert_eq!(document(fetch_with(&options(), &wanted)).bytes, b"new");
    assert_eq!(server.requests()[0].header("Evil"), None);
}

#[test]
fn each_status_has_its_meaning() {
    let cases = [
        (300, FetchError::Status(300)),
        (301, FetchError::Status(301)),
        (400, FetchError::Status(400)),
        (401, FetchError::Refused(401)),
        (403, FetchError::Refused(403)),
        (404, FetchError::NotFound),
        (410, FetchError::Gone),
        (418, FetchError::Status(418)),
        (429, FetchError::TooMany { retry_after: None }),
        (500, FetchError::Status(500)),
        (503, FetchError::Status(503)),
        (599, FetchError::Status(599)),
    ];
    for (status, error) in cases {
        assert_eq!(answered(Answer::status(status)), Err(error), "{status}");
    }
    assert_eq!(document(answered(Answer::status(203))).bytes, b"never mind");
}

#[test]
fn retry_after_is_read_as_seconds_or_a_date() {
    for status in [429, 503] {
        let wait = FetchError::TooMany { retry_after: Some(Duration::from_secs(120)) };
        assert_eq!(answered(Answer::status(status).with("Retry-After", "120")), Err(wait));
        let then = (Utc::now() + TimeDelta::hours(1)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let Err(FetchError::TooMany { retry_after: Some(wait) }) =
            answered(Answer::status(status).with("Retry-After", &then))
        else {
            panic!("a time to wait for")
        };
        assert!(wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600), "{wait:?}");
    }
}

/// `/a` leads to `/deep/b`, and that relatively to `/deep/c`.
fn moving(first: u16, second: u16) -> TestServer {
    TestServer::start(move |request| match request.path.as_str() {
        "/a" => Answer::to(first, "/deep/b"),
        "/deep/b" => Answer::to(second, "c#part"),
        _ => Answer::ok("here"),
    })
}

#[test]
fn redirects_are_followed_and_permanent_ones_reported() {
    for (first, second, moved_to) in
        [(301, 308, Some("/deep/c")), (308, 302, Some("/deep/b")), (302, 301, None), (303, 303, None), (307, 307, None)]
    {
        let server = moving(first, second);
        let document = document(fetch(&server.url("/a")));
        assert_eq!(document.bytes, b"here");
        assert_eq!(document.url, server.url("/deep/c"));
        assert_eq!(document.moved_to, moved_to.map(|path| server.url(path)), "{first} {second}");
    }
}

#[test]
fn redirects_to_an_unchanged_document_report_the_move() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/a" => Answer::to(301, "/b"),
        _ => Answer::status(304),
    });
    let wanted = HttpRequest { etag: Some("\"one\"".to_owned()), ..HttpRequest::new(server.url("/a")) };
    let unchanged = HttpResponse::Unchanged { moved_to: Some(server.url("/b")), max_age: None };
    assert_eq!(fetch_with(&options(), &wanted), Ok(unchanged));
}

#[test]
fn redirects_in_a_circle_end() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/a" => Answer::to(302, "/b"),
        _ => Answer::to(302, "/a"),
    });
    assert_eq!(fetch(&server.url("/a")), Err(FetchError::RedirectLoop));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn cookies_live_through_the_redirects_of_one_fetch() {
    let server = TestServer::start(|request| match (request.path.as_str(), request.header("Cookie")) {
        ("/feed", Some("seen=1; a=b")) => Answer::ok("<rss/>"),
        ("/feed", None) => Answer::to(302, "/consent").with("Set-Cookie", "a=b; Path=/"),
        ("/consent", Some("a=b")) => Answer::to(302, "/feed").with("Set-Cookie", "seen=1; Path=/feed; HttpOnly"),
        _ => Answer::status(400),
    });
    let client = Client::new(&options());
    // The second fetch begins without cookies, as the first did.
    for _ in 0..2 {
        let fetched = client.fetch(&HttpRequest::new(server.url("/feed")), &AtomicBool::new(false));
        assert_eq!(document(fetched).bytes, b"<rss/>");
    }
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn redirect_loop_ends_even_if_a_cookie_is_set() {
    let server = TestServer::start(|_| Answer::to(302, "/a").with("Set-Cookie", "seen=1"));
    assert_eq!(fetch(&server.url("/a")), Err(FetchError::RedirectLoop));
    assert_eq!(server.requests().len(), 2);
    let counting = TestServer::start(|request| {
        let next = request.header("Cookie").map_or(0, str::len) + 1;
        Answer::to(302, "/a").with("Set-Cookie", &format!("n={}", "x".repeat(next)))
    });
    assert_eq!(fetch(&counting.url("/a")), Err(FetchError::TooManyRedirects(10)));
}

#[test]
fn redirects_without_end_end_at_the_limit() {
    let server = TestServer::start(|request| Answer::to(302, &format!("{}x", request.path)));
    assert_eq!(fetch(&server.url("/")), Err(FetchError::TooManyRedirects(10)));
    assert_eq!(server.requests().len(), 11);
}

#[test]
fn redirects_to_files_are_refused() {
    for (location, scheme) in [
        ("file:///etc/passwd", "file"),
        ("ftp://127.0.0.1/feed", "ftp"),
        ("data:text/xml,<rss/>", "data"),
        ("javascript:alert(1)", "javascript"),
    ] {
        assert_eq!(answered(Answer::to(302, location)), Err(FetchError::Scheme(scheme.to_owned())));
        assert_eq!(fetch(location), Err(FetchError::Scheme(scheme.to_owned())));
    }
}

#[test]
fn invalid_addresses_are_reported() {
    for url in ["", "feed.xml", "http://", "http://[::1/feed", "http://example.org:99999/"] {
        assert!(matches!(fetch(url), Err(FetchError::Address(_))), "{url}");
    }
    assert!(matches!(answered(Answer::to(302, "http://[")), Err(FetchError::Address(_))));
}

fn basic(login: &str) -> String {
    format!("Basic {}", BASE64.encode(login.as_bytes()))
}

fn with_login(at: &str, password: Password) -> ClientOptions {
    ClientOptions { logins: vec![Login { at: at.to_owned(), user: "me".to_owned(), password }], ..options() }
}

/// Every `Authorization` header that came, in order.
fn logins(server: &TestServer) -> Vec<Option<String>> {
    server.requests().iter().map(|request| request.header("Authorization").map(str::to_owned)).collect()
}

#[test]
fn login_of_a_request_stays_with_its_server() {
    let elsewhere = TestServer::start(|_| Answer::ok("there"));
    let there = elsewhere.url("/there");
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/a" => Answer::to(301, "/b"),
        "/away" => Answer::to(301, &there),
        _ => Answer::ok("here"),
    });
    let ask = |path: &str| {
        let (url, login) = ServerLogin::split(&format!("http://me:p%40ss@{}{path}", server.authority()));
        document(fetch_with(&options(), &HttpRequest { login, ..HttpRequest::new(url) }))
    };

    let near = ask("/a");
    assert_eq!(logins(&server), [Some(basic("me:p@ss")), Some(basic("me:p@ss"))]);
    assert_eq!(near.url, server.url("/b"));
    assert_eq!(near.moved_to, Some(near.url));

    let far = ask("/away");
    assert_eq!(far.bytes, b"there");
    assert_eq!(logins(&elsewhere), [None]);
    assert_eq!(far.url, elsewhere.url("/there"));
    assert_eq!(far.moved_to, Some(far.url));
}

#[test]
fn credentials_in_an_address_are_not_followed() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let found = document(fetch(&format!("http://admin:admin@{}/a", server.authority())));
    assert_eq!(logins(&server), [None]);
    assert_eq!(found.url, server.url("/a"));
}

#[test]
fn login_of_the_options_goes_only_to_its_host() {
    let elsewhere = TestServer::start(|_| Answer::ok("there"));
    let there = elsewhere.url("/there");
    let server = TestServer::start(move |_| Answer::to(302, &there));
    let options = with_login(&server.authority(), Password::Plain("secret".to_owned()));
    document(fetch_with(&options, &HttpRequest::new(server.url("/a"))));
    assert_eq!(logins(&server), [Some(basic("me:secret"))]);
    assert_eq!(logins(&elsewhere), [None]);
}

#[test]
fn redirects_cannot_add_a_login() {
    let elsewhere = TestServer::start(|_| Answer::ok("there"));
    let there = format!("http://you:yours@{}/there", elsewhere.authority());
    let server = TestServer::start(move |_| Answer::to(301, &there));
    let document = document(fetch(&server.url("/a")));
    assert_eq!(logins(&elsewhere), [None]);
    assert_eq!(document.url, elsewhere.url("/there"));
}

#[cfg(unix)]
#[test]
fn password_command_runs_once_and_without_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let command = [
        "sh",
        "-c",
        "echo once >> \"$1\"; echo \"$2\"; echo ignored",
        "sh",
        count.to_str().unwrap(),
        "it's $HOME; `here`",
    ];
    let server = TestServer::start(|_| Answer::ok("here"));
    let command = command.map(str::to_owned).to_vec();
    let client = Client::new(&with_login(&server.authority(), Password::Command(command)));
    for _ in 0..2 {
        client.fetch(&HttpRequest::new(server.url("/")), &AtomicBool::new(false)).unwrap();
    }
    let expected = Some(basic("me:it's $HOME; `here`"));
    assert_eq!(logins(&server), [expected.clone(), expected]);
    assert_eq!(std::fs::read_to_string(count).unwrap(), "once\n");
}

#[cfg(unix)]
#[test]
fn password_command_failure_is_reported_without_a_request() {
    let server = TestServer::start(|_| Answer::ok("here"));
    for command in [&["false"][..], &["true"], &["/nowhere/at/all"], &[]] {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let options = with_login(&server.authority(), Password::Command(command));
        let fetched = fetch_with(&options, &HttpRequest::new(server.url("/")));
        assert!(matches!(fetched, Err(FetchError::Login(_))), "{fetched:?}");
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn password_command_that_hangs_is_stopped() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let command = vec!["sleep".to_owned(), "30".to_owned()];
    let login = with_login(&server.authority(), Password::Command(command));
    let options = ClientOptions { limits: hasty().limits, ..login };
    let fetched = fetch_with(&options, &HttpRequest::new(server.url("/")));
    assert!(matches!(fetched, Err(FetchError::Timeout(_) | FetchError::Login(_))), "{fetched:?}");
}

#[test]
fn slow_server_is_limited_by_the_total_timeout() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/drip" => Answer::SlowDrip(Duration::from_millis(20), Reply::new(200, news())),
        "/stall" => Answer::Stall,
        "/half" => Answer::StallAfter(10, Reply::new(200, news())),
        _ => Answer::to(302, "/stall"),
    });
    for path in ["/drip", "/stall", "/half", "/redirect"] {
        let begun = Instant::now();
        let fetched = fetch_with(&hasty(), &HttpRequest::new(server.url(path)));
        assert_eq!(fetched, Err(FetchError::Timeout(Duration::from_millis(300))), "{path}");
        assert!(begun.elapsed() < PATIENCE / 2, "{path}");
    }
}

#[test]
fn stalled_fetch_can_be_cancelled() {
    for answer in [Answer::Stall, Answer::StallAfter(10, Reply::new(200, news()))] {
        let server = TestServer::start(move |_| answer.clone());
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let fetched = scope.spawn(|| Client::new(&options()).fetch(&HttpRequest::new(server.url("/")), &stop));
            server.wait_for_requests(1);
            let begun = Instant::now();
            stop.store(true, Ordering::Relaxed);
            assert_eq!(fetched.join().unwrap(), Err(FetchError::Stopped));
            assert!(begun.elapsed() < PATIENCE / 4);
        });
    }
}

#[test]
fn cancelled_fetch_sends_no_request() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let fetched = Client::new(&options()).fetch(&HttpRequest::new(server.url("/")), &AtomicBool::new(true));
    assert_eq!(fetched, Err(FetchError::Stopped));
    assert!(server.requests().is_empty());
}

#[test]
fn truncated_responses_are_errors() {
    let reply = || Reply::new(200, news());
    let packed = || Reply::new(200, gzip(news().as_bytes())).with("Content-Encoding", "gzip");
    for answer in [
        Answer::CutAfter(0, reply()),
        Answer::CutAfter(20, reply()),
        Answer::CutAfter(20, packed()),
        Answer::CutChunk(20, reply()),
        Answer::WrongLength(news().len() + 1, reply()),
        Answer::Raw(Vec::new()),
        Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
    ] {
        let what = format!("{answer:?}");
        assert_eq!(answered(answer), Err(FetchError::Cut), "{what:.60}");
    }
}

#[test]
fn body_ends_at_the_stated_length() {
    assert_eq!(document(answered(Answer::WrongLength(3, Reply::new(200, "abcdef")))).bytes, b"abc");
}

#[test]
fn bodies_come_in_chunks_or_until_the_connection_ends() {
    assert_eq!(document(answered(Answer::Chunked(Reply::new(200, news())))).bytes, news().as_bytes());
    assert_eq!(document(answered(Answer::Raw(b"HTTP/1.0 200 OK\r\n\r\nold".to_vec()))).bytes, b"old");
    assert_eq!(document(answered(Answer::ok(""))).bytes, b"");
}

#[test]
fn responses_other_than_http_are_reported() {
    for bytes in [&b"SSH-2.0-OpenSSH_9.9\r\n\r\n"[..], b"HTTP/1.1 abc\r\n\r\n", b"\0\0\0\0\0\0\0\0\r\n\r\n"] {
        let fetched = answered(Answer::Raw(bytes.to_vec()));
        assert!(matches!(fetched, Err(FetchError::Answer(_))), "{fetched:?}");
    }
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 1 << 20]].concat();
    let fetched = answered(Answer::Raw(endless));
    assert!(matches!(fetched, Err(FetchError::Answer(_))), "{fetched:?}");
}

#[test]
fn https_to_a_plain_server_fails() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let fetched = fetch_with(&options(), &HttpRequest::new(server.url("/").replace("http:", "https:")));
    assert!(matches!(fetched, Err(FetchError::Tls(_) | FetchError::Cut)), "{fetched:?}");
    let server = loopback_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let fetched = fetch(&format!("https://{server}/"));
    assert!(matches!(fetched, Err(FetchError::Tls(_))), "{fetched:?}");
}

/// Host and port of a listener that answers the first bytes of one connection, whatever they are.
fn loopback_that_says(bytes: &'static [u8]) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap();
        stream.write_all(bytes).unwrap();
    });
    address
}

#[test]
fn unreachable_server_is_reported() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(fetch(&format!("http://{closed}/")), Err(FetchError::Unreachable(_))));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// [`news`] as Google's brotli packs it at quality 11.
fn brotli() -> Vec<u8> {
    HEXLOWER.decode(b"1bbf03f88d54b5bf06314ba3532e73294821b5e509f188540cf339b17600").unwrap()
}

fn packed(encoding: &str, body: Vec<u8>) -> Result<HttpResponse, FetchError> {
    answered(Answer::ok(body).with("Content-Encoding", encoding))
}

#[test]
fn compressed_bodies_are_unpacked() {
    let news = news().into_bytes();
    let bodies = [
        ("gzip", gzip(&news)),
        ("X-GZip", gzip(&news)),
        ("deflate", zlib(&news)),
        ("deflate", bare_deflate(&news)),
        ("br", brotli()),
        ("zstd", zstd(&news)),
        ("identity", news.clone()),
        ("deflate, gzip", gzip(&zlib(&news))),
        // Two members, or two frames, are one body; so is a frame that is to be skipped.
        ("gzip", [gzip(&news[..100]), gzip(&news[100..])].concat()),
        ("zstd", [zstd(&news[..100]), vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2], zstd(&news[100..])].concat()),
    ];
    for (encoding, body) in bodies {
        assert_eq!(document(packed(encoding, body)).bytes, news, "{encoding}");
    }
    assert_eq!(document(packed("gzip", Vec::new())).bytes, b"");
}

#[test]
fn compressed_bodies_that_are_damaged_are_no_documents() {
    let news = news().into_bytes();
    for (encoding, body) in [
        ("gzip", gzip(&news)),
        ("deflate", zlib(&news)),
        ("deflate", bare_deflate(&news)),
        ("br", brotli()),
        ("zstd", zstd(&news)),
    ] {
        for length in [1, 5, body.len() / 2, body.len() - 1] {
            let fetched = packed(encoding, body[..length].to_vec());
            assert!(matches!(fetched, Err(FetchError::Encoding(_))), "{encoding} {length} {fetched:?}");
        }
        let fetched = packed(encoding, b"<rss>not compressed at all</rss>".to_vec());
        assert!(matches!(fetched, Err(FetchError::Encoding(_))), "{encoding} {fetched:?}");
    }
}

#[test]
fn unknown_encodings_leave_the_body_as_it_is() {
    for encoding in ["utf-8", "none", "identity, UTF-8", "aws-chunked", "compress", "gzip, utf-8"] {
        assert_eq!(document(packed(encoding, b"<rss/>".to_vec())).bytes, b"<rss/>", "{encoding}");
    }
    let packed = packed("gzip, gzip, gzip, gzip", gzip(b"news"));
    let Err(FetchError::Encoding(cause)) = packed else { panic!("{packed:?}") };
    assert_eq!(cause, "it is compressed 4 times, and 3 is the limit");
}

#[test]
fn decompression_bombs_are_stopped() {
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 20_000);
    let twice = gzip(&bomb);
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/once" => Answer::ok(bomb.clone()).with("Content-Encoding", "gzip"),
        _ => Answer::ok(twice.clone()).with("Content-Encoding", "gzip, gzip"),
    });
    let limits = FetchLimits { decoded_bytes: 1 << 20, ..options().limits };
    let options = ClientOptions { limits, ..options() };
    for path in ["/once", "/twice"] {
        let fetched = fetch_with(&options, &HttpRequest::new(server.url(path)));
        assert_eq!(fetched, Err(FetchError::TooLarge { limit: 1 << 20 }), "{path}");
    }
}

/// Returns a deflate stream of `piece` repeated `times`, made without compressing each repetition.
fn deflate_repeated(piece: &[u8], times: usize) -> Vec<u8> {
    let mut packer = flate2::Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(piece.len() + 1024);
    // A full flush ends at a byte boundary and refers to nothing before it, so its bytes can be repeated.
    packer.compress_vec(piece, &mut packed, flate2::FlushCompress::Full).unwrap();
    assert_eq!(packer.total_in(), piece.len() as u64);
    let mut stream = packed.repeat(times);
    stream.extend([0x03, 0x00]);
    stream
}

#[test]
fn compression_layers_are_limited_each() {
    let empty = gzip(b"").repeat(100_000);
    let encodings =
        [("gzip, gzip", gzip(&empty)), ("gzip, deflate", zlib(&empty)), ("gzip, gzip, identity", gzip(&empty))];
    for (encoding, body) in encodings {
        let server = TestServer::start(move |_| Answer::ok(body.clone()).with("Content-Encoding", encoding));
        let limits = FetchLimits { sent_bytes: 1 << 20, ..options().limits };
        let fetched = fetch_with(&ClientOptions { limits, ..options() }, &HttpRequest::new(server.url("/")));
        assert_eq!(fetched, Err(FetchError::TooLarge { limit: 1 << 20 }), "{encoding}");
    }
}

#[test]
fn compression_threads_end_when_a_fetch_is_given_up() {
    // 2 MB hold 240 GB of empty gzip members, which decompress to nothing.
    let members = gzip(b"").repeat(100_000);
    let bomb = deflate_repeated(&deflate_repeated(&members, 2_000), 60);
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    let server =
        TestServer::start(move |_| Answer::ok(bomb.clone()).with("Content-Encoding", "gzip, deflate, deflate"));
    let limits = FetchLimits {
        sent_bytes: u64::MAX,
        decoded_bytes: u64::MAX,
        total: Duration::from_millis(500),
        ..FetchLimits::default()
    };
    let client = Client::new(&ClientOptions { limits, ..options() });
    let stop = AtomicBool::new(false);
    let fetched = client.fetch(&HttpRequest::new(server.url("/")), &stop);
    assert_eq!(fetched, Err(FetchError::Timeout(limits.total)));
    let started = Instant::now();
    while client.running() > 0 {
        assert!(started.elapsed() < PATIENCE, "the thread is still decompressing");
        thread::yield_now();
    }
}

#[test]
fn body_beyond_the_limit_is_not_read_to_its_end() {
    assert_eq!(answered(Answer::Flood(100 << 20)), Err(FetchError::TooLarge { limit: 32 << 20 }));
    // Where the length is told before, nothing is read at all.
    let stated = Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".to_vec());
    assert_eq!(answered(stated), Err(FetchError::TooLarge { limit: 32 << 20 }));
}

#[test]
fn body_of_exactly_the_limit_is_accepted() {
    let limits = FetchLimits { sent_bytes: 6, decoded_bytes: 6, ..options().limits };
    let options = ClientOptions { limits, ..options() };
    let server = TestServer::start(|request| Answer::Chunked(Reply::new(200, &request.path.as_bytes()[1..])));
    assert_eq!(document(fetch_with(&options, &HttpRequest::new(server.url("/123456")))).bytes, b"123456");
    let larger = fetch_with(&options, &HttpRequest::new(server.url("/1234567")));
    assert_eq!(larger, Err(FetchError::TooLarge { limit: 6 }));
}

fn by(proxy: &str) -> ClientOptions {
    ClientOptions { proxy: Proxy::Url(proxy.to_owned()), ..options() }
}

#[test]
fn proxy_tunnels_to_the_server() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let proxy = TestServer::start(|_| Answer::Tunnel);
    let options = by(&format!("http://user:pass@{}", proxy.authority()));
    assert_eq!(document(fetch_with(&options, &HttpRequest::new(server.url("/feed")))).bytes, b"here");
    let [request] = &proxy.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("CONNECT", server.authority().as_str()));
    assert_eq!(request.header("Proxy-Authorization"), Some(basic("user:pass").as_str()));
    // What is meant for the proxy does not reach the server, nor the other way round.
    assert_eq!(server.requests()[0].header("Proxy-Authorization"), None);
}

#[test]
fn proxy_refusal_is_reported() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let proxy = TestServer::start(|_| Answer::status(407));
    let fetched = fetch_with(&by(&proxy.url("")), &HttpRequest::new(server.url("/feed")));
    assert!(matches!(fetched, Err(FetchError::Proxy(_))), "{fetched:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn proxy_that_stalls_is_timed_out() {
    let server = TestServer::start(|_| Answer::ok("here"));
    let proxy = TestServer::start(|_| Answer::Stall);
    let options = ClientOptions { limits: hasty().limits, ..by(&proxy.url("")) };
    let fetched = fetch_with(&options, &HttpRequest::new(server.url("/feed")));
    assert_eq!(fetched, Err(FetchError::Timeout(Duration::from_millis(300))));
}

/// How many jobs run, in all and at each host, and the most there were.
#[derive(Default)]
struct Running {
    now: Mutex<(usize, [usize; 3])>,
    most: Mutex<(usize, [usize; 3])>,
    changed: Condvar,
}

impl Running {
    /// Runs as one job until `count` have run at the same time.
    fn until(&self, count: usize, host: usize) {
        let mut now = self.now.lock().unwrap();
        now.0 += 1;
        now.1[host] += 1;
        {
            let mut most = self.most.lock().unwrap();
            most.0 = most.0.max(now.0);
            most.1[host] = most.1[host].max(now.1[host]);
        }
        self.changed.notify_all();
        let met = |_: &mut (usize, [usize; 3])| self.most.lock().unwrap().0 < count;
        let (mut now, waited) = self.changed.wait_timeout_while(now, PATIENCE, met).unwrap();
        assert!(!waited.timed_out(), "{count} jobs never ran at once");
        now.0 -= 1;
        now.1[host] -= 1;
    }
}

#[test]
fn so_many_jobs_run_at_once_and_no_more() {
    let running = Running::default();
    let jobs: Vec<(usize, usize)> = (0..60).map(|number| (number % 3, number)).collect();
    let limits = ParallelLimits { overall: 5, per_host: 2 };
    let mut told = Vec::new();
    let work = |(host, number): (usize, usize)| {
        running.until(5, host);
        number
    };
    in_parallel(jobs, |job| job.0.to_string(), limits, &AtomicBool::new(false), work, |number| told.push(number));
    told.sort_unstable();
    assert_eq!(told, (0..60).collect::<Vec<_>>());
    let most = running.most.lock().unwrap();
    assert_eq!(most.0, 5);
    assert!(most.1.iter().all(|&host| host <= 2), "{most:?}");
}

#[test]
fn requests_to_one_host_respect_its_limit() {
    let running = Running::default();
    let limits = ParallelLimits { overall: 8, per_host: 3 };
    let work = |()| running.until(3, 0);
    in_parallel(vec![(); 30], |()| "one".to_owned(), limits, &AtomicBool::new(false), work, |()| {});
    assert_eq!(running.most.lock().unwrap().0, 3);
}

#[test]
fn busy_hosts_do_not_delay_others() {
    let limits = ParallelLimits { overall: 2, per_host: 1 };
    let (tell, told) = mpsc::channel();
    let told = Mutex::new(told);
    let begun = Mutex::new(Vec::new());
    let work = |job: &'static str| {
        begun.lock().unwrap().push(job);
        match job {
            "a1" => told.lock().unwrap().recv_timeout(PATIENCE).unwrap(),
            "b1" => tell.send(()).unwrap(),
            _ => {}
        }
    };
    let host = |job: &&str| job[..1].to_owned();
    in_parallel(vec!["a1", "a2", "a3", "b1"], host, limits, &AtomicBool::new(false), work, |()| {});
    let mut begun = begun.into_inner().unwrap();
    // These two begin at the same time.
    begun[..2].sort_unstable();
    assert_eq!(begun, ["a1", "b1", "a2", "a3"]);
}

#[test]
fn one_at_a_time_keeps_the_order() {
    let limits = ParallelLimits { overall: 1, per_host: 4 };
    let mut done = Vec::new();
    let host = |job: &usize| (job % 7).to_string();
    in_parallel((0..50).collect(), host, limits, &AtomicBool::new(false), |job| job, |job| done.push(job));
    assert_eq!(done, (0..50).collect::<Vec<_>>());
}

#[test]
fn jobs_do_not_start_after_the_stop() {
    let stop = AtomicBool::new(false);
    let begun = AtomicUsize::new(0);
    let limits = ParallelLimits { overall: 4, per_host: 2 };
    let mut told = 0;
    let work = |_| {
        begun.fetch_add(1, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    };
    in_parallel((0..1000).collect(), |job: &usize| (job % 3).to_string(), limits, &stop, work, |()| told += 1);
    let begun = begun.load(Ordering::Relaxed);
    assert!((1..=4).contains(&begun), "{begun}");
    assert_eq!(told, begun);
}

#[test]
fn jobs_wait_until_results_are_received() {
    let begun = AtomicUsize::new(0);
    let mut told = 0;
    let limits = ParallelLimits { overall: 3, per_host: 3 };
    let work = |()| {
        begun.fetch_add(1, Ordering::SeqCst);
    };
    in_parallel(
        vec![(); 500],
        |()| String::new(),
        limits,
        &AtomicBool::new(false),
        work,
        |()| {
            told += 1;
            // One that is told, three in the queue, and three at work.
            assert!(begun.load(Ordering::SeqCst) <= told + 6);
        },
    );
    assert_eq!(told, 500);
}

#[test]
fn jobs_that_panic_do_not_block_others() {
    let told = AtomicUsize::new(0);
    let ended = std::panic::catch_unwind(|| {
        let limits = ParallelLimits { overall: 2, per_host: 1 };
        let work = |job: usize| assert_ne!(job, 0, "this one is meant to panic");
        let host = |_: &usize| "one".to_owned();
        in_parallel((0..10).collect(), host, limits, &AtomicBool::new(false), work, |()| {
            told.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert!(ended.is_err());
    assert_eq!(told.load(Ordering::Relaxed), 9);
}

#[test]
fn jobs_end_at_once_if_there_are_none() {
    let limits = ParallelLimits::default();
    in_parallel(Vec::<()>::new(), |()| String::new(), limits, &AtomicBool::new(false), |()| {}, |()| panic!("nothing"));
}

#[test]
fn many_documents_are_fetched_at_once_from_one_server() {
    let running = Arc::new(Running::default());
    let script = Arc::clone(&running);
    let server = TestServer::start(move |request: &Request| {
        script.until(4, 0);
        Answer::ok(request.path.clone())
    });
    let client = Client::new(&options());
    let stop = AtomicBool::new(false);
    let jobs = (0..20).map(|number| HttpRequest::new(server.url(&format!("/{number}")))).collect();
    let mut told = Vec::new();
    let work = |wanted: HttpRequest| document(client.fetch(&wanted, &stop)).bytes;
    let limits = ParallelLimits::default();
    in_parallel(jobs, |_| "one".to_owned(), limits, &stop, work, |bytes| told.push(String::from_utf8(bytes).unwrap()));
    told.sort_unstable();
    let mut expected: Vec<String> = (0..20).map(|number| format!("/{number}")).collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert_eq!(running.most.lock().unwrap().0, 4);
    assert!(server.most_open() <= 4);
}
