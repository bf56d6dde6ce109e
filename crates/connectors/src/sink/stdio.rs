//! `stdout` and `stderr` (spec/artefacts.md 9.17).

use std::io::{stderr, stdout};

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_value::Str;

use super::line::{Form, build};
use crate::unknown_keys::warn;

/// The connector type `stdout`, for registration.
pub const STDOUT: SinkType = SinkType {
    name: "stdout",
    default_codec: "json",
    passes_bodies: false,
    plan: |ramp| {
        let form = ramp.optional_config(read)?;
        Ok(SinkPlan::new(|start| build(ramp, &start, form, "stdout-writer", stdout())))
    },
};

/// The connector type `stderr`, for registration.
pub const STDERR: SinkType = SinkType {
    name: "stderr",
    default_codec: "json",
    passes_bodies: false,
    plan: |ramp| {
        let form = ramp.optional_config(read)?;
        Ok(SinkPlan::new(|start| build(ramp, &start, form, "stderr-writer", stderr())))
    },
};

fn read(mut reader: ConfigReader<'_>) -> Result<Form, ConfigError> {
    let form = Form {
        prefix: reader.or("prefix", Str::default())?,
        is_raw: reader.or("raw", false)?,
    };
    warn(reader);
    Ok(form)
}
