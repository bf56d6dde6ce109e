//! What is remembered of names, in virtual time.

use std::cell::Cell;

use tokio::time::advance;

use super::*;

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A resolver, and how often it has asked.
struct World {
    resolver: Resolver,
    asked: Cell<u32>,
}

impl World {
    fn new(refresh: Duration, family: Family) -> Self {
        Self {
            resolver: Resolver::new(refresh, family),
            asked: Cell::new(0),
        }
    }

    async fn resolve(&self, name: &str, found: &[&str]) -> io::Result<Vec<SocketAddr>> {
        let lookup = async || {
            self.asked.set(self.asked.get() + 1);
            Ok(addresses(found))
        };
        let known = self.resolver.resolve_by(&Endpoint::new(name, 80), lookup).await?;
        Ok(known.to_vec())
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_for_once_in_a_refresh_time() {
    let world = World::new(Duration::from_secs(30), Family::Any);
    let (old, new) = (["1.0.0.1:80"], ["1.0.0.2:80"]);
    assert_eq!(world.resolve("a.example", &old).await.unwrap(), addresses(&old));
    advance(Duration::from_secs(29)).await;
    assert_eq!(world.resolve("a.example", &new).await.unwrap(), addresses(&old));
    assert_eq!(world.asked.get(), 1);
    assert_eq!(world.resolve("b.example", &new).await.unwrap(), addresses(&new));
    assert_eq!(world.asked.get(), 2);
    advance(Duration::from_secs(1)).await;
    assert_eq!(world.resolve("a.example", &new).await.unwrap(), addresses(&new));
    assert_eq!(world.asked.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_refresh_time_it_is_asked_every_time() {
    let world = World::new(Duration::ZERO, Family::Any);
    for _ in 0..3 {
        world.resolve("a.example", &["1.0.0.1:80"]).await.unwrap();
    }
    assert_eq!(world.asked.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_address_of_the_family_is_not_known_and_not_remembered() {
    let world = World::new(Duration::from_secs(30), Family::V6);
    for asked in 1..3 {
        let error = world.resolve("a.example", &["1.0.0.1:80"]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(world.asked.get(), asked);
    }
    let both = ["1.0.0.1:80", "[::1]:80"];
    assert_eq!(world.resolve("a.example", &both).await.unwrap(), addresses(&["[::1]:80"]));
}
