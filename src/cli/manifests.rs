//! Reading the manifests of a run.

use super::settings::Origin;
use crate::manifest::Manifest;
use crate::plan;
use crate::util::{Diagnostic, Place};
use std::path::PathBuf;

/// The manifests at `paths`, which `origin` gave, and what the user should know about them.
///
/// # Errors
///
/// One that cannot be read or understood.
pub(super) fn read_manifests(
    paths: &[PathBuf],
    origin: &Origin,
) -> Result<(Vec<Manifest>, Vec<Diagnostic>), Diagnostic> {
    let mut manifests = Vec::new();
    let mut warnings = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&name, &error, origin))?;
        let (manifest, warned) = Manifest::parse(&name, &text)?;
        manifests.push(manifest);
        warnings.extend(warned);
    }
    Ok((manifests, warnings))
}

fn unreadable(name: &str, error: &std::io::Error, origin: &Origin) -> Diagnostic {
    if let Origin::Script(place) = origin {
        let diagnostic = Diagnostic::error(format!("cannot read the manifest {name}: {error}"))
            .help("a manifest that a script names is looked for from the main script's folder");
        return match plan::place(place) {
            Some(place) => diagnostic.at(place),
            None => diagnostic,
        };
    }
    Diagnostic::error(format!("cannot read the manifest: {error}"))
        .at(Place::file(name))
        .help("a manifest is a YAML file, named by its path from the working folder")
}
