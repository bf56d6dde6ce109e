//! Kills a program with a write-ahead log again and again and looks what became of the events it had accepted.
//!
//! Clients send numbered events to a linked `rest` onramp. The pipeline stores each in the log first and answers then, so status 200 means:
//! accepted. Behind the log a file takes the events, a new one in every round. A round ends with SIGKILL at a random moment, in some rounds
//! during the start. In every other round an event makes the other offramp close the circuit, so that the log fills up until the kill.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, scope};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tempfile::TempDir;

use crate::client::RawClient;
use crate::port::free_port;

/// How long a program may take until it accepts events; generous, since tests share the machine with builds.
const START_TIME: Duration = Duration::from_mins(1);
/// Longest time between readiness and kill, milliseconds.
const LIFE_MS: u64 = 300;
/// How long the last rounds wait for events that still come.
const QUIET: Duration = Duration::from_millis(1500);
/// Rounds after the last kill in which nothing arrives, before what is missing is given up.
const LAST_ROUNDS: u32 = 3;
/// Between two looks.
const STEP: Duration = Duration::from_millis(2);
/// Longest filling of an event, bytes.
const FILLING: u64 = 4000;

const QUERY: &str = r#"
define qos::wal operator log
with
  read_count = 20,
  max_elements = 1000000,
  dir = "@log"
end;
create operator log;

define script answer
script
  let $response = {"status": 200, "headers": {}};
  event.number
end;
create script answer;

# Of two selects on one stream the later one runs first: stored, then answered.
select event from in into answer;
select event from answer into out/reply;
select event from in into log;
select event from log into out;
"#;

const CONFIG: &str = r#"
onramp:
  - id: in
    type: rest
    linked: true
    codec: json
    config: {host: 127.0.0.1, port: PORT}
offramp:
  - id: out
    type: file
    config: {file: "@out-ROUND.json"}
  - id: breaker
    type: cb
binding:
  - id: all
    links:
      "/onramp/in/{instance}/out": ["/pipeline/main/{instance}/in"]
      "/pipeline/main/{instance}/out": ["/offramp/out/{instance}/in", "/offramp/breaker/{instance}/in"]
      "/pipeline/main/{instance}/reply": ["/onramp/in/{instance}/in"]
mapping:
  /binding/all/01:
    instance: "01"
"#;

/// What to do.
#[derive(Clone, Debug)]
pub struct KillLoop {
    /// The program.
    pub program: PathBuf,
    /// How often it is killed.
    pub rounds: u32,
    /// Clients at the same time.
    pub clients: usize,
    /// Where the random moments start.
    pub seed: u64,
}

/// What became of the events.
#[derive(Clone, Debug, Default)]
pub struct KillSummary {
    /// How often the program was killed.
    pub rounds: u32,
    /// How many of these kills hit it before it had accepted anything.
    pub killed_early: u32,
    /// Events that were answered with status 200.
    pub accepted: u64,
    /// Accepted events that never left.
    pub lost: u64,
    /// Deliveries of events that had been delivered before.
    pub duplicated: u64,
    /// Events that left behind a later one of the same client.
    pub disordered: u64,
    /// Longest time from a start to the first accepted event.
    pub longest_recovery: Duration,
    /// Bytes of the log, at most.
    pub largest_log: u64,
    /// Panics, damage and errors the program wrote of.
    pub complaints: Vec<String>,
}

impl KillSummary {
    /// Nothing was lost, order was kept, nothing was strange.
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.disordered == 0 && self.complaints.is_empty()
    }
}

impl fmt::Display for KillSummary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "rounds            {} ({} kills during the start)",
            self.rounds, self.killed_early
        )?;
        writeln!(out, "events accepted   {}", self.accepted)?;
        writeln!(out, "lost              {}", self.lost)?;
        writeln!(out, "out of order      {}", self.disordered)?;
        writeln!(out, "duplicated        {}", self.duplicated)?;
        writeln!(out, "longest recovery  {} ms", self.longest_recovery.as_millis())?;
        writeln!(out, "largest log       {} KiB", self.largest_log >> 10)?;
        write!(out, "complaints        {}", self.complaints.len())?;
        self.complaints.iter().take(10).try_for_each(|line| write!(out, "\n  {line}"))
    }
}

/// What one client sent and got accepted; kept over all rounds.
#[derive(Debug, Default)]
struct Sender {
    next: u64,
    accepted: Vec<u64>,
}

struct World {
    folder: TempDir,
    program: PathBuf,
    port: u16,
    round: u32,
    senders: Vec<Mutex<Sender>>,
    random: Random,
    summary: KillSummary,
}

/// The program of one round. Dropping it kills it.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        // Both fail only if it has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Numbers that look random; the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

