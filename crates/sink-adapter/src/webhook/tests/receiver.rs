//! A server that keeps each request, byte by byte, and answers as it was set up.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) struct Receiver {
    port: u16,
    requests: JoinHandle<Vec<String>>,
}

impl Receiver {
    /// One connection for each answer, in order.
    pub(super) async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = tokio::spawn(async move {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                requests.push(request(&mut stream).await);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            requests
        });
        Self { port, requests }
    }

    /// One connection, and an answer that goes on for as long as the client reads.
    pub(super) async fn endless(beginning: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let read = request(&mut stream).await;
            stream.write_all(beginning.as_bytes()).await.unwrap();
            while stream.write_all(&[b'x'; 1000]).await.is_ok() {}
            vec![read]
        });
        Self { port, requests }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?t=1", self.port)
    }

    /// The requests that it received, once there are no more.
    pub(super) async fn requests(self) -> Vec<String> {
        self.requests.await.unwrap()
    }
}

async fn request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.unwrap().parse::<usize>().unwrap() {
                return text;
            }
        }
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "it broke off: {text}");
    }
}
