//! What a load shape will make of the number of users, without running anything.

use super::{Course, UserTarget};
use std::time::Duration;

/// The users of a run, second by second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// For each second the users that the shape wants, and those that its spawn rate allows by then.
    pub seconds: Vec<(usize, usize)>,
    /// Whether the shape ended; otherwise it went on beyond the limit.
    pub ends: bool,
}

/// Follows a shape for at most `limit`; `target_at` is asked once a second, as a run asks it.
///
/// # Errors
///
/// The first error of `target_at`.
pub fn forecast<E>(
    limit: Duration,
    mut target_at: impl FnMut(Duration) -> Result<Option<UserTarget>, E>,
) -> Result<Forecast, E> {
    let (mut course, mut users) = (Course::default(), 0);
    let mut seconds = Vec::new();
    for now in (0..limit.as_secs()).map(Duration::from_secs) {
        while let Some(change) = course.next_change().filter(|change| *change <= now) {
            users = course.advance(change).unwrap_or(users);
        }
        let Some(target) = target_at(now)? else { return Ok(Forecast { seconds, ends: true }) };
        let wanted = target.users;
        if course.target() != Some(&target) {
            course.head_for(target, users, now);
            if course.next_change() == Some(now) {
                users = course.advance(now).unwrap_or(users);
            }
        }
        seconds.push((wanted, users));
    }
    Ok(Forecast { seconds, ends: false })
}

#[cfg(test)]
mod tests {
    use super::forecast;
    use crate::plan::{Shape, ShapeStage, Spawn, UserTarget};
    use std::time::Duration;

    fn stage(seconds: u64, users: usize, rate: Option<f64>) -> ShapeStage {
        ShapeStage { duration: Duration::from_secs(seconds), users, spawn: Spawn { rate, classes: None } }
    }

    #[test]
    fn ramps_take_their_time_and_stages_do_not_wait_for_them() {
        let shape = Shape::Stages(vec![
            stage(3, 4, Some(2.0)),
            stage(3, 100, Some(1.0)),
            stage(2, 1, None),
            stage(3, 2, Some(0.5)),
        ]);
        let found =
            forecast(Duration::from_secs(60), |at| Ok::<_, ()>(shape.target_at(at).expect("no function")));
        let found = found.expect("no error");
        assert!(found.ends);
        let users: Vec<_> = found.seconds.iter().map(|(_, users)| *users).collect();
        assert_eq!(users, [2, 4, 4, 5, 6, 7, 1, 1, 2, 2, 2]);
        let wanted: Vec<_> = found.seconds.iter().map(|(wanted, _)| *wanted).collect();
        assert_eq!(wanted, [4, 4, 4, 100, 100, 100, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_shape_without_an_end_is_followed_to_the_limit_and_an_error_ends_it() {
        let target = UserTarget { users: 1, spawn_rate: 1.0, classes: None };
        let endless = forecast(Duration::from_secs(5), |_| Ok::<_, ()>(Some(target.clone()))).unwrap();
        assert_eq!((endless.seconds.len(), endless.ends), (5, false));
        assert_eq!(forecast(Duration::from_secs(5), |at| Err(at.as_secs())), Err(0));
    }
}
