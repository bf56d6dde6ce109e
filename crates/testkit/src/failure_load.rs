//! Breaks one of three upstreams under a steady load, mends it, and looks what clients and upstreams saw of it.
//!
//! The load is open: requests have their times beforehand, whatever becomes of the ones before, and latency counts from that time. It is bounded by
//! the number of connections, which send one request at a time each. What the program does with its upstreams is read from its metrics every few
//! milliseconds, so attempts count when they are over.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::{sleep_until, timeout};

use crate::client::{RawClient, request};
use crate::deployment::Deployment;
use crate::exposition::Exposition;
use crate::message::{Expect, MessageReader};
use crate::page::Page;
use crate::port::free_port;
use crate::upstream::{Behaviour, FaultyUpstream};

/// Time between two looks at the metrics.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for an answer; what takes longer counts as not answered.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where shares are looked at, before the fault and at the end.
const MEASURED: Duration = Duration::from_secs(2);

const UPSTREAMS: [&str; 3] = ["a", "b", "c"];

const PAGE: &str = r#"
```trickle route.trickle
define qos::retry operator again
with
  attempts = 3,
  on = ["connect", "reset", "timeout", "5xx"],
  attempt_timeout = 250
end;
define qos::roundrobin operator turn with outputs = ["a", "b", "c"] end;
create operator again;
create operator turn;
select event from in into again;
select event from again into turn;
select event from turn/a into out/a;
select event from turn/b into out/b;
select event from turn/c into out/c;
```
"#;

/// What happens to the third upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its process is killed, and started again.
    Killed,
    /// It takes requests and answers none.
    Stalled,
    /// It answers everything with 500.
    Failing,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct FailureLoad {
    /// The program.
    pub program: PathBuf,
    /// Requests a second.
    pub rate: u32,
    /// Connections they are sent over.
    pub connections: u32,
    /// Time before the fault, that it lasts, and after it.
    pub phase: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct FailureReport {
    /// Answers by status; 0: none.
    pub by_status: BTreeMap<u16, u64>,
    /// Median, 99th percentile and maximum of the latency before, during and after the fault.
    pub latency: [[Duration; 3]; 3],
    /// From the fault to the last attempt at the broken upstream while it was broken.
    pub until_left: Option<Duration>,
    /// Attempts at it in that time.
    pub attempts: u64,
    /// From the mending to the first attempt at it.
    pub until_back: Option<Duration>,
    /// Its share of all attempts before the fault and at the end.
    pub shares: [f64; 2],
}

/// One answer: when its request was due after the begin, and how long after that it was there.
#[derive(Clone, Copy, Debug)]
struct Answer {
    due: Duration,
    latency: Duration,
    status: u16,
}

/// Attempts at each upstream by then.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Duration,
    attempts: [u64; 3],
}

impl FailureReport {
    /// Requests that did not get status 200.
    pub fn failed(&self) -> u64 {
        self.by_status
            .iter()
            .filter(|(status, _)| **status != 200)
            .map(|(_, count)| count)
            .sum()
    }
}

impl FailureLoad {
    /// Runs one fault.
    pub fn run(&self, fault: Fault) -> io::Result<FailureReport> {
        let mut upstreams = [start()?, start()?, start()?];
        let admin = free_port()?;
        let page = Page::new(&page(admin))?;
        let page = upstreams
            .iter()
            .zip(9000..)
            .fold(page, |page, (upstream, shown)| page.at(shown, upstream.port()));
        let proxy = Deployment::of_page(&self.program, &page)?;
        let port = proxy.port();
        let is_over = AtomicBool::new(false);
        let begin = Instant::now();
        let (answers, looks) = scope(|scope| {
            let load = scope.spawn(|| self.load(port, begin));
            let looking = scope.spawn(|| look(admin, begin, &is_over));
            sleep(self.phase);
            break_it(&mut upstreams[2], fault);
            sleep(self.phase);
            let mended = mend(&mut upstreams[2]);
            let answers = load.join().unwrap_or_else(|_| Err(io::Error::other("the load panicked")));
            is_over.store(true, Ordering::Relaxed);
            let looks = looking
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the look-out panicked")));
            mended?;
            Ok::<_, io::Error>((answers?, looks?))
        })?;
        Ok(self.report(answers, &looks))
    }

