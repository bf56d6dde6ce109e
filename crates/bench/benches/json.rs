//! JSON to values and back, in the three sizes of the end-to-end bench, beside `serde_json`.

#![allow(
    clippy::expect_used,
    reason = "a bench that cannot prepare its input has nothing to measure"
)]

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box_drop};
use mimalloc::MiMalloc;
use temblor_value::json::{self, Scratch};

#[global_allocator]
static ALLOCATOR: AllocProfiler<MiMalloc> = AllocProfiler::new(MiMalloc);

/// Elements that give about 18 B, 1 KB and 64 KB.
const ITEMS: [usize; 3] = [0, 20, 1180];

fn main() {
    divan::main();
}

/// The body that the end-to-end bench sends.
fn body(items: usize) -> String {
    if items == 0 {
        return r#"{"snot": "badger"}"#.to_owned();
    }
    let items: Vec<String> = (1..=items)
        .map(|id| format!(r#"{{"id":{id},"name":"item-{id}","tags":["a","b"],"ok":true}}"#))
        .collect();
    format!(r#"{{"snot":"badger","items":[{}]}}"#, items.join(","))
}

#[divan::bench(args = ITEMS, sample_size = 16)]
fn decode(bencher: Bencher<'_, '_>, items: usize) {
    let body = body(items);
    let mut scratch = Scratch::default();
    bencher
        .counter(BytesCount::of_str(&body))
        .with_inputs(|| Bytes::copy_from_slice(body.as_bytes()))
        .bench_local_values(|input| json::decode(input, &mut scratch).expect("valid JSON"));
}

#[divan::bench(args = ITEMS, sample_size = 16)]
fn decode_serde(bencher: Bencher<'_, '_>, items: usize) {
    let body = body(items);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| serde_json::from_str::<serde_json::Value>(&body).expect("valid JSON"));
}

#[divan::bench(args = ITEMS, sample_size = 16)]
fn check(bencher: Bencher<'_, '_>, items: usize) {
    let body = body(items);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| json::check(body.as_bytes()).expect("valid JSON"));
}

#[divan::bench(args = ITEMS, sample_size = 16)]
fn encode(bencher: Bencher<'_, '_>, items: usize) {
    let body = body(items);
    let value = json::from_str(&body).expect("valid JSON");
    let mut out = Vec::with_capacity(body.len());
    bencher.counter(BytesCount::of_str(&body)).bench_local(|| {
        out.clear();
        json::encode(&value, &mut out);
    });
    black_box_drop(out);
}

#[divan::bench(args = ITEMS, sample_size = 16)]
fn encode_serde(bencher: Bencher<'_, '_>, items: usize) {
    let body = body(items);
    let value: serde_json::Value = serde_json::from_str(&body).expect("valid JSON");
    let mut out = Vec::with_capacity(body.len());
    bencher.counter(BytesCount::of_str(&body)).bench_local(|| {
        out.clear();
        serde_json::to_writer(&mut out, &value).expect("a vector takes everything");
    });
    black_box_drop(out);
}
