//! A relay on loopback that breaks the connection after a number of bytes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Starts one before a port; it passes `most` bytes of all requests, and then no more. Its own port.
pub(crate) fn start(to: u16, most: u64) -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    let left = Arc::new(AtomicU64::new(most));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else {
                continue;
            };
            let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else {
                continue;
            };
            let left = Arc::clone(&left);
            thread::spawn(move || pass(from_client, &server, Some(&left)));
            thread::spawn(move || pass(from_server, &client, None));
        }
    });
    Ok(port)
}

fn pass(mut from: TcpStream, mut to: &TcpStream, left: Option<&AtomicU64>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let enough = left.is_none_or(|left| {
            let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(count as u64)
            });
            taken.is_ok()
        });
        if !enough || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}

/// A port of a server that takes connections and says nothing.
pub(crate) fn silent() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    thread::spawn(move || {
        let taken: Vec<_> = listener.incoming().flatten().collect();
        drop(taken);
    });
    Ok(port)
}

/// A port where nobody listens.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}
