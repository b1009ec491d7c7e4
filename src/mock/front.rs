//! Listening: one server, or, for the defect that serves plain HTTP besides TLS, a front door that
//! looks at the first byte of every connection and passes it on to one of two.

use std::io;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::wire::{Handler, Server, ServerOptions};

/// First byte of a TLS record that holds a handshake.
const HANDSHAKE: u8 = 22;

/// Servers that stop when dropped.
pub(super) struct Listening {
    address: SocketAddr,
    _servers: Vec<Server>,
    door: Option<JoinHandle<()>>,
}

impl Listening {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(door) = &self.door {
            door.abort();
        }
    }
}

/// Starts to listen; with `both`, for TLS and plain HTTP on one port.
pub(super) async fn listen(
    listen: &str,
    options: ServerOptions,
    handler: Handler,
    both: bool,
) -> io::Result<Listening> {
    if !both {
        let server = Server::start(listen, options, handler).await?;
        return Ok(Listening {
            address: server.address(),
            _servers: vec![server],
            door: None,
        });
    }
    let plain = ServerOptions {
        tls: None,
        ..options.clone()
    };
    let secured = Server::start("127.0.0.1:0", options, handler.clone()).await?;
    let plain = Server::start("127.0.0.1:0", plain, handler).await?;
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let (to_secured, to_plain) = (secured.address(), plain.address());
    let door = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, to_secured, to_plain));
        }
    });
    Ok(Listening {
        address,
        _servers: vec![secured, plain],
        door: Some(door),
    })
}

async fn pass_on(mut stream: TcpStream, secured: SocketAddr, plain: SocketAddr) {
    stream.set_nodelay(true).ok();
    let mut first = [0];
    if stream.peek(&mut first).await.unwrap_or(0) == 0 {
        return;
    }
    let to = if first[0] == HANDSHAKE { secured } else { plain };
    if let Ok(mut server) = TcpStream::connect(to).await {
        server.set_nodelay(true).ok();
        copy_bidirectional(&mut stream, &mut server).await.ok();
    }
}
