//! `server run` (spec/runtime.md 7.2, spec/proxy.md 2.17).

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use temblor_api::{BindingsCell, Readiness, Service, Stage};
use temblor_http::access_log::flush_all;
use temblor_http::budget::BUFFERS;
use temblor_metrics::Metrics;
use temblor_pipeline::QueryErrors;
use temblor_runtime::boot::{load, preview};
use temblor_runtime::config::Settings;
use temblor_runtime::deploy::{Process, Runtime};
use temblor_runtime::sockets::Sockets;
use temblor_runtime::worker::Workers;
use temblor_script::Env;
use temblor_script::limits::Limits;
use temblor_syntax::ast::Dialect;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::admin::{self, AdminOptions, ProcessNumbers};
use crate::args::ServerOptions;
use crate::bindings::RunningBindings;
use crate::handover::{self, Giver, HandoverError, Prepared};
use crate::name::program_name;
use crate::output::{is_coloured, say};
use crate::{connectors, env, logging, memory, pid_file};

/// Time for what is under way when the process must end at once.
const GRACE: Duration = Duration::from_millis(500);

/// Loads the files and runs until a signal or a connector ends it.
pub(crate) fn run(options: &ServerOptions, dialect: Option<Dialect>, instance: &str) -> Result<ExitCode, String> {
    let name = program_name();
    say(&format_args!("{name} version: {}", env!("CARGO_PKG_VERSION")));
    say(&format_args!("{name} instance: {instance}"));
    logging::start();
    let limits = env::limits(options.recursion_limit, &options.limits)?;
    let code = match launch(options, dialect, instance, limits) {
        Ok(server) => server.run_to_the_end(),
        Err(LaunchError::PidFile(error)) => return Err(error),
        Err(LaunchError::Boot(error)) => {
            tracing::error!(target: "tremor::server", "error: {error}");
            tracing::error!(target: "tremor::server", "error: We are SHUTTING DOWN due to errors during initialization!");
            ExitCode::FAILURE
        }
    };
    if let Some(file) = &options.pid_file {
        pid_file::remove(file);
    }
    Ok(code)
}

/// Why the process ends before it runs.
enum LaunchError {
    PidFile(String),
    Boot(String),
}

/// Deploys everything, in the place of a running process if there is one.
fn launch(options: &ServerOptions, dialect: Option<Dialect>, instance: &str, limits: Limits) -> Result<Server, LaunchError> {
    let boot = |error: HandoverError| LaunchError::Boot(error.to_string());
    let path = options.handover.as_deref();
    let mut taken = path.map(handover::ask).transpose().map_err(boot)?.flatten();
    // Until it drains, the other process is the one whose number counts.
    let own_pid = || options.pid_file.as_deref().map_or(Ok(()), pid_file::write);
    if taken.is_none() {
        own_pid().map_err(LaunchError::PidFile)?;
    }
    let sockets = match &mut taken {
        Some(taken) => Sockets::inheriting(taken.sockets()),
        None => Sockets::default(),
    };
    let mut show = |errors: &QueryErrors| say(&errors.render(is_coloured()));
    let admin = AdminOptions::of(options);
    let started = start(
        &options.files,
        dialect,
        instance,
        limits,
        sockets.clone(),
        admin.as_ref(),
        &mut show,
    );
    let mut server = started.map_err(LaunchError::Boot)?;
    let prepared = path.map(Prepared::new).transpose().map_err(boot)?;
    if let Some(taken) = taken {
        taken.deployed().map_err(boot)?;
        if let Err(error) = own_pid() {
            tracing::warn!(target: "tremor::server", "{error}");
        }
    }
    sockets.open();
    if let Some(admin) = &admin {
        say(&format_args!("Listening at: http://{}", admin.host()));
        tracing::info!(target: "tremor::server", "Listening at: http://{}", admin.host());
    }
    match prepared.map(|prepared| prepared.listen(sockets)).transpose() {
        Ok(successor) => server.successor = successor,
        // It serves already; only the next take-over is lost.
        Err(error) => tracing::error!(target: "tremor::server", "no process can take over from this one: {error}"),
    }
    Ok(server)
}

/// A running deployment.
pub(crate) struct Server {
    runtime: Arc<Runtime>,
    workers: Arc<Workers>,
    settings: Arc<Settings>,
    readiness: Readiness,
    /// Answers at the admin interface, if there is one.
    service: Option<Service>,
    _numbers: Arc<ProcessNumbers>,
    main: MainThread,
    /// Where another process may ask for the place of this one, and the news that it has it.
    successor: Option<(Giver, oneshot::Receiver<()>)>,
}

/// Starts workers and loads the files.
///
/// The admin interface answers from the beginning, so that it can say that not everything is deployed. `report` gets errors and warnings of
/// queries.
pub(crate) fn start(
    files: &[PathBuf],
    dialect: Option<Dialect>,
    instance: &str,
    limits: Limits,
    sockets: Sockets,
    admin: Option<&AdminOptions>,
    report: &mut dyn FnMut(&QueryErrors),
) -> Result<Server, String> {
    // Before anything listens: who sees the port open may send a signal at once.
    let main = MainThread::new().map_err(|error| format!("cannot wait for signals: {error}"))?;
    let (env, settings) = environment(files, dialect, instance, limits)?;
    let count = settings
        .workers
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    BUFFERS.limit_to(settings.memory_buffers.unwrap_or_else(|| memory::limit() / 4));
    let metrics = Metrics::new(settings.metrics.buckets.clone().unwrap_or_default());
    let numbers = Arc::new(ProcessNumbers);
    metrics.register(&numbers);
    let readiness = Readiness::default();
    let bindings = BindingsCell::default();
    let service = admin::open(
        admin,
        settings.metrics.listen.as_deref(),
        &metrics,
        &readiness,
        &bindings,
        &sockets,
    )?;
    let workers = Arc::new(Workers::start(count).map_err(|error| format!("cannot start workers: {error}"))?);
    let settings = Arc::new(settings);
    let process = Process {
        metrics,
        sockets,
        settings: Arc::clone(&settings),
        variables: env::variables(),
    };
    let runtime = Runtime::new(connectors::all(), Arc::clone(&workers), &env, process).map_err(|error| error.to_string())?;
    load(&runtime, files, &env, report).map_err(|error| error.to_string())?;
    let runtime = Arc::new(runtime);
    let running = RunningBindings::new(
        Arc::clone(&runtime),
        drain_limit(&settings),
        admin.and_then(AdminOptions::storage),
    );
    bindings.set(Arc::new(running));
    readiness.set(Stage::Ready);
    Ok(Server {
        runtime,
        workers,
        settings,
        readiness,
        service,
        _numbers: numbers,
        main,
        successor: None,
    })
}

