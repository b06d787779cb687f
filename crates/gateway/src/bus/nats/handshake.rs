//! Opening a connection to one server.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::ServerAddress;
use super::auth::Credentials;
use super::error::{NatsError, printable};
use super::info::{Connect, ServerInfo};
use super::options::NatsOptions;
use super::protocol::{Malformed, Parser, ServerOp};
use super::tls;

/// A connection on which the server has accepted the client.
pub(super) struct Opened {
    pub stream: Box<dyn Stream>,
    pub parser: Parser,
    pub info: ServerInfo,
}

/// TCP, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to one of the addresses of a server.
pub(super) async fn open(
    server: &ServerAddress,
    address: SocketAddr,
    options: &NatsOptions,
) -> Result<Opened, NatsError> {
    let broken =
        |error: std::io::Error| NatsError::Unreachable { server: server.to_string(), reason: error.to_string() };
    let credentials = Credentials::load(server.auth.as_ref().unwrap_or(&options.auth))?;
    let tcp = TcpStream::connect(address).await.map_err(broken)?;
    // Messages are small, and each is waited for.
    tcp.set_nodelay(true).map_err(broken)?;
    let mut stream: Box<dyn Stream> = Box::new(tcp);
    let mut parser = Parser::default();

    if options.tls.first {
        stream = encrypted(stream, server, tls::load(&options.tls)?).await?;
    }
    let info = match next(&mut stream, &mut parser).await.map_err(|error| error.at(server))? {
        ServerOp::Info(json) => parse_info(&json)?,
        _ => return Err(NatsError::Protocol("a server begins with INFO")),
    };
    let wanted = server.tls || options.tls.is_required();
    if (wanted || info.tls_required) && !options.tls.first {
        if !info.tls_required && !info.tls_available {
            return Err(NatsError::Tls(format!("{server} has no TLS, which is required here")));
        }
        if !parser.is_empty() {
            // Somebody on the way could have put it there, to have it taken for the server's.
            return Err(NatsError::Protocol("something that is not encrypted after INFO"));
        }
        stream = encrypted(stream, server, tls::load(&options.tls)?).await?;
    }

    let hello = Connect {
        verbose: false,
        pedantic: false,
        tls_required: wanted || info.tls_required,
        name: &options.name,
        lang: "rust",
        version: env!("CARGO_PKG_VERSION"),
        protocol: 1,
        echo: true,
        headers: true,
        no_responders: info.headers,
        identity: credentials.identify(info.nonce.as_deref())?,
    };
    let hello = serde_json::to_string(&hello).map_err(|_| NatsError::Protocol("CONNECT cannot be written"))?;
    // After the first PONG a server may say what is different for this user; that has come when the second one has.
    stream.write_all(format!("CONNECT {hello}\r\nPING\r\nPING\r\n").as_bytes()).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let (mut latest, mut pongs) = (info, 0);
    while pongs < 2 {
        match next(&mut stream, &mut parser).await.map_err(|error| error.at(server))? {
            ServerOp::Pong => pongs += 1,
            ServerOp::Info(json) => latest = parse_info(&json)?,
            ServerOp::Err(reason) => {
                return Err(NatsError::Refused { server: server.to_string(), reason: printable(&reason) });
            }
            ServerOp::Ping => stream.write_all(b"PONG\r\n").await.map_err(broken)?,
            ServerOp::Ok => {}
            ServerOp::Message(_) => return Err(NatsError::Protocol("a message before anybody listens")),
        }
    }
    Ok(Opened { stream, parser, info: latest })
}

pub(super) fn parse_info(json: &[u8]) -> Result<ServerInfo, NatsError> {
    serde_json::from_slice(json).map_err(|_| NatsError::Protocol("INFO that is not the JSON it should be"))
}

async fn encrypted(
    stream: Box<dyn Stream>,
    server: &ServerAddress,
    config: Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, NatsError> {
    let name = server.tls_name.as_ref().unwrap_or(&server.host);
    let name = ServerName::try_from(name.clone())
        .map_err(|_| NatsError::Tls(format!("no certificate can be for the host of {server}")))?;
    match TlsConnector::from(config).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
            let untrusted = matches!(cause, Some(rustls::Error::InvalidCertificate(_)));
            let advice = if untrusted { "; the root certificates must vouch for it, and for this host" } else { "" };
            Err(NatsError::Tls(format!("no TLS with {server}: {error}{advice}")))
        }
    }
}

enum ReadError {
    Io(String),
    Malformed(Malformed),
}

impl ReadError {
    fn at(self, server: &ServerAddress) -> NatsError {
        match self {
            ReadError::Io(reason) => NatsError::Unreachable { server: server.to_string(), reason },
            ReadError::Malformed(Malformed(reason)) => NatsError::Protocol(reason),
        }
    }
}

async fn next(stream: &mut Box<dyn Stream>, parser: &mut Parser) -> Result<ServerOp, ReadError> {
    loop {
        if let Some(op) = parser.next_op().map_err(ReadError::Malformed)? {
            return Ok(op);
        }
        match stream.read_buf(parser.buffer()).await {
            Ok(0) => return Err(ReadError::Io("the server ended the connection".to_owned())),
            Ok(_) => {}
            Err(error) => return Err(ReadError::Io(error.to_string())),
        }
    }
}
