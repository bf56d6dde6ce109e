//! Reading scripts: characters to tokens, and characters to trees, in bytes of text per second.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use mimalloc::MiMalloc;
use temblor_syntax::ast::Dialect;
use temblor_syntax::lexer::{FileKind, tokenize};
use temblor_syntax::{ParseLimits, SourceId, SourceMap, parse_script};

#[global_allocator]
static ALLOCATOR: AllocProfiler<MiMalloc> = AllocProfiler::new(MiMalloc);

/// A part with a bit of everything, as people write it.
const PART: &str = r#"# Requests of assets are counted, everything else is looked at closer.
let host = match $request.headers of
  case %{ present host } => $request.headers.host[0]
  default => "UNDEFINED"
end;
let forwarded = "by=localhost:65535;host=#{host};proto=http";
let class = match event of
  case %{ path ~= glob|/assets/*|, status == 200 } => "asset"
  case %{ line ~= re|^(?P<ip>[0-9.]+) - (?P<user>[a-z]+)$| } when event.size > 1024 * 1024 => "large"
  case _ => "other"
end;
let event = patch event of
  insert "forwarded" => forwarded,
  upsert "class" => class,
  merge "tags" => { "region": "eu", "weights": [1, 2.5, -3], "nested": { "a": null, "b": true } },
  erase "debug"
end;
let sizes = for event.parts of
  case (i, part) when part.size >= 0 and not absent part.name => part.size * 8 + i
end;
let state.count = match present state.count of case true => state.count + 1 default => 1 end;
"#;

fn main() {
    divan::main();
}

/// About 100 KB of script.
fn sources() -> (SourceMap, SourceId, usize) {
    let text = format!("{}event", PART.repeat(100));
    let mut sources = SourceMap::new();
    let length = text.len();
    let id = sources.add("bench.tremor", text);
    let parsed = parse_script(&sources, id, Dialect::default(), &ParseLimits::default());
    assert!(parsed.diagnostics.is_empty(), "the bench reads a valid script");
    (sources, id, length)
}

#[divan::bench(sample_size = 4)]
fn tokens(bencher: Bencher<'_, '_>) {
    let (sources, id, length) = sources();
    bencher
        .counter(BytesCount::new(length))
        .bench(|| tokenize(&sources, id, Dialect::default(), FileKind::Script));
}

#[divan::bench(sample_size = 4)]
fn tree(bencher: Bencher<'_, '_>) {
    let (sources, id, length) = sources();
    bencher
        .counter(BytesCount::new(length))
        .bench(|| parse_script(&sources, id, Dialect::default(), &ParseLimits::default()));
}