/// What the documents among `files` say of the process as a whole.
pub(crate) fn environment(
    files: &[PathBuf],
    dialect: Option<Dialect>,
    instance: &str,
    limits: Limits,
) -> Result<(Env, Settings), String> {
    let preview = preview(files).map_err(|error| error.to_string())?;
    let dialect = dialect.or(preview.dialect).unwrap_or_default();
    let settings = preview.settings.unwrap_or_default();
    let env = env::new(dialect, instance, document_limits(limits, &settings));
    Ok((env, settings))
}

/// Limits of the document go under those of the command line, which are the defaults where nothing was given.
fn document_limits(mut limits: Limits, settings: &Settings) -> Limits {
    let default = Limits::default();
    let script = &settings.script;
    let pick = |present: usize, default: usize, given: Option<u64>| match given {
        Some(given) if present == default => given as usize,
        _ => present,
    };
    limits.source_depth = pick(limits.source_depth, default.source_depth, script.source_depth);
    limits.value_depth = pick(limits.value_depth, default.value_depth, script.value_depth);
    limits.value_bytes = pick(limits.value_bytes, default.value_bytes, script.value_bytes);
    limits.value_elements = pick(limits.value_elements, default.value_elements, script.value_elements);
    if limits.steps == default.steps {
        limits.steps = script.steps.unwrap_or(limits.steps);
    }
    if limits.recursion == default.recursion {
        limits.recursion = script.recursion.unwrap_or(limits.recursion);
    }
    limits
}

impl Server {
    /// Runs until SIGTERM or SIGINT, or until another process has taken over, then drains; a second signal ends at once, and so does a connector that asks for the end
    /// (spec/artefacts.md 1.9). Gives the exit status.
    pub(crate) fn run_to_the_end(self) -> ExitCode {
        let Self {
            runtime,
            workers,
            settings,
            readiness,
            service,
            _numbers,
            main: MainThread {
                executor,
                mut signals,
                mut hangup,
            },
            successor,
        } = self;
        // The socket's file goes when the process does.
        let (_giver, taken) = successor.unzip();
        let status = executor.block_on(async {
            let signalled = async {
                tokio::select! {
                    () = signals.next() => {}
                    () = taken_over(taken) => {
                        tracing::info!(target: "tremor::server", "another process has taken over");
                        // Whoever asks for readiness now means the other one.
                        if let Some(service) = &service {
                            service.close();
                        }
                    }
                }
                readiness.set(Stage::Draining);
                drain(&runtime, &settings, &mut signals).await;
            };
            let reloads = async {
                while hangup.recv().await.is_some() {
                    tracing::info!(target: "tremor::server", "reloading files");
                    runtime.reload().request();
                }
                std::future::pending::<()>().await;
            };
            let status = tokio::select! {
                () = signalled => 0,
                () = reloads => 0,
                status = runtime.exit().requested() => {
                    readiness.set(Stage::Draining);
                    // At once, whatever pipelines hold (spec/runtime.md 4.1).
                    runtime.drain();
                    let _ = tokio::time::timeout(GRACE, runtime.activity().ended()).await;
                    status
                }
            };
            runtime.stop();
            // What is answered 503 at the end of the drain time still has to be written.
            let _ = tokio::time::timeout(GRACE, runtime.activity().ended()).await;
            status
        });
        workers.stop();
        flush_all();
        // As the system does: of a status, eight bits count.
        ExitCode::from(status as u8)
    }
}

/// Resolves when another process has taken over.
async fn taken_over(news: Option<oneshot::Receiver<()>>) {
    if let Some(news) = news
        && news.await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// How long a drain may take; 0 stands for no limit.
fn drain_limit(settings: &Settings) -> Duration {
    if settings.drain.is_zero() {
        Duration::MAX
    } else {
        settings.drain
    }
}

async fn drain(runtime: &Runtime, settings: &Settings, signals: &mut Signals) {
    tracing::info!(target: "tremor::server", "draining");
    let drained = async {
        tokio::time::sleep(settings.drain_delay).await;
        if tokio::time::timeout(drain_limit(settings), runtime.drained()).await.is_err() {
            let held = runtime.held();
            tracing::warn!(target: "tremor::server", "the drain time is over; pipelines still hold {held} events");
        }
    };
    tokio::select! {
        () = drained => {}
        () = signals.next() => {}
    }
}

/// What the main thread waits with. Once it is made, signals no longer kill the process.
struct MainThread {
    executor: tokio::runtime::Runtime,
    signals: Signals,
    hangup: Signal,
}

impl MainThread {
    fn new() -> io::Result<Self> {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (signals, hangup) = {
            let _entered = executor.enter();
            (Signals::new()?, signal(SignalKind::hangup())?)
        };
        Ok(Self {
            executor,
            signals,
            hangup,
        })
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
