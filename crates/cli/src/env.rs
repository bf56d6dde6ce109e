//! Surroundings of scripts: module path, library, host, limits.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use temblor_runtime::variables::Variables;
use temblor_script::Env;
use temblor_script::func::Registry;
use temblor_script::host::Host;
use temblor_script::limits::Limits;
use temblor_script::loader::{Loaded, Loader, NotFound};
use temblor_syntax::ast::Dialect;
use temblor_value::Str;

/// Where modules are looked for when no variable says so.
const DEFAULT_PATH: &str = "/usr/local/share/tremor:/usr/share/tremor/lib";
/// File with grok definitions of the machine's own (spec/extractors.md 3.8).
const GROK_PATTERNS: &str = "/etc/tremor/grok.patterns";

/// An environment over the module path of the process.
pub(crate) fn new(dialect: Dialect, instance: &str, limits: Limits) -> Env {
    let mut registry = Registry::new();
    temblor_stdlib::install(&mut registry);
    Env {
        registry: Arc::new(registry),
        loader: Arc::new(ModulePath::of_process()),
        host: Arc::new(Machine::new(instance)),
        limits,
        dialect,
    }
}

/// The variables of the process that are text.
pub(crate) fn variables() -> Variables {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The folders of `TEMBLOR_PATH`, else of `TREMOR_PATH` (spec/script.md 7.1).
struct ModulePath {
    folders: Vec<PathBuf>,
}

impl ModulePath {
    fn of_process() -> Self {
        let path = std::env::var("TEMBLOR_PATH").or_else(|_| std::env::var("TREMOR_PATH"));
        let path = path.unwrap_or_else(|_| DEFAULT_PATH.to_owned());
        let entries = path.split(':').map(str::trim).filter(|entry| !entry.is_empty());
        let folders = entries
            .filter_map(|entry| std::path::absolute(entry).ok())
            .filter(|folder| folder.is_dir());
        Self {
            folders: folders.collect(),
        }
    }
}

impl Loader for ModulePath {
    fn load(&self, path: &[&str]) -> Result<Loaded, NotFound> {
        let relative: PathBuf = path.iter().collect();
        for extension in ["tremor", "trickle"] {
            for folder in &self.folders {
                let file = folder.join(&relative).with_added_extension(extension);
                if let Ok(text) = std::fs::read_to_string(&file) {
                    return Ok(Loaded {
                        file: file.display().to_string(),
                        text,
                    });
                }
            }
        }
        Err(NotFound {
            searched: self.folders.iter().map(|folder| folder.display().to_string()).collect(),
        })
    }
}

struct Machine {
    hostname: Str,
    instance: Str,
}

impl Machine {
    fn new(instance: &str) -> Self {
        let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").map(|text| text.trim().to_owned());
        let hostname = hostname.ok().filter(|name| !name.is_empty());
        Self {
            hostname: hostname.map_or(Str::from_static("tremor_host.local"), Str::from),
            instance: Str::new(instance),
        }
    }
}

impl Host for Machine {
    fn hostname(&self) -> Str {
        self.hostname.clone()
    }

    fn now_ns(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64)
    }

    fn instance(&self) -> Str {
        self.instance.clone()
    }

    fn version(&self) -> Str {
        Str::from_static(env!("CARGO_PKG_VERSION"))
    }

    fn random_seed(&self) -> u64 {
        self.now_ns() ^ u64::from(std::process::id()).rotate_left(32)
    }

    fn grok_patterns(&self) -> Option<String> {
        std::fs::read_to_string(GROK_PATTERNS).ok()
    }
}

/// Limits with the options of the command line applied.
pub(crate) fn limits(recursion: Option<u32>, given: &[(String, u64)]) -> Result<Limits, String> {
    let mut limits = Limits::default();
    if let Some(recursion) = recursion {
        limits.recursion = recursion;
    }
    for (name, number) in given {
        set_limit(&mut limits, name, *number)?;
    }
    Ok(limits)
}

fn set_limit(limits: &mut Limits, name: &str, number: u64) -> Result<(), String> {
    let at_least = |least: u64| {
        if number < least {
            Err(format!("`{name}` must be at least {least}"))
        } else {
            Ok(number as usize)
        }
    };
    match name {
        "source_depth" => limits.source_depth = at_least(64)?,
        "value_depth" => limits.value_depth = at_least(128)?,
        "value_bytes" => limits.value_bytes = at_least(0)?,
        "value_elements" => limits.value_elements = at_least(0)?,
        "steps" => limits.steps = number,
        "recursion" => limits.recursion = u32::try_from(number).map_err(|_| format!("`{name}` is too large"))?,
        _ => {
            return Err(format!(
                "unknown limit `{name}`, known are source_depth, value_depth, value_bytes, value_elements, steps, recursion"
            ));
        }
    }
    Ok(())
}
