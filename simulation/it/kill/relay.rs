//! A relay before the server, in the process that dies: so it dies in mid-send, or when the server has answered and
//! nobody heard it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::kill_plan::Point;

/// Relays to a server from now on, and says where.
pub(super) async fn to(server: &str, point: Point) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    let server = server.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(relay(client, server, point));
        }
    });
    format!("http://{here}")
}

async fn relay(mut client: TcpStream, mut server: TcpStream, point: Point) {
    let mut is_write = false;
    let (mut sent, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut sent) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &sent[..length];
                is_write = is_write || bytes.starts_with(b"PUT ");
                if is_write && point == Point::InMidSend {
                    server.write_all(&bytes[..length / 2]).await.unwrap();
                    server.flush().await.unwrap();
                    point.is_reached(Point::InMidSend);
                }
                server.write_all(bytes).await.unwrap();
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if is_write {
                    point.is_reached(Point::AfterTheServerApplied);
                }
                client.write_all(&answered[..length]).await.unwrap();
            }
        }
    }
}
