//! TLS on this machine: authorities and certificates made to order, and a server that speaks it in front of another.

use std::{
    fs, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

use crate::binary::new_home;

/// A certificate with its key.
pub(crate) struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

/// The ways in which a server's certificate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// As it should be, for `localhost` and `127.0.0.1`.
    Well,
    Expired,
    NotYetValid,
    ForAnotherName,
    /// By itself, and no authority.
    BySelf,
    /// By itself, as an authority: as `openssl req -x509` makes one.
    BySelfAsAuthority,
}

/// An authority, and the file that has its certificate.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = params("Test Authority", Made::BySelfAsAuthority);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// A server's certificate of this authority, or of the server itself.
    pub(crate) fn makes(&self, made: Made) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = params("A Server", made);
        let certificate = match made {
            Made::BySelf | Made::BySelfAsAuthority => params.self_signed(&key),
            Made::Well | Made::Expired | Made::NotYetValid | Made::ForAnotherName => {
                params.signed_by(&key, &self.issuer)
            }
        };
        Identity {
            certificate: certificate.unwrap(),
            key,
        }
    }

    /// A file with its certificate as PEM.
    pub(crate) fn file(&self) -> PathBuf {
        file_of(self.certificate.pem().as_bytes())
    }

    /// A file with its certificate as DER.
    pub(crate) fn der_file(&self) -> PathBuf {
        file_of(self.certificate.der())
    }
}

impl Identity {
    /// A file with the certificate as PEM.
    pub(crate) fn file(&self) -> PathBuf {
        file_of(self.certificate.pem().as_bytes())
    }

    /// A file with the key as PEM.
    pub(crate) fn key_file(&self) -> PathBuf {
        file_of(self.key.serialize_pem().as_bytes())
    }
}

fn file_of(content: &[u8]) -> PathBuf {
    let file = new_home().join("ca.pem");
    fs::write(&file, content).unwrap();
    file
}

fn params(name: &str, made: Made) -> CertificateParams {
    let names = if made == Made::ForAnotherName {
        vec!["other.example.com".to_owned()]
    } else {
        vec!["localhost".to_owned(), "127.0.0.1".to_owned()]
    };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let years = match made {
        Made::Expired => (2001, 2002),
        Made::NotYetValid => (2901, 2902),
        Made::Well | Made::ForAnotherName | Made::BySelf | Made::BySelfAsAuthority => (2020, 2900),
    };
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    if made == Made::BySelfAsAuthority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    } else {
        params.is_ca = IsCa::ExplicitNoCa;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    }
    params
}

/// A server that speaks TLS, and passes what it hears to another on this machine, until it is dropped.
pub(crate) struct TlsFront {
    /// The port that it listens on.
    pub(crate) port: u16,
    accepted: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
}

/// The words of a client before it speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// PostgreSQL's request for TLS, which is answered with `S`.
    SslRequest,
}

/// PostgreSQL, "Message Formats": `SSLRequest`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

impl TlsFront {
    pub(crate) fn new(identity: &Identity, behind: SocketAddr) -> Self {
        Self::listen(identity, behind, Before::Nothing)
    }

    /// One in front of a PostgreSQL.
    pub(crate) fn of_postgres(identity: &Identity, behind: SocketAddr) -> Self {
        Self::listen(identity, behind, Before::SslRequest)
    }

    fn listen(identity: &Identity, behind: SocketAddr, before: Before) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (ready, listening) = mpsc::channel();
        let (stop, mut stopped) = oneshot::channel::<()>();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap().port()).unwrap();
                loop {
                    let client = tokio::select! {
                        _ = &mut stopped => return,
                        client = listener.accept() => client.unwrap().0,
                    };
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(pass(acceptor.clone(), client, before, behind));
                }
            });
        });
        Self {
            port: listening.recv().unwrap(),
            accepted,
            stop: Some(stop),
        }
    }

    /// The URL, by name.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The number of connections that were made to it.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

async fn pass(acceptor: TlsAcceptor, mut client: TcpStream, before: Before, behind: SocketAddr) -> io::Result<()> {
    if before == Before::SslRequest {
        let mut request = [0; 8];
        client.read_exact(&mut request).await?;
        if request != SSL_REQUEST {
            return Ok(());
        }
        client.write_all(b"S").await?;
    }
    let mut client = acceptor.accept(client).await?;
    let mut server = TcpStream::connect(behind).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}
