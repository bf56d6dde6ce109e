//! The light connectors in small deployments of the real program.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const STEP: Duration = Duration::from_millis(5);

/// A folder with the files of a deployment.
struct World(TempDir);

/// What an ended program left.
struct Ended {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Starts the program with an onramp, the pipeline `main` and an offramp; the ramps are given as the lines of YAML behind their ids.
    /// `@` stands for this folder.
    fn start(&self, onramp: &str, query: &str, offramp: &str) -> Program<'_> {
        self.start_with(
            &format!("onramp:\n  - id: in\n{onramp}offramp:\n  - id: out\n{offramp}"),
            query,
            LINKS,
        )
    }

    fn start_with(&self, ramps: &str, query: &str, links: &str) -> Program<'_> {
        let folder = format!("{}/", self.0.path().display());
        let mapping = "mapping:\n  /binding/all/01:\n    instance: \"01\"\n";
        let document = format!("{ramps}binding:\n  - id: all\n    links:\n{links}{mapping}").replace('@', &folder);
        self.write("main.trickle", query);
        self.write("main.yaml", document);
        let child = Command::new(env!("CARGO_BIN_EXE_temblor"))
            .args(["server", "run", "-n", "-f"])
            .args([self.path("main.trickle"), self.path("main.yaml")])
            .stdin(Stdio::piped())
            .stdout(fs::File::create(self.path("stdout")).unwrap())
            .stderr(fs::File::create(self.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        Program {
            child,
            folder: self.0.path(),
        }
    }
}

struct Program<'a> {
    child: Child,
    folder: &'a Path,
}

impl Program<'_> {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Waits until the file holds what is wanted.
    fn until(&mut self, name: &str, is_there: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.read(name);
            if is_there(&text) {
                return text;
            }
            let has_ended = self.child.try_wait().unwrap().is_some();
            assert!(
                !has_ended && Instant::now() < deadline,
                "`{name}` holds:\n{text}\nstderr:\n{}",
                self.read("stderr")
            );
            std::thread::sleep(STEP);
        }
    }

    fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "the program still runs; stderr:\n{}",
                self.read("stderr")
            );
            std::thread::sleep(STEP);
        };
        Ended {
            status: status.code(),
            stdout: self.read("stdout"),
            stderr: self.read("stderr"),
        }
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PASS: &str = "select event from in into out;";
const LINKS: &str =
    "      /onramp/in/01/out:\n        - /pipeline/main/01/in\n      /pipeline/main/01/out:\n        - /offramp/out/01/in\n";
const FILE_IN: &str = "    type: file\n    config:\n      source: @in.json\n      close_on_done: true\n";
const FILE_OUT: &str = "    type: file\n    config:\n      file: @out.json\n";
const STDOUT: &str = "    type: stdout\n";

fn numbered(count: usize) -> String {
    (0..count).map(|at| format!("{{\"n\":{at}}}\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_file_goes_through_a_pipeline_to_a_file_in_order() {
    let world = World::new();
    let content = numbered(50_000);
    world.write("in.json", &content);
    let ended = world.start(FILE_IN, PASS, FILE_OUT).wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert!(world.read("out.json") == content, "the copy differs");
}

#[test]
fn compressed_files_are_read_by_their_extension() {
    let content = numbered(300);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(content.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(content.as_bytes()).unwrap();
    for (extension, bytes) in [("gz", gz.finish().unwrap()), ("xz", xz.finish().unwrap())] {
        let world = World::new();
        world.write(&format!("in.json.{extension}"), bytes);
        let onramp = FILE_IN.replace("in.json", &format!("in.json.{extension}"));
        let ended = world.start(&onramp, PASS, FILE_OUT).wait();
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert!(world.read("out.json") == content, "{extension}: the copy differs");
    }
}

#[test]
fn lines_that_do_not_decode_are_error_events() {
    let world = World::new();
    world.write("in.json", "1\n{\n3\n");
    let ramps = format!("onramp:\n  - id: in\n{FILE_IN}offramp:\n  - id: out\n{FILE_OUT}");
    let links = format!("{LINKS}      /onramp/in/01/err:\n        - /pipeline/main/01/in\n");
    let ended = world.start_with(&ramps, PASS, &links).wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let lines: Vec<serde_json::Value> = world
        .read("out.json")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0], &lines[2]), (&1.into(), &3.into()));
    assert_eq!(lines[1]["event_id"], 1);
    assert_eq!(lines[1]["source_id"], "tremor://localhost/onramp/in/01/out");
    assert!(lines[1]["error"].is_string());
}

#[test]
fn null_takes_all_events_and_the_program_ends_as_ever() {
    let world = World::new();
    world.write("in.json", numbered(100));
    let ended = world.start(FILE_IN, PASS, "    type: null\n").wait();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
}

#[test]
fn a_missing_file_is_a_start_error() {
    let world = World::new();
    let ended = world.start(FILE_IN, PASS, FILE_OUT).wait();
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("in.json"), "{}", ended.stderr);
}