impl KillLoop {
    /// Does it all.
    ///
    /// # Errors
    /// The program cannot be run or ends by itself, or what is left does not arrive.
    pub fn run(&self) -> io::Result<KillSummary> {
        let mut world = World {
            folder: tempfile::tempdir()?,
            program: self.program.clone(),
            port: free_port()?,
            round: 0,
            senders: (0..self.clients).map(|_| Mutex::default()).collect(),
            random: Random(self.seed),
            summary: KillSummary::default(),
        };
        fs::write(
            world.path("main.trickle"),
            QUERY.replace('@', &world.path("").to_string_lossy()),
        )?;
        for _ in 0..self.rounds {
            world.kill_round()?;
            world.summary.rounds += 1;
        }
        world.deliver_the_rest()?;
        world.judge()
    }
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the program with an output file of its own.
    fn start(&mut self) -> io::Result<Victim> {
        self.round += 1;
        let config = CONFIG
            .replace('@', &self.path("").to_string_lossy())
            .replace("PORT", &self.port.to_string())
            .replace("ROUND", &self.round.to_string());
        let file = self.path("main.yaml");
        fs::write(&file, config)?;
        let child = Command::new(&self.program)
            .args(["server", "run", "-n", "-f"])
            .args([self.path("main.trickle"), file])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.path(&format!("stderr-{}", self.round)))?)
            .spawn()?;
        Ok(Victim(child))
    }

    fn kill_round(&mut self) -> io::Result<()> {
        let dies_early = self.random.below(8) == 0;
        let life = Duration::from_millis(self.random.below(LIFE_MS));
        let closes_after = (self.random.below(2) == 0).then(|| life.mul_f64(self.random.below(100) as f64 / 100.0));
        let filling = self.random.below(FILLING) as usize;
        let started = Instant::now();
        let mut victim = self.start()?;
        let is_over = AtomicBool::new(false);
        let first_answer = Mutex::new(None);
        let (port, senders) = (self.port, &self.senders);
        let outcome = scope(|scope| {
            for (client, sender) in senders.iter().enumerate() {
                let (is_over, first_answer) = (&is_over, &first_answer);
                scope.spawn(move || {
                    let load = ClientLoad {
                        port,
                        client,
                        filling,
                        is_over,
                        first_answer,
                        closes_after: closes_after.filter(|_| client == 0),
                    };
                    load.run(&mut sender.lock());
                });
            }
            let outcome = wait_and_kill(&mut victim, dies_early, life, started, &first_answer);
            is_over.store(true, Ordering::Relaxed);
            outcome
        });
        outcome.map_err(|error| self.with_stderr(&error))?;
        match *first_answer.lock() {
            Some(answered) => {
                let recovery = answered - started;
                self.summary.longest_recovery = self.summary.longest_recovery.max(recovery);
            }
            None => self.summary.killed_early += 1,
        }
        self.summary.largest_log = self.summary.largest_log.max(size_of_folder(&self.path("log")));
        Ok(())
    }

    fn with_stderr(&self, error: &io::Error) -> io::Error {
        let text = fs::read_to_string(self.path(&format!("stderr-{}", self.round))).unwrap_or_default();
        io::Error::other(format!("round {}: {error}; the program wrote:\n{text}", self.round))
    }

    /// Runs the program without load until nothing more comes; an event that closes the circuit ends a round, too.
    fn deliver_the_rest(&mut self) -> io::Result<()> {
        let (mut missing, mut idle) = (usize::MAX, 0);
        while idle < LAST_ROUNDS {
            let now = self.missing()?.len();
            if now == 0 {
                return Ok(());
            }
            idle = if now < missing { 0 } else { idle + 1 };
            missing = now;
            let victim = self.start()?;
            let file = self.path(&format!("out-{}.json", self.round));
            let (mut size, mut since) = (0, Instant::now());
            while since.elapsed() < QUIET {
                thread::sleep(STEP);
                let now = fs::metadata(&file).map_or(0, |known| known.len());
                if now != size {
                    (size, since) = (now, Instant::now());
                }
            }
            drop(victim);
        }
        Ok(())
    }

    /// All deliveries, by round, as client and number. A line that was not written to its end was not delivered.
    fn deliveries(&self) -> io::Result<Vec<Vec<(usize, u64)>>> {
        let mut rounds = Vec::new();
        for round in 1..=self.round {
            let bytes = fs::read(self.path(&format!("out-{round}.json"))).unwrap_or_default();
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let events = lines.map(|line| {
                let event: serde_json::Value = serde_json::from_slice(line).map_err(io::Error::other)?;
                let number = |name: &str| {
                    event[name]
                        .as_u64()
                        .ok_or_else(|| io::Error::other(format!("no {name}: {event}")))
                };
                Ok((number("client")? as usize, number("number")?))
            });
            rounds.push(events.collect::<io::Result<_>>()?);
        }
        Ok(rounds)
    }

    /// Accepted events that did not leave yet.
    fn missing(&self) -> io::Result<BTreeSet<(usize, u64)>> {
        let delivered: BTreeSet<(usize, u64)> = self.deliveries()?.into_iter().flatten().collect();
        let mut missing = BTreeSet::new();
        for (client, sender) in self.senders.iter().enumerate() {
            let accepted = sender.lock().accepted.clone();
            missing.extend(accepted.into_iter().map(|number| (client, number)));
        }
        Ok(missing.difference(&delivered).copied().collect())
    }

    fn judge(mut self) -> io::Result<KillSummary> {
        self.summary.accepted = self.senders.iter().map(|sender| sender.lock().accepted.len() as u64).sum();
        self.summary.lost = self.missing()?.len() as u64;
        let mut seen = BTreeSet::new();
        let mut newest = BTreeMap::new();
        for round in self.deliveries()? {
            let mut last_in_round = BTreeMap::new();
            for (client, number) in round {
                let is_new = seen.insert((client, number));
                self.summary.duplicated += u64::from(!is_new);
                // Within a round numbers rise; what is new in a round lies above all that left in earlier ones.
                let falls = last_in_round.insert(client, number).is_some_and(|last| last >= number);
                let is_late = is_new && newest.insert(client, number).is_some_and(|last| last >= number);
                self.summary.disordered += u64::from(falls || is_late);
            }
        }
        for round in 1..=self.round {
            let text = fs::read_to_string(self.path(&format!("stderr-{round}"))).unwrap_or_default();
            let bad = ["panicked", "ERROR", "damaged", "put aside"];
            let lines = text.lines().filter(|line| bad.iter().any(|word| line.contains(word)));
            self.summary
                .complaints
                .extend(lines.map(|line| format!("round {round}: {line}")));
        }
        Ok(self.summary)
    }
}

