//! One client's socket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Shared;
use super::one_buffer::OneBuffer;
use crate::faults::{Fate, Parcel};

/// The subprotocol that is spoken.
const SUBPROTOCOL: &str = "json";
/// The longest message that is read: clients' requests are short.
const LONGEST: usize = 1024 * 1024;
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client that does not read may hold a message up.
const SENDING: Duration = Duration::from_secs(30);

/// Takes clients that offer the subprotocol, and tells others why not.
struct JsonOnly;

impl Callback for JsonOnly {
    #[allow(clippy::result_large_err)] // the trait's own type
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let offered = request
            .headers()
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|offered| offered.to_str().ok())
            .flat_map(|offered| offered.split(','))
            .any(|offered| offered.trim() == SUBPROTOCOL);
        if offered {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
            Ok(response)
        } else {
            let mut refusal = ErrorResponse::new(Some(format!("the subprotocol is {SUBPROTOCOL}")));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            Err(refusal)
        }
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Small messages go out at once. Where that cannot be had, they go out a little later.
    let _ = stream.set_nodelay(true);
    match tls {
        None => talk(stream, Wire::Plain, &shared).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(OneBuffer(stream))).await {
                talk(stream, Wire::Tls, &shared).await;
            }
        }
    }
}

/// What a connection goes over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    Plain,
    Tls,
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(stream: S, wire: Wire, shared: &Shared) {
    let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    let handshake = accept_hdr_async_with_config(stream, JsonOnly, Some(config));
    let Ok(Ok(mut socket)) = tokio::time::timeout(HANDSHAKE, handshake).await else { return };
    let (client, mut parcels) = shared.open(wire);
    loop {
        tokio::select! {
            // What was answered goes out before more is read: a goodbye is followed by the client's close.
            biased;
            parcel = parcels.recv() => match parcel {
                Some(Parcel::Frame(text)) => {
                    match tokio::time::timeout(SENDING, socket.send(Message::text(text))).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) | Err(_) => break,
                    }
                }
                Some(Parcel::Close) => {
                    // If the client is gone already, it is closed all the same. A socket that is dropped with
                    // something unread is reset: the client's own close is awaited.
                    let goodbye = async {
                        if socket.close(None).await.is_ok() {
                            while let Some(Ok(_)) = socket.next().await {}
                        }
                    };
                    let _ = tokio::time::timeout(SENDING, goodbye).await;
                    break;
                }
                Some(Parcel::Cut) | None => break,
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => match shared.heard(client, text.as_str()) {
                    Fate::Heard | Fate::Ignored => {}
                    Fate::Cut => break,
                },
                // Pings are answered below us; the protocol has no binary messages.
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    shared.close(client);
}
