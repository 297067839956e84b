//! The credentials of requests.

use secrecy::SecretString;

/// The credentials by which requests are authorized.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An OAuth client, which gets tokens as it needs them.
    Client(ClientCredentials),
    /// A token that was obtained elsewhere. It cannot be renewed.
    Token(SecretString),
}

impl Credentials {
    /// An OAuth client by its id and its secret.
    pub fn client(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self::Client(ClientCredentials {
            id: id.into(),
            secret: secret.into(),
        })
    }
}

/// An OAuth client of the grant "client credentials". Its roles decide what it may do.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// The id, which is no secret.
    pub id: String,
    /// The secret.
    pub secret: SecretString,
}
