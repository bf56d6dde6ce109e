//! `file`: a line per packet (spec/artefacts.md 9.8).

use std::fs::File;

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_runtime::source::StartError;
use temblor_value::Str;

use super::line::{Form, build};
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "file",
    default_codec: "json",
    passes_bodies: false,
    plan: |ramp| {
        let name = ramp.config(read)?;
        Ok(SinkPlan::new(move |start| {
            let file = File::create(name.as_str()).map_err(|error| StartError(format!("cannot create `{name}`: {error}")))?;
            let form = Form {
                prefix: Str::default(),
                is_raw: true,
            };
            build(ramp, &start, form, "file-writer", file)
        }))
    },
};

fn read(mut reader: ConfigReader<'_>) -> Result<Str, ConfigError> {
    let name = reader.required("file")?;
    warn(reader);
    Ok(name)
}
