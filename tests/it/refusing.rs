//! An address of this machine at which each connection is refused.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port that is taken, so that no other test gets it, and that nobody listens on.
pub(crate) struct Refusing {
    socket: TcpSocket,
}

impl Refusing {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { socket }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }
}