#[test]
fn a_blaster_into_a_blackhole_gives_the_report() {
    let world = World::new();
    world.write("in.json", numbered(100));
    let offramp = "    type: blackhole\n    codec: json\n    config:\n      warmup_secs: 0\n      stop_after_secs: 1\n      \
                   significant_figures: 2\n";
    let ended = world
        .start("    type: blaster\n    config:\n      source: @in.json\n", PASS, offramp)
        .wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let mut lines = ended.stdout.lines();
    let header = lines.find(|line| line.contains("Percentile")).unwrap();
    assert_eq!(
        header.split_whitespace().collect::<Vec<_>>(),
        ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    );
    let last = ended.stdout.lines().last().unwrap();
    let throughput = last.strip_prefix("Throughput: ").and_then(|rest| rest.strip_suffix(" MB/s"));
    assert!(throughput.unwrap().parse::<f64>().unwrap() > 0.0, "{last}");
}

#[test]
fn a_blaster_ends_after_its_number_of_events() {
    let world = World::new();
    world.write("in.json", "1\n2\n");
    let onramp = "    type: blaster\n    config:\n      source: @in.json\n      iters: 5\n      interval: 1000000\n";
    let mut program = world.start(onramp, PASS, FILE_OUT);
    program.until("out.json", |text| text.lines().count() >= 5);
    program.terminate();
    assert_eq!(program.wait().status, Some(0));
    assert_eq!(world.read("out.json"), "1\n2\n1\n2\n1\n");
}

#[test]
fn a_metronome_beats_to_stdout() {
    let world = World::new();
    let offramp = format!("{STDOUT}    config:\n      prefix: \"> \"\n");
    let onramp = "    type: metronome\n    config:\n      interval: 10\n";
    let mut program = world.start(onramp, PASS, &offramp);
    let is_there = |text: &str| text.lines().filter(|line| line.starts_with("> ")).count() >= 3;
    let text = program.until("stdout", is_there);
    program.terminate();
    assert_eq!(program.wait().status, Some(0));
    for (at, line) in text.lines().filter_map(|line| line.strip_prefix("> ")).take(3).enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&value["onramp"], &value["id"]), (&"metronome".into(), &at.into()), "{line}");
        assert!(value["ingest_ns"].as_u64().unwrap() > 1_600_000_000_000_000_000, "{line}");
    }
}

