//! A file of certificates to trust, read and known to be one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The first bytes of a DER structure that is longer than 255 bytes, as a certificate is.
const DER: [u8; 2] = [0x30, 0x82];

/// A file of certificates to trust beside those of the system, as PEM.
#[derive(Clone, Debug)]
pub struct CaFile {
    path: PathBuf,
    pem: Arc<[u8]>,
}

/// A file that holds no certificates to trust.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The message of the operating system.
        error: io::Error,
    },
    /// The file is something else.
    #[error("`{}` {is}", path.display())]
    NoCertificates {
        /// The file.
        path: PathBuf,
        /// A statement of what the file is, in words.
        is: &'static str,
    },
}

impl CaFile {
    /// The certificates of a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has no certificate, or one that is none.
    pub fn read(path: &Path) -> Result<Self, CaFileError> {
        let path = path.to_owned();
        match fs::read(&path) {
            Err(error) => Err(CaFileError::Unreadable { path, error }),
            Ok(content) => match fault(&content) {
                Some(is) => Err(CaFileError::NoCertificates { path, is }),
                None => Ok(Self {
                    path,
                    pem: content.into(),
                }),
            },
        }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file.
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }
}

/// A statement of what else the content is, unless it is certificates as PEM.
fn fault(content: &[u8]) -> Option<&'static str> {
    if content.trim_ascii().is_empty() {
        return Some("is empty");
    }
    if content.starts_with(&DER) {
        return Some("is DER, and PEM is needed: `openssl x509 -inform der -in FILE -out FILE.pem` makes it so");
    }
    let has = |label: &[u8]| content.windows(label.len()).any(|part| part == label);
    let mut certificates = 0;
    for certificate in CertificateDer::pem_slice_iter(content) {
        let Ok(certificate) = certificate else {
            return Some("has a certificate that is damaged: it is no PEM to its end");
        };
        if rustls::RootCertStore::empty().add(certificate).is_err() {
            return Some("has a certificate that cannot be read");
        }
        certificates += 1;
    }
    match certificates {
        0 if has(b"PRIVATE KEY-----") => Some("is a private key, and the certificate that goes with it is needed"),
        0 if has(b"-----BEGIN CERTIFICATE REQUEST") => {
            Some("is a request for a certificate, and the certificate itself is needed")
        }
        0 if has(b"-----BEGIN CERTIFICATE-----") => Some("has a certificate that is damaged: it is no PEM to its end"),
        0 => Some("is no PEM: a certificate begins with `-----BEGIN CERTIFICATE-----`"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD C4: a file of the wrong kind is named for what it is.
    #[test]
    fn a_file_that_is_none_of_certificates_is_named_for_what_it_is() {
        for (content, expected) in [
            (&b" \n"[..], "is empty"),
            (b"\x30\x82\x01\x0a...", "is DER"),
            (
                b"-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n",
                "is a private key",
            ),
            (
                b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n",
                "is a request",
            ),
            (
                b"-----BEGIN CERTIFICATE-----\nAAAA",
                "has a certificate that is damaged",
            ),
            (
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "has a certificate that cannot be read",
            ),
            (b"hello", "is no PEM"),
        ] {
            let found = fault(content).unwrap();
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = CaFile::read(Path::new("absent.pem")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read `absent.pem`: "), "{error}");
    }
}
