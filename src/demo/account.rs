//! `/login`, `/me` and `/private`.

use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::sessions::Sessions;
use super::shop::Call;
use http::StatusCode;
use serde_json::{Value, json};

/// The one password, whatever the name.
const PASSWORD: &str = "secret";
/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// `POST /login`
pub(super) fn login(sessions: &mut Sessions, call: &Call<'_>) -> Result<Reply, Refusal> {
    let fields = call.json_object()?;
    let name = ["email", "user", "username"].iter().find_map(|key| fields.get(*key).and_then(Value::as_str));
    let name = name.filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_NAME);
    let name = name.ok_or_else(|| Refusal::unprocessable("`email`, `user` or `username` must be a text"))?;
    if fields.get("password").and_then(Value::as_str) != Some(PASSWORD) {
        return Err(Refusal::unauthorized("wrong password; it is `secret`"));
    }
    let token = sessions.begin(name);
    // Hexadecimal digits need no escaping.
    let text = format!("{{\"accessToken\":\"{token}\",\"token\":\"{token}\"}}");
    Ok(reply::json(StatusCode::OK, text.into()))
}

/// `GET /me`
pub(super) fn me(sessions: &mut Sessions, call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, session) = call.session(sessions)?;
    Ok(reply::value(StatusCode::OK, &json!({ "user": session.user })))
}

/// `GET /private`
pub(super) fn private(sessions: &mut Sessions, call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, session) = call.session(sessions)?;
    Ok(reply::value(StatusCode::OK, &json!({ "private": true, "user": session.user })))
}
