//! Files to read from, decompressed by their extension: `xz` as the specification says, `gz` and `zst` besides.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use temblor_runtime::source::StartError;

/// What a file's content is read from.
pub(crate) type Input = Box<dyn Read + Send>;

/// Opens a file.
pub(crate) fn open(name: &str) -> Result<Input, StartError> {
    open_file(Path::new(name)).map_err(|error| StartError(format!("cannot open `{name}`: {error}")))
}

/// The content of a file.
pub(crate) fn read(name: &str) -> Result<Vec<u8>, StartError> {
    let mut content = Vec::new();
    open(name)?
        .read_to_end(&mut content)
        .map_err(|error| StartError(format!("cannot read `{name}`: {error}")))?;
    Ok(content)
}

fn open_file(path: &Path) -> io::Result<Input> {
    let file = File::open(path)?;
    Ok(match path.extension().and_then(OsStr::to_str) {
        Some("xz") => Box::new(XzDecoder::new_multi_decoder(BufReader::new(file))),
        Some("gz") => Box::new(MultiGzDecoder::new(BufReader::new(file))),
        Some("zst") => Box::new(zstd::Decoder::new(file)?),
        _ => Box::new(file),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"first\nsecond\n";

    fn written(name: &str, content: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        read(file.to_str().unwrap()).unwrap()
    }

    #[test]
    fn the_extension_decides() {
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(TEXT).unwrap();
        assert_eq!(written("a.log.xz", &xz.finish().unwrap()), TEXT);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(TEXT).unwrap();
        assert_eq!(written("a.gz", &gz.finish().unwrap()), TEXT);
        assert_eq!(written("a.zst", &zstd::encode_all(TEXT, 1).unwrap()), TEXT);
        assert_eq!(written("a.json", TEXT), TEXT);
        assert_eq!(written("xz", TEXT), TEXT);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read("/nowhere/a.json").unwrap_err().to_string();
        assert!(error.starts_with("cannot open `/nowhere/a.json`: "), "{error}");
    }
}
