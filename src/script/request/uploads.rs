//! Bodies of requests that have parts or files: `multipart: ..` and `body: #{ path: .. }`.

use crate::http::{Finished, Multipart, Part, PartContent, Upload, UploadFile};
use crate::script::context::current;
use crate::script::data::files;
use crate::script::options::{BODY_FILE_OPTIONS, PART_OPTIONS};
use crate::script::value::convert::{refuse, string, type_text};
use crate::script::value::pairs::{entries, is_scalar};
use crate::util::nearest;
use ::http::HeaderValue;
use bytes::Bytes;
use rhai::{Blob, Dynamic, EvalAltResult, Map};
use std::path::Path;

type Result<T> = std::result::Result<T, Box<EvalAltResult>>;

/// What is in bytes or in a file, and nobody says what it is.
const ANYTHING: &str = "application/octet-stream";

/// A file as the body of a request, and its type.
pub(super) fn body_file(options: &Map) -> Result<(Upload, String)> {
    let options = FileOptions::read("body", options, BODY_FILE_OPTIONS)?;
    let path =
        options.path.ok_or_else(|| refuse("`body` has no `path`; write `body: #{ path: \"file\" }`"))?;
    let content_type = options.content_type.unwrap_or_else(|| guessed(&path).to_owned());
    Ok((Upload::of_file(find(&path)?), content_type))
}

/// The body that `multipart` describes, with `boundary` between its parts.
pub(super) fn multipart(value: &Dynamic, boundary: String) -> Result<Finished> {
    let mut multipart = Multipart::new(boundary);
    for (name, values) in entries("multipart", value, read_part)? {
        for part in values {
            multipart.push(Part { name: name.clone(), ..part });
        }
    }
    Ok(multipart.finish())
}

/// One value of `multipart`, without its name.
fn read_part(value: &Dynamic) -> Result<Part> {
    if let Some(options) = value.read_lock::<Map>() {
        return read_file_part(FileOptions::read("multipart", &options, PART_OPTIONS)?);
    }
    let Some(content) = content_of(value) else {
        return Err(refuse(format!(
            "a value of `multipart` must be text, a number, a boolean, a blob or a file `#{{ path: \"..\" }}`, not {}",
            type_text(value)
        )));
    };
    let content_type = value.is_blob().then(|| HeaderValue::from_static(ANYTHING));
    Ok(Part { name: String::new(), file_name: None, content_type, content: PartContent::Bytes(content) })
}

fn read_file_part(options: FileOptions) -> Result<Part> {
    let FileOptions { path, data, name, content_type } = options;
    let (content, file_name, default_type) = match (path, data) {
        (Some(path), None) => {
            let file = find(&path)?;
            let own_name = || Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.or_else(own_name).unwrap_or_default();
            // The name that the server is told may say more than the one on disk.
            let named = guessed(&name);
            let default = if named == ANYTHING { guessed(&path) } else { named };
            (PartContent::File(file), Some(name), Some(default))
        }
        (None, Some(data)) => {
            let content = content_of(&data).ok_or_else(|| {
                refuse(format!("`data` in `multipart` must be text or a blob, not {}", type_text(&data)))
            })?;
            let default = name.as_deref().map(guessed).or_else(|| data.is_blob().then_some(ANYTHING));
            (PartContent::Bytes(content), name, default)
        }
        (Some(_), Some(_)) => {
            return Err(refuse("a part of `multipart` has both `path` and `data`; give one of them"));
        }
        (None, None) => {
            return Err(refuse(
                "a map in `multipart` must have a `path`, as in `#{ path: \"file.png\" }`, or `data`",
            ));
        }
    };
    let content_type = content_type.or_else(|| default_type.map(str::to_owned));
    let content_type = content_type.map(|text| {
        HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| refuse(format!("`type` in `multipart` has a control character: {text:?}")))
    });
    Ok(Part { name: String::new(), file_name, content_type: content_type.transpose()?, content })
}

