//! The admin interface of a running server (spec/runtime.md 7.2 and 12).

use std::env::VarError;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use temblor_api::{Address, BindingsCell, Readiness, Service, Surface, Token};
use temblor_http::budget::BUFFERS;
use temblor_metrics::{Collect, Family, Kind, Metrics, Page};
use temblor_runtime::sockets::Sockets;

use crate::args::ServerOptions;
use crate::storage::Storage;

/// Environment variable with the token.
const TOKEN: &str = "TEMBLOR_API_TOKEN";

const BUFFER_BYTES: Family = Family {
    name: "temblor_buffer_bytes",
    kind: Kind::Gauge,
    help: "Bytes of collected bodies; those so small that 65,536 of them fit into the budget do not count",
};
const BUILD_INFO: Family = Family {
    name: "temblor_build_info",
    kind: Kind::Gauge,
    help: "1; the label tells the version",
};

/// What the command line says of the admin interface.
#[derive(Debug)]
pub(crate) struct AdminOptions {
    host: String,
    token_file: Option<PathBuf>,
    is_insecure: bool,
    storage: Option<PathBuf>,
}

impl AdminOptions {
    /// `None`: there is to be none.
    pub(crate) fn of(options: &ServerOptions) -> Option<Self> {
        (!options.no_api).then(|| Self {
            host: options.api_host.clone(),
            token_file: options.api_token_file.clone(),
            is_insecure: options.api_insecure,
            storage: options.storage.clone(),
        })
    }

    /// Where it listens, as given, without a scheme.
    pub(crate) fn host(&self) -> &str {
        self.host.split_once("://").map_or(self.host.as_str(), |(_, host)| host)
    }

    /// Where it keeps what was changed.
    pub(crate) fn storage(&self) -> Option<Storage> {
        self.storage.clone().map(Storage::new)
    }

    /// Binds its socket.
    fn open(&self, sockets: &Sockets) -> Result<(Arc<TcpListener>, Option<Token>), String> {
        let token = self.token()?;
        let address = Address::parse(&self.host).map_err(|error| error.to_string())?;
        if token.is_none() && !self.is_insecure && !address.is_local() {
            return Err(format!(
                "other machines can reach {}: give a token (--api-token-file FILE or {TOKEN}) or --api-insecure",
                address.as_str()
            ));
        }
        let listener = listen(&address, sockets)
            .map_err(|error| format!("{error}; -h HOST:PORT chooses another address, -n leaves the admin interface out"))?;
        Ok((listener, token))
    }

    fn token(&self) -> Result<Option<Token>, String> {
        let text = match &self.token_file {
            Some(file) => std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?,
            None => match std::env::var(TOKEN) {
                Ok(text) => text,
                Err(VarError::NotPresent) => return Ok(None),
                Err(error @ VarError::NotUnicode(_)) => return Err(format!("{TOKEN}: {error}")),
            },
        };
        Token::new(&text).map(Some).ok_or_else(|| "the token is empty".to_owned())
    }
}

fn listen(address: &Address, sockets: &Sockets) -> Result<Arc<TcpListener>, String> {
    sockets
        .listen(address.host(), address.port())
        .map_err(|error| format!("cannot listen on {}: {error}", address.as_str()))
}

/// Opens the listeners that were asked for: the admin interface, and that for metrics alone. Both answer from now on, or as soon as sockets
/// that were inherited may be used.
pub(crate) fn open(
    options: Option<&AdminOptions>,
    metrics_host: Option<&str>,
    metrics: &Metrics,
    readiness: &Readiness,
    bindings: &BindingsCell,
    sockets: &Sockets,
) -> Result<Option<Service>, String> {
    let failed = |error: String| format!("API Error: {error}");
    let mut listeners = Vec::new();
    if let Some(options) = options {
        let (listener, token) = options.open(sockets).map_err(failed)?;
        let surface = Surface::Admin {
            token,
            readiness: readiness.clone(),
            version: env!("CARGO_PKG_VERSION"),
            bindings: bindings.clone(),
        };
        listeners.push((listener, surface));
    }
    if let Some(host) = metrics_host {
        let address = Address::parse(host).map_err(|error| error.to_string());
        let listener = address.and_then(|address| listen(&address, sockets));
        let listener = listener.map_err(|error| format!("temblor.metrics.listen: {error}"))?;
        listeners.push((listener, Surface::Metrics));
    }
    if listeners.is_empty() {
        return Ok(None);
    }
    let service = Service::start(metrics.clone()).map_err(|error| failed(error.to_string()))?;
    for (listener, surface) in listeners {
        let sockets = sockets.clone();
        service.listen(listener, surface, async move { sockets.opened().await });
    }
    Ok(Some(service))
}

/// Numbers of the process itself.
pub(crate) struct ProcessNumbers;

impl Collect for ProcessNumbers {
    fn collect(&self, page: &mut Page) {
        page.gauge(&BUFFER_BYTES, &[], BUFFERS.held() as f64);
        page.gauge(&BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    }
}
