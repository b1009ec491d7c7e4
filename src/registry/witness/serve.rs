//! The witness as a server.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{MAX_REQUEST, Reply, Witness};
use crate::wire::{Answer, Handler, ReadLimits, Server, ServerOptions, response_bytes};

/// Answers `POST …/add-checkpoint`, and `GET /` with the key of the witness.
pub fn handler(witness: Arc<Witness>) -> Handler {
    Arc::new(move |request, _| {
        let witness = Arc::clone(&witness);
        Box::pin(async move {
            let post = request.method == "POST" && request.path().ends_with("/add-checkpoint");
            let reply = if post {
                let now = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_secs());
                let cosigned = tokio::task::spawn_blocking(move || witness.add_checkpoint(&request.body, now)).await;
                cosigned.unwrap_or_else(|error| plain(503, error.to_string()))
            } else if request.method == "GET" && request.path() == "/" {
                plain(200, format!("{}\n", witness.key()))
            } else {
                plain(404, "expected: POST /add-checkpoint".to_owned())
            };
            Answer::Send {
                bytes: response_bytes(
                    reply.status,
                    &[
                        ("Content-Type", reply.media_type),
                        ("X-Content-Type-Options", "nosniff"),
                    ],
                    reply.body.as_bytes(),
                ),
                close: false,
            }
        })
    })
}

fn plain(status: u16, body: String) -> Reply {
    Reply {
        status,
        media_type: "text/plain; charset=utf-8",
        body,
    }
}

/// Starts to listen; stops when the server is dropped.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(listen: &str, witness: Arc<Witness>) -> std::io::Result<Server> {
    let options = ServerOptions {
        limits: ReadLimits {
            message: MAX_REQUEST,
            ..ReadLimits::default()
        },
        ..ServerOptions::default()
    };
    Server::start(listen, options, handler(witness)).await
}