/// The bytes of text, a plain value or a blob; none if it is something else.
fn content_of(value: &Dynamic) -> Option<Bytes> {
    if let Some(blob) = value.read_lock::<Blob>() {
        return Some(Bytes::copy_from_slice(&blob));
    }
    is_scalar(value).then(|| Bytes::from(value.to_string()))
}

/// What a map says about a file, or about data that is sent like one.
#[derive(Default)]
struct FileOptions {
    path: Option<String>,
    data: Option<Dynamic>,
    name: Option<String>,
    content_type: Option<String>,
}

impl FileOptions {
    /// Reads the map that `what` holds; it may have the `known` keys.
    fn read(what: &str, options: &Map, known: &[&str]) -> Result<Self> {
        let mut read = Self::default();
        for (key, value) in options.iter().filter(|(_, value)| !value.is_unit()) {
            let text = || string(&format!("`{key}` in `{what}`"), value).map(String::from);
            match key.as_str() {
                key if !known.contains(&key) => {
                    let hint = match nearest(key, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known are {}", known.join(", ")),
                    };
                    return Err(refuse(format!("unknown key `{key}` in `{what}`; {hint}")));
                }
                "path" => read.path = Some(text()?),
                "name" => read.name = Some(text()?),
                "type" => read.content_type = Some(text()?),
                _ => read.data = Some(value.clone()),
            }
        }
        Ok(read)
    }
}

/// The file that the script calls `path`.
fn find(path: &str) -> Result<UploadFile> {
    let folder = &current::world().folder;
    UploadFile::find(&folder.join(path)).map_err(|error| refuse(files::cannot_read(path, folder, &error)))
}

/// The type that the extension of a file's name stands for.
fn guessed(name: &str) -> &'static str {
    mime_guess::from_path(name).first_raw().unwrap_or(ANYTHING)
}

/// What stands between the parts of a body: what the script's own `Content-Type` says, or something random. With it the
/// type that is to be sent in place of the script's own, where there is one.
pub(super) fn boundary(own_type: Option<&HeaderValue>) -> (String, Option<String>) {
    let random = Multipart::random_boundary;
    let Some(own) = own_type else {
        let boundary = random();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        return (boundary, Some(content_type));
    };
    let own = String::from_utf8_lossy(own.as_bytes());
    let parameters = own.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('='));
    let given = parameters
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"'))
        .find(|value| !value.is_empty());
    match given {
        Some(given) => (given.to_owned(), None),
        None if own.trim_start().to_ascii_lowercase().starts_with("multipart/") => {
            let boundary = random();
            let content_type = format!("{}; boundary={boundary}", own.trim_end_matches([';', ' ']));
            (boundary, Some(content_type))
        }
        // Whoever says that it is something else means it.
        None => (random(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::{boundary, guessed};
    use http::HeaderValue;

    #[test]
    fn types_follow_the_extension() {
        for (name, expected) in [
            ("a.png", "image/png"),
            ("a.JPEG", "image/jpeg"),
            ("dir.d/a.json", "application/json"),
            ("a.csv", "text/csv"),
            ("a", "application/octet-stream"),
            ("a.nobody-knows", "application/octet-stream"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(guessed(name), expected, "{name}");
        }
    }

    #[test]
    fn a_boundary_is_random_unless_it_is_given() {
        let of = |own: &'static str| boundary(Some(&HeaderValue::from_static(own)));
        let (random, content_type) = boundary(None);
        assert_eq!(content_type, Some(format!("multipart/form-data; boundary={random}")));
        let (random, content_type) = of("Multipart/Mixed;");
        assert_eq!(content_type, Some(format!("Multipart/Mixed; boundary={random}")));
        assert_eq!(of("multipart/related; type=a; Boundary=\"x y\""), ("x y".to_owned(), None));
        assert_eq!(of("text/plain").1, None);
    }
}