    fn load(&self, port: u16, begin: Instant) -> io::Result<Vec<Answer>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let answers = Arc::new(Mutex::new(Vec::new()));
        let gap = Duration::from_secs(1) / self.rate;
        let (connections, total) = (self.connections, self.phase * 3);
        runtime.block_on(async {
            let clients: Vec<_> = (0..connections)
                .map(|number| {
                    let answers = Arc::clone(&answers);
                    tokio::spawn(async move {
                        let mut due = gap * number;
                        let mut client = None;
                        while due < total {
                            sleep_until((begin + due).into()).await;
                            let status = match timeout(PATIENCE, ask(&mut client, port)).await {
                                Ok(Ok(status)) => status,
                                Ok(Err(_)) | Err(_) => {
                                    client = None;
                                    0
                                }
                            };
                            let latency = begin.elapsed().saturating_sub(due);
                            answers.lock().push(Answer { due, latency, status });
                            due += gap * connections;
                        }
                    })
                })
                .collect();
            for client in clients {
                client.await.map_err(io::Error::other)?;
            }
            Ok::<_, io::Error>(())
        })?;
        let answers = std::mem::take(&mut *answers.lock());
        Ok(answers)
    }

    fn report(&self, answers: Vec<Answer>, looks: &[Look]) -> FailureReport {
        let mut report = FailureReport::default();
        let mut latencies: [Vec<Duration>; 3] = Default::default();
        for Answer { due, latency, status } in answers {
            *report.by_status.entry(status).or_default() += 1;
            let phase = (due.as_nanos() / self.phase.as_nanos().max(1)).min(2);
            latencies[phase as usize].push(latency);
        }
        report.latency = latencies.map(|mut all| {
            all.sort_unstable();
            let at = |part: f64| all.get((all.len() as f64 * part) as usize).or(all.last()).copied();
            [0.5, 0.99, 1.0].map(|part| at(part).unwrap_or_default())
        });
        let (broken, mended) = (self.phase, self.phase * 2);
        let third_at = |time: Duration| {
            let known = looks.iter().take_while(|look| look.at <= time).last();
            known.map_or(0, |look| look.attempts[2])
        };
        let (at_break, at_mend) = (third_at(broken), third_at(mended));
        report.attempts = at_mend - at_break;
        let first_with = |attempts: u64| looks.iter().find(|look| look.attempts[2] >= attempts).map(|look| look.at);
        report.until_left = first_with(at_mend).map(|at| at.saturating_sub(broken));
        report.until_back = first_with(at_mend + 1).map(|at| at.saturating_sub(mended));
        report.shares = [broken, self.phase * 3].map(|end| share(looks, end.saturating_sub(MEASURED), end));
        report
    }
}

/// The third upstream's share of the attempts between two moments.
fn share(looks: &[Look], from: Duration, to: Duration) -> f64 {
    let inside = || looks.iter().filter(|look| look.at >= from && look.at <= to);
    let (Some(first), Some(last)) = (inside().next(), inside().next_back()) else {
        return 0.0;
    };
    let counts = [0, 1, 2].map(|at: usize| last.attempts[at] - first.attempts[at]);
    counts[2] as f64 / counts.iter().sum::<u64>().max(1) as f64
}

fn start() -> io::Result<FaultyUpstream> {
    let upstream = FaultyUpstream::start(well())?;
    upstream.keep_requests(false);
    Ok(upstream)
}

fn well() -> Behaviour {
    Behaviour::answer(200, &[("Content-Type", "application/json")], "{\"ok\":true}")
}

fn break_it(upstream: &mut FaultyUpstream, fault: Fault) {
    match fault {
        Fault::Killed => upstream.stop(),
        Fault::Stalled => upstream.set(Behaviour::Hold),
        Fault::Failing => upstream.set(Behaviour::answer(500, &[], "")),
    }
}

fn mend(upstream: &mut FaultyUpstream) -> io::Result<()> {
    upstream.set(well());
    upstream.restart()
}

