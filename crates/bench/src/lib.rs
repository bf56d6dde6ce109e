//! Micro benches (development only), run by `cargo bench -p temblor-bench`: `benches/json.rs`, `benches/recipe_script.rs`.
//! The end-to-end bench is in the repository's folder `bench`.
