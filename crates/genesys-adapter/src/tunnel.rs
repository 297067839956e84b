//! The status by which a proxy answers a wish for a tunnel.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::proxy::Proxy;

/// The most bytes of an answer that its first line is looked for in.
const MOST_READ: usize = 1 << 10;

/// The status that a proxy gives, if it can be known: a tunnel to the host of a URL is asked for, and closed.
pub(crate) async fn status(proxy: &Proxy, url: &Url, limit: Duration) -> Option<u16> {
    if proxy.is_secure() {
        return None;
    }
    tokio::time::timeout(limit, ask(proxy, url)).await.ok().flatten()
}

async fn ask(proxy: &Proxy, url: &Url) -> Option<u16> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(login) = proxy.authorization() {
        request.extend(b"Proxy-Authorization: ");
        request.extend(login.as_bytes());
        request.extend(b"\r\n");
    }
    request.extend(b"\r\n");
    let mut stream = TcpStream::connect(proxy.place()?).await.ok()?;
    stream.write_all(&request).await.ok()?;
    let mut answer = Vec::new();
    while answer.len() < MOST_READ && !answer.contains(&b'\n') {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            break;
        }
    }
    status_of(&answer)
}

/// The status in the first line of an answer.
fn status_of(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_in_the_first_line_of_the_answer() {
        for (answer, expected) in [
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", Some(502)),
            ("HTTP/1.0 403\r\n", Some(403)),
            ("SSH-2.0-x\r\n", None),
            ("HTTP/1.1\r\n", None),
            ("", None),
        ] {
            assert_eq!(status_of(answer.as_bytes()), expected, "{answer}");
        }
    }
}
