//! The recipe's files.

use std::path::{Path, PathBuf};

const CONFIG: &str = include_str!("../../../../recipes/reverse-proxy/config.yaml");
const QUERIES: [(&str, &str); 3] = [
    (
        "request_handling.trickle",
        include_str!("../../../../recipes/reverse-proxy/request_handling.trickle"),
    ),
    (
        "response_handling.trickle",
        include_str!("../../../../recipes/reverse-proxy/response_handling.trickle"),
    ),
    (
        "internal_error_processing.trickle",
        include_str!("../../../../recipes/reverse-proxy/internal_error_processing.trickle"),
    ),
];

/// The recipe, as it is or adapted to addresses of this machine.
pub(super) struct Recipe {
    config: String,
}

impl Recipe {
    /// Word for word.
    pub(super) fn original() -> Self {
        Self {
            config: CONFIG.to_owned(),
        }
    }

    /// With the proxy on a loopback port and upstreams on others.
    pub(super) fn for_demo(port: u16, upstreams: &[u16]) -> Self {
        let mut config = CONFIG
            .replace("host: 0.0.0.0", "host: 127.0.0.1")
            .replace("port: 65535", &format!("port: {port}"));
        for (number, upstream) in (1..).zip(upstreams) {
            let address = format!("host: 127.0.0.1\n        port: {upstream}\n");
            config = config.replace(&format!("host: webserver{number:02}\n"), &address);
        }
        Self { config }
    }

    /// Writes all files to a folder, which is made; gives their paths.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, String> {
        let failed = |error: std::io::Error| format!("cannot write to {}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(failed)?;
        let files = std::iter::once(("config.yaml", self.config.as_str())).chain(QUERIES);
        files
            .map(|(name, text)| {
                let file = folder.join(name);
                std::fs::write(&file, text).map_err(failed)?;
                Ok(file)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_names_every_upstream_and_the_port() {
        let recipe = Recipe::for_demo(8080, &[7001, 7002, 7003]);
        for expected in ["port: 8080", "port: 7001", "port: 7002", "port: 7003"] {
            assert!(recipe.config.contains(expected), "{expected}");
        }
        assert!(!recipe.config.contains("webserver0"), "every name is replaced");
    }
}