#[test]
fn a_crononome_fires_every_second() {
    let world = World::new();
    let onramp = "    type: crononome\n    config:\n      entries:\n        - name: each\n          expr: \"* * * * * *\"\n          \
                  payload: {a: 1}\n";
    let mut program = world.start(onramp, "select event.trigger from in into out;", FILE_OUT);
    let text = program.until("out.json", |text| text.contains('\n'));
    assert_eq!(text.lines().next(), Some(r#"{"name":"each","payload":{"a":1}}"#));
}

#[test]
fn system_offramps_are_always_there() {
    let world = World::new();
    let ramps = "onramp:\n  - id: in\n    type: metronome\n    config:\n      interval: 10\n";
    let links = LINKS.replace("/offramp/out/01/in", "/offramp/system::stdout/system/in");
    let links = format!("{links}        - /offramp/system::stderr/other/in\n");
    let mut program = world.start_with(ramps, "select \"tick\" from in into out;", &links);
    let is_there = |text: &str| text.lines().any(|line| line == "\"tick\"");
    program.until("stdout", is_there);
    program.until("stderr", is_there);
}

#[test]
fn stdin_comes_in_chunks_and_its_end_does_not_end_the_program() {
    let world = World::new();
    let mut program = world.start("    type: stdin\n    preprocessors: [lines]\n", PASS, FILE_OUT);
    program.child.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
    program.until("out.json", |text| text == "\"one\"\n\"two\"\n");
    program.terminate();
    assert_eq!(program.wait().status, Some(0));
}

#[test]
fn an_exit_event_ends_the_program_with_its_status() {
    let world = World::new();
    world.write("in.json", "{\"exit\": 42, \"delay\": 20}\n");
    let onramp = FILE_IN.replace("true", "false");
    let ended = world.start(&onramp, PASS, "    type: exit\n").wait();
    assert_eq!(ended.status, Some(42), "{}", ended.stderr);
}

#[test]
fn sigterm_flushes_what_was_taken_in() {
    let world = World::new();
    world.write("in.json", numbered(1));
    let onramp = "    type: blaster\n    config:\n      source: @in.json\n";
    let query = "define generic::counter operator c; create operator c; select event from in into c; \
                 select event.count from c into out;";
    let mut program = world.start(onramp, query, FILE_OUT);
    program.until("out.json", |text| text.len() > 10_000);
    program.terminate();
    let ended = program.wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let text = world.read("out.json");
    assert!(text.ends_with('\n'));
    let is_gapless = text.lines().zip(1_u64..).all(|(line, at)| line == at.to_string());
    assert!(is_gapless, "events are missing or out of order");
}

#[test]
fn feedback_reaches_the_source_of_transactional_events() {
    for (commands, status) in [(["ack", "fail"], 0), (["ack", "nothing"], 1)] {
        let world = World::new();
        world.write(
            "in.json",
            commands.map(|command| format!("{{\"cb\": \"{command}\"}}\n")).concat(),
        );
        let onramp = "    type: cb\n    config:\n      source: @in.json\n      timeout: 300\n";
        let ended = world.start(onramp, PASS, "    type: cb\n").wait();
        assert_eq!(ended.status, Some(status), "{}", ended.stderr);
        let is_told = ended.stderr.contains("All required CB events received.");
        assert_eq!(is_told, status == 0, "{}", ended.stderr);
    }
}

#[test]
fn a_source_does_not_pull_while_the_breaker_is_closed() {
    let world = World::new();
    world.write(
        "in.json",
        "{\"cb\":\"restore\"}\n{\"cb\":[\"close\",\"open\"]}\n{\"n\":3}\n{\"n\":4}\n",
    );
    let ramps = format!("onramp:\n  - id: in\n{FILE_IN}offramp:\n  - id: out\n    type: cb\n  - id: copy\n{FILE_OUT}");
    let mut program = world.start_with(&ramps, PASS, &format!("{LINKS}        - /offramp/copy/01/in\n"));
    program.until("out.json", |text| text.contains("close"));
    program.terminate();
    let ended = program.wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(world.read("out.json").lines().count(), 2);
}

#[test]
fn written_events_are_acknowledged() {
    let world = World::new();
    world.write("in.json", numbered(20));
    let onramp = "    type: cb\n    config:\n      source: @in.json\n      timeout: 300\n";
    let ended = world.start(onramp, PASS, FILE_OUT).wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(world.read("out.json"), numbered(20));
}

#[test]
fn debug_counts_by_class() {
    let world = World::new();
    let onramp = "    type: metronome\n    config:\n      interval: 20\n";
    let query = "define script s script let $class = \"c\"; event end; create script s; select event from in into s; \
                 select event from s into out;";
    let mut program = world.start(onramp, query, "    type: debug\n");
    let text = program.until("stdout", |text| text.lines().any(|line| line.starts_with("c  ")));
    assert!(text.contains("classification      |  total\nTOTAL               |"), "{text}");
}

#[test]
fn a_second_command_of_the_feedback_sink_counts_at_once() {
    let world = World::new();
    world.write("in.json", "{\"cb\":[\"ack\",\"close\"]}\n{\"n\":2}\n{\"n\":3}\n");
    let ramps = format!("onramp:\n  - id: in\n{FILE_IN}offramp:\n  - id: copy\n{FILE_OUT}  - id: out\n    type: cb\n");
    let links = "      /onramp/in/01/out:\n        - /pipeline/main/01/in\n      /pipeline/main/01/out:\n        - /offramp/copy/01/in\n        - /offramp/out/01/in\n";
    let mut program = world.start_with(&ramps, PASS, links);
    program.until("out.json", |text| text.contains("close"));
    program.terminate();
    let ended = program.wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(world.read("out.json").lines().count(), 1);
}

/// Values of the metrics that ramps and pipelines report, as text lines.
#[test]
fn ramps_and_pipelines_report_what_they_counted() {
    let world = World::new();
    world.write("in.json", "{\"n\":1}\nnot json\n{\"n\":2}\n");
    let interval = "    metrics_interval_s: 0\n";
    let ramps = format!(
        "onramp:\n  - id: in\n{interval}{FILE_IN}offramp:\n  - id: out\n{interval}    type: file\n    config:\n      file: @data.json\n  \
         - id: metrics\n{FILE_OUT}"
    );
    let links = format!("{LINKS}      /pipeline/system::metrics/system/out:\n        - /offramp/metrics/01/in\n");
    let query = "#!config metrics_interval_s = 1\nselect event from in where event.n > 0 into out;";
    let ended = world.start_with(&ramps, query, &links).wait();
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let metrics: Vec<serde_json::Value> = world
        .read("out.json")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let counts = |ramp: &str, port: &str| -> Vec<u64> {
        let of_port = metrics.iter().filter(|metric| {
            metric["measurement"] == "ramp_events" && metric["tags"]["ramp"] == ramp && metric["tags"]["port"] == port
        });
        of_port.map(|metric| metric["fields"]["count"].as_u64().unwrap()).collect()
    };
    let (source, sink) = ("tremor://localhost/onramp/in/01/out", "tremor://localhost/offramp/out/01/in");
    assert_eq!(counts(source, "in"), [0, 0, 0]);
    assert_eq!(counts(source, "out"), [0, 1, 1]);
    assert_eq!(counts(source, "error"), [0, 0, 1]);
    assert_eq!(counts(sink, "in"), [0, 1]);
    assert_eq!(counts(sink, "out"), [0, 1]);
    assert_eq!(counts(sink, "error"), [0, 0]);
    assert!(metrics.iter().all(|metric| metric["timestamp"].is_u64()), "{metrics:?}");
}
