//! Connections that can be cut: the transport under the emulator.
//!
//! The handler of a request holds the connection's [`Line`] and may take over what is written to it. HTTP above then
//! writes into nothing: what leaves the socket, and how it ends, is what the line says.

use std::{
    future::Future,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Bytes that are written in place of an answer, and the end of the connection.
#[derive(Clone, Debug)]
pub(crate) struct RawResponse {
    pub(crate) bytes: Bytes,
    pub(crate) then: Then,
}

/// The end of a connection that was taken over, after its bytes.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// The connection is closed in order.
    Close,
    /// The connection is reset.
    Reset,
    /// This is written again and again until the client goes.
    Repeat(Bytes),
}

/// The way to take a connection over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Mutex<Option<RawResponse>>>);

impl Line {
    pub(crate) fn take_over(&self, raw_response: RawResponse) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw_response);
    }

    fn taken_over(&self) -> Option<RawResponse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Connected<IncomingStream<'_, ConnectionControl>> for Line {
    fn connect_info(stream: IncomingStream<'_, ConnectionControl>) -> Self {
        stream.io().line.clone()
    }
}

/// A listener whose connections have a line, and end when the shutdown begins.
#[derive(Debug)]
pub(crate) struct ConnectionControl {
    listener: TcpListener,
    shutdown: watch::Receiver<bool>,
}

impl ConnectionControl {
    pub(crate) fn new(listener: TcpListener, shutdown: watch::Receiver<bool>) -> Self {
        Self { listener, shutdown }
    }
}

impl Listener for ConnectionControl {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Connection::new(stream, self.shutdown.clone()), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Listener::local_addr(&self.listener)
    }
}

/// One connection of a client.
pub(crate) struct Connection {
    stream: TcpStream,
    line: Line,
    raw_response: Option<RawResponse>,
    shutdown: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Connection {
    fn new(stream: TcpStream, mut shutdown: watch::Receiver<bool>) -> Self {
        let shutdown = Box::pin(async move { drop(shutdown.wait_for(|begun| *begun).await) });
        Self {
            stream,
            line: Line::default(),
            raw_response: None,
            shutdown,
        }
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.shutdown.as_mut().poll(context) {
            Poll::Ready(()) => {
                self.shutdown = Box::pin(std::future::ready(()));
                Err(ErrorKind::ConnectionAborted.into())
            }
            Poll::Pending => Ok(()),
        }
    }

    /// Writes what the takeover says, and ends in an error, upon which HTTP lets go of the connection.
    fn poll_raw_response(
        &mut self,
        mut raw_response: RawResponse,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        loop {
            while raw_response.bytes.has_remaining() {
                match Pin::new(&mut self.stream).poll_write(context, &raw_response.bytes) {
                    Poll::Ready(written) => raw_response.bytes.advance(written?),
                    Poll::Pending => {
                        self.raw_response = Some(raw_response);
                        return Poll::Pending;
                    }
                }
            }
            match &raw_response.then {
                Then::Close => return Poll::Ready(Err(ErrorKind::ConnectionAborted.into())),
                Then::Reset => {
                    self.stream.set_zero_linger()?;
                    return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
                }
                Then::Repeat(bytes) => raw_response.bytes = bytes.clone(),
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_end(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_end(context)?;
        let raw_response = self.raw_response.take().or_else(|| self.line.taken_over());
        match raw_response {
            Some(raw_response) => self.poll_raw_response(raw_response, context),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
