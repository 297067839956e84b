//! The corpus of URLs that are never connected to, with the evidence that they would be without the guard.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

use super::*;

const CORPUS: &str = include_str!("../refused_urls.txt");

/// A URL of the corpus.
struct Row {
    url: String,
    /// True if it would lead to the listener.
    is_here: bool,
    /// The addresses of its name.
    addresses: Vec<IpAddr>,
}

fn corpus(port: u16) -> Vec<Row> {
    let lines = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|line| {
        let mut words = line.split(' ');
        Row {
            is_here: match words.next().unwrap() {
                "here" => true,
                "elsewhere" => false,
                other => panic!("{other}"),
            },
            url: words.next().unwrap().replace("{}", &port.to_string()),
            addresses: words
                .next()
                .map(|all| all.split(',').map(|one| one.parse().unwrap()).collect())
                .unwrap_or_default(),
        }
    });
    rows.collect()
}

/// Names as a table has them.
struct Table(BTreeMap<String, Vec<IpAddr>>);

#[async_trait]
impl Names for Table {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0[name].clone())
    }
}

/// Takes the connections to a port of 127.0.0.1, and closes each.
struct Doorkeeper {
    port: u16,
    callers: mpsc::UnboundedReceiver<SocketAddr>,
}

impl Doorkeeper {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (delivered, callers) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((_, caller)) = listener.accept().await {
                delivered.send(caller).unwrap();
            }
        });
        Self { port, callers }
    }

    /// The number of connections since the last count. They come in order: once one of our own is here, all before it
    /// are.
    async fn count(&mut self) -> usize {
        let own = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let own = own.local_addr().unwrap();
        let mut count = 0;
        while self.callers.recv().await.unwrap() != own {
            count += 1;
        }
        count
    }
}

/// A webhook at the URL of a row, whose name stands for what the row says.
fn at(row: &Row, target: Target) -> Webhook {
    let name = target.url.host_str().unwrap_or_default().to_owned();
    Webhook {
        name: "audit".to_owned(),
        target,
        keys: Keys::read(&[SecretString::from(SECRET)]).unwrap(),
        secrets: Redactor::default(),
        timeout: SinkKind::TIMEOUT,
        clock: clock(),
        names: Arc::new(Table([(name, row.addresses.clone())].into())),
        ca_file: None,
        client: OnceCell::new(),
    }
}

#[tokio::test]
async fn no_url_of_the_corpus_is_connected_to() {
    let mut door = Doorkeeper::start().await;
    let rows = corpus(door.port);
    assert!(rows.len() >= 60, "{}", rows.len());
    let (mut early, mut late) = (0, 0);
    for row in &rows {
        match Target::parse(&row.url, Reach::Public) {
            Err(_) => early += 1,
            Ok(target) => {
                late += 1;
                assert!(!row.addresses.is_empty(), "{} is no name, and was let through", row.url);
                let error = retry_error(at(row, target).deliver(&event()).await);
                assert!(
                    error.contains("is no address of the public internet"),
                    "{}: {error}",
                    row.url
                );
            }
        }
        assert_eq!(door.count().await, 0, "{}", row.url);
    }
    println!(
        "{} URLs: {early} refused as they stand, {late} when their name was looked up",
        rows.len()
    );
}

#[tokio::test]
async fn without_the_guard_they_would_be() {
    let mut door = Doorkeeper::start().await;
    let rows = corpus(door.port);
    let here: Vec<_> = rows.iter().filter(|row| row.is_here).collect();
    assert!(here.len() >= 40, "{}", here.len());
    for row in here {
        let target = Target {
            url: Url::parse(&row.url).unwrap(),
            reach: Reach::Anywhere,
        };
        retry_error(at(row, target).deliver(&event()).await);
        assert_eq!(door.count().await, 1, "{}", row.url);
    }
}

#[tokio::test]
async fn a_redirect_to_this_machine_is_not_followed() {
    let mut door = Doorkeeper::start().await;
    for status in ["301 A", "302 B", "303 C", "307 D", "308 E"] {
        let location = format!("Location: http://127.0.0.1:{}/\r\n\r\n", door.port);
        let error = retry_error(answered(&answer(status, &location)).await);
        assert!(error.contains("redirects are not followed"), "{error}");
        assert_eq!(door.count().await, 0, "{status}");
    }
}

#[tokio::test]
async fn plain_http_stays_on_this_machine_whatever_its_name_stands_for() {
    let row = Row {
        url: "http://localhost/".to_owned(),
        is_here: false,
        addresses: vec!["10.0.0.1".parse().unwrap()],
    };
    let target = Target::parse(&row.url, Reach::Anywhere).unwrap();
    let error = retry_error(at(&row, target).deliver(&event()).await);
    assert!(
        error.contains("`localhost` stands for 10.0.0.1, which is no address of this machine"),
        "{error}"
    );
}