/// Waits for the moment and kills. An early death comes before anybody asked for anything.
fn wait_and_kill(
    victim: &mut Victim,
    dies_early: bool,
    life: Duration,
    started: Instant,
    first_answer: &Mutex<Option<Instant>>,
) -> io::Result<()> {
    while !dies_early && first_answer.lock().is_none() {
        if let Some(status) = victim.0.try_wait()? {
            return Err(io::Error::other(format!("the program ended with {status}")));
        }
        if started.elapsed() > START_TIME {
            return Err(io::Error::other("the program accepts nothing"));
        }
        thread::sleep(STEP);
    }
    thread::sleep(if dies_early { life / 4 } else { life });
    victim.0.kill()?;
    victim.0.wait()?;
    Ok(())
}

/// What one client does in a round.
struct ClientLoad<'a> {
    port: u16,
    client: usize,
    filling: usize,
    is_over: &'a AtomicBool,
    first_answer: &'a Mutex<Option<Instant>>,
    closes_after: Option<Duration>,
}

impl ClientLoad<'_> {
    fn run(mut self, sender: &mut Sender) {
        while !self.is_over.load(Ordering::Relaxed) {
            match RawClient::connect(self.port) {
                // Ends when the program does; what was under way then was not accepted, as far as anybody knows.
                Ok(connection) => {
                    let _ = self.send_all(connection, sender);
                }
                Err(_) => thread::sleep(STEP),
            }
        }
    }

    fn send_all(&mut self, mut connection: RawClient, sender: &mut Sender) -> io::Result<()> {
        let filling = "x".repeat(self.filling);
        while !self.is_over.load(Ordering::Relaxed) {
            let number = sender.next;
            sender.next += 1;
            let command = if self.is_time_to_close() { r#","cb":"close""# } else { "" };
            let client = self.client;
            let body = format!(r#"{{"client":{client},"number":{number},"filling":"{filling}"{command}}}"#);
            let response = connection.ask("POST", "/", &[("Content-Type", "application/json")], &body)?;
            if response.status == 200 {
                sender.accepted.push(number);
                self.first_answer.lock().get_or_insert_with(Instant::now);
            }
        }
        Ok(())
    }

    fn is_time_to_close(&mut self) -> bool {
        let first = *self.first_answer.lock();
        let is_time = self
            .closes_after
            .zip(first)
            .is_some_and(|(wait, first)| first.elapsed() >= wait);
        if is_time {
            self.closes_after = None;
        }
        is_time
    }
}

fn size_of_folder(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|known| known.len())
        .sum()
}
