//! Take-over and new certificates while clients speak TLS, with HTTP/1.1 and with HTTP/2.
#![allow(clippy::unwrap_used)] // helpers of tests

use temblor_testkit::{Authority, Deployment, RawClient, TlsOptions, wait_until};
use tempfile::TempDir;

use crate::load::{HOST, Load, Speech};
use crate::world::{PATIENCE, World, wait_for_log};

const ROUNDS: usize = 3;

/// Certificates, and processes that show them.
struct Secure {
    folder: TempDir,
    authority: Authority,
    world: World,
}

impl Secure {
    fn new() -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("Test Authority").unwrap());
        let (cert, key) = authority.server(&[HOST]).unwrap().write(folder.path(), "gate").unwrap();
        let (cert, key) = (cert.display(), key.display());
        let port = "      port: 8080\n";
        let tls = format!("{port}      tls: {{certificates: [{{cert: '{cert}', key: '{key}'}}], reload: 0}}\n");
        // The upstream speaks no TLS.
        let plain = ("erase \"port\"", "erase \"port\", erase \"scheme\"");
        let world = World::varied(|page| page.replace(port, &tls).replace(plain.0, plain.1));
        Self {
            folder,
            authority,
            world,
        }
    }

    fn trusting(&self) -> TlsOptions {
        TlsOptions::trusting(&self.authority).unwrap()
    }

    /// New certificates, which the process shows when this returns.
    fn renew(&self, process: &Deployment) {
        let new = self.authority.server(&[HOST]).unwrap();
        new.write(self.folder.path(), "gate").unwrap();
        process.hang_up().unwrap();
        wait_for_log(process, "certificates reloaded");
        let shown = RawClient::connect_tls(self.world.port(), HOST, &self.trusting());
        assert!(shown.unwrap().shown_certificate() == new.der, "the old certificate is shown");
    }

    /// Clients ask while processes get new certificates and take over from each other.
    fn bears(&self, speech: &Speech) {
        let mut serving = self.world.start();
        let ready = wait_until(PATIENCE, || {
            RawClient::connect_tls(self.world.port(), HOST, &self.trusting()).is_ok()
        });
        assert!(ready, "{}", serving.stderr());
        let requests = Load::of(speech, &self.world, |load| {
            load.wait(100);
            for _ in 0..ROUNDS {
                self.renew(&serving);
                load.wait(100);
                let next = self.world.start();
                assert!(serving.wait(PATIENCE).unwrap().success(), "{}", serving.stderr());
                serving = next;
                load.wait(100);
            }
        });
        assert!(requests >= 100 * (2 * ROUNDS as u64 + 1), "{requests}");
    }
}

#[test]
fn no_request_over_tls_fails_while_certificates_change_and_processes_take_over() {
    let secure = Secure::new();
    secure.bears(&Speech::Tls(secure.trusting()));
}

#[test]
fn no_request_over_http2_fails_while_certificates_change_and_processes_take_over() {
    let secure = Secure::new();
    secure.bears(&Speech::Http2(secure.trusting()));
}