/// One request over the connection, or a new one; the status of the answer.
async fn ask(client: &mut Option<(TcpStream, MessageReader)>, port: u16) -> io::Result<u16> {
    let (stream, reader) = match client {
        Some(client) => client,
        None => {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            stream.set_nodelay(true)?;
            client.insert((stream, MessageReader::default()))
        }
    };
    stream.write_all(&request("GET", "/", &[], "")).await?;
    loop {
        if let Some(answer) = reader.take(Expect::Response, false)? {
            return answer.word(1).parse().map_err(io::Error::other);
        }
        if stream.read_buf(reader.space()).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads the metrics again and again.
fn look(admin: u16, begin: Instant, is_over: &AtomicBool) -> io::Result<Vec<Look>> {
    let mut client = RawClient::connect(admin)?;
    let mut looks = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let page = client.ask("GET", "/metrics", &[], "")?;
        let page = Exposition::of_text(&String::from_utf8_lossy(page.body())).map_err(io::Error::other)?;
        let attempts = UPSTREAMS.map(|name| page.value("temblor_upstream_outcomes_total", &[("offramp", name)]) as u64);
        looks.push(Look {
            at: begin.elapsed(),
            attempts,
        });
        sleep(LOOK);
    }
    Ok(looks)
}

fn page(admin: u16) -> String {
    let offramps = UPSTREAMS.iter().zip(9000..).map(|(name, port)| {
        format!(
            "  - id: {name}
    type: rest
    linked: true
    codec: json
    config:
      concurrency: 4096
      endpoint:
        host: 127.0.0.1
        port: {port}
      failure: {{status: [\"5xx\"]}}
      health: {{path: /healthz, interval: 500ms, timeout: 250ms, unhealthy: 2, healthy: 2}}
"
        )
    });
    let links = UPSTREAMS.iter().map(|name| {
        format!(
            "      \"/pipeline/route/{{instance}}/{name}\": [\"/offramp/{name}/{{instance}}/in\"]
      \"/offramp/{name}/{{instance}}/out\": [\"/pipeline/system::passthrough/{{instance}}/in\"]
"
        )
    });
    let (offramps, links): (Vec<_>, Vec<_>) = (offramps.collect(), links.collect());
    format!(
        "{PAGE}
```yaml gate.yaml
temblor:
  metrics: {{listen: \"127.0.0.1:{admin}\"}}
onramp:
  - id: gate
    type: rest
    linked: true
    codec: json
    config:
      host: 127.0.0.1
      port: 8080
offramp:
{}binding:
  - id: shops
    links:
      \"/onramp/gate/{{instance}}/out\": [\"/pipeline/route/{{instance}}/in\"]
{}      \"/pipeline/system::passthrough/{{instance}}/out\": [\"/onramp/gate/{{instance}}/in\"]
mapping:
  /binding/shops/01:
    instance: \"01\"
```
",
        offramps.concat(),
        links.concat()
    )
}

impl fmt::Display for FailureReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Option<Duration>| time.map_or_else(|| "never".to_owned(), |time| format!("{} ms", time.as_millis()));
        writeln!(out, "requests          {}", self.by_status.values().sum::<u64>())?;
        writeln!(out, "failed            {}", self.failed())?;
        for (status, count) in &self.by_status {
            writeln!(out, "  {status:<15} {count}")?;
        }
        for (phase, [median, high, most]) in ["before", "during", "after"].iter().zip(self.latency) {
            let shown = [median, high, most].map(|time| format!("{:.1}", time.as_secs_f64() * 1000.0));
            writeln!(
                out,
                "latency {phase:<9} p50 {} ms, p99 {} ms, most {} ms",
                shown[0], shown[1], shown[2]
            )?;
        }
        writeln!(
            out,
            "no more traffic   {} after the fault, {} attempts till then",
            ms(self.until_left),
            self.attempts
        )?;
        writeln!(out, "traffic again     {} after the end of the fault", ms(self.until_back))?;
        write!(
            out,
            "share             {:.1} % before, {:.1} % after its return",
            self.shares[0] * 100.0,
            self.shares[1] * 100.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_report_is_of_the_right_moments() {
        let load = FailureLoad {
            program: PathBuf::new(),
            rate: 1,
            connections: 1,
            phase: ms(3_000),
        };
        let looks: Vec<Look> = [
            (1_000, [10, 10, 10]),
            (2_990, [20, 20, 20]),
            (3_100, [30, 30, 25]),
            (3_500, [50, 50, 28]),
            (5_900, [90, 90, 28]),
            (6_200, [99, 99, 28]),
            (6_900, [105, 105, 29]),
            (7_100, [110, 110, 40]),
            (8_990, [120, 120, 60]),
        ]
        .map(|(at, attempts)| Look { at: ms(at), attempts })
        .to_vec();
        let answer = |due, latency, status| Answer {
            due: ms(due),
            latency: ms(latency),
            status,
        };
        let answers = vec![
            answer(0, 1, 200),
            answer(3_000, 9, 503),
            answer(5_999, 3, 200),
            answer(8_999, 2, 0),
        ];
        let report = load.report(answers, &looks);
        assert_eq!(report.failed(), 2);
        assert_eq!(report.latency.map(|[_, _, most]| most), [ms(1), ms(9), ms(2)]);
        assert_eq!((report.until_left, report.attempts), (Some(ms(500)), 8));
        assert_eq!(report.until_back, Some(ms(900)));
        assert!((report.shares[0] - 1.0 / 3.0).abs() < 1e-9, "{:?}", report.shares);
        assert!((report.shares[1] - 0.5).abs() < 1e-9, "{:?}", report.shares);
    }
}
