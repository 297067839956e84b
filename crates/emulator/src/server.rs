//! The emulator on a socket.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    Emulator,
    call::Call,
    connection::{ConnectionControl, Line},
    fault_injection::{self, Delivery},
};

/// The time that a shutdown waits for answers under way before it hangs up on them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves `emulator` on `listener` until the returned handle is shut down or dropped.
///
/// # Errors
///
/// If the address of the listener cannot be read.
pub async fn serve(emulator: Emulator, listener: TcpListener) -> io::Result<Running> {
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (hang_up, shutdown) = watch::channel(false);
    let service = Router::new()
        .fallback(handle)
        .with_state(emulator)
        .into_make_service_with_connect_info::<Line>();
    let server = axum::serve(ConnectionControl::new(listener, shutdown), service)
        .with_graceful_shutdown(async move { drop(stopped.await) });
    let task = tokio::spawn(async move { server.await });
    tracing::debug!(%address, "emulator is listening");
    Ok(Running {
        address,
        stop,
        hang_up,
        task,
    })
}

/// An emulator that listens. Dropped, it stops listening and lets go of its connections.
#[derive(Debug)]
pub struct Running {
    /// The address that it listens on.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    hang_up: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// The base URL of both the API and the sign-in.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and lets answers under way finish; after a second, hangs up.
    pub async fn shutdown(self) {
        let Self {
            address,
            stop,
            hang_up,
            mut task,
        } = self;
        drop(stop);
        if timeout(PATIENCE, &mut task).await.is_err() {
            hang_up.send_replace(true);
            drop(task.await);
        }
        tracing::debug!(%address, "emulator has stopped");
    }
}

/// Answers one request. It is carried out even if its client goes away meanwhile, as it would be elsewhere.
async fn handle(State(emulator): State<Emulator>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    let delivery = match Call::read(request, &emulator.settings().trigger_rules_path).await {
        Some(call) => tokio::spawn(async move { conduct(&emulator, &call).await })
            .await
            .unwrap_or(Delivery::none()),
        None => Delivery::none(),
    };
    match delivery {
        Delivery::Whole(reply) => reply.into(),
        Delivery::Broken { raw_response, .. } => {
            line.take_over(raw_response);
            Response::default()
        }
    }
}

async fn conduct(emulator: &Emulator, call: &Call) -> Delivery {
    let place = emulator.record(call);
    let fault = emulator.due(call);
    tracing::debug!(method = %call.method, path = call.path, fault = ?fault, "request");
    let delivery = match fault {
        Some(fault) => fault_injection::inject(emulator, call, fault).await,
        None => Delivery::Whole(emulator.answer(call)),
    };
    emulator.record_answer(place, delivery.status());
    delivery
}
