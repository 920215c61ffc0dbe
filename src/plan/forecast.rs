//! What a load shape will make of the number of users, without running anything.

use super::{Course, UserTarget};
use std::time::Duration;

/// The users of a run, second by second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// For each second the users that the shape wants at its beginning, and those that its spawn rate allows by then; the most
    /// of both where the shape changes within it.
    pub seconds: Vec<(usize, usize)>,
    /// When the shape ends; none if it goes on beyond the limit.
    pub end: Option<Duration>,
}

/// Follows a shape for at most `limit`; `target_at` is asked when a run asks it: each second, and in between where `next_look`
/// says so.
///
/// # Errors
///
/// The first error of `target_at`.
pub fn forecast<E>(
    limit: Duration,
    next_look: impl Fn(Duration) -> Option<Duration>,
    mut target_at: impl FnMut(Duration) -> Result<Option<UserTarget>, E>,
) -> Result<Forecast, E> {
    let (mut course, mut users) = (Course::default(), 0);
    let mut seconds = Vec::new();
    for second in (0..limit.as_secs()).map(Duration::from_secs) {
        let mut most: Option<(usize, usize)> = None;
        let mut look = Some(second);
        while let Some(now) = look {
            while let Some(change) = course.next_change().filter(|change| *change <= now) {
                users = course.advance(change).unwrap_or(users);
            }
            let Some(target) = target_at(now)? else {
                seconds.extend(most);
                return Ok(Forecast { seconds, end: Some(now) });
            };
            let wanted = target.users;
            if course.target() != Some(&target) {
                course.head_for(target, users, now);
                if course.next_change() == Some(now) {
                    users = course.advance(now).unwrap_or(users);
                }
            }
            let (most_wanted, most_users) = most.unwrap_or_default();
            most = Some((most_wanted.max(wanted), most_users.max(users)));
            look = next_look(now).filter(|next| *next < second + Duration::from_secs(1));
        }
        seconds.extend(most);
    }
    Ok(Forecast { seconds, end: None })
}

#[cfg(test)]
mod tests {
    use super::{Forecast, forecast};
    use crate::plan::{Shape, ShapeStage, Spawn, UserTarget};
    use std::time::Duration;

    fn of(shape: &Shape) -> Forecast {
        let next_look = |at| shape.next_look(at);
        let target_at = |at| Ok::<_, ()>(shape.target_at(at).expect("no function"));
        forecast(Duration::from_secs(60), next_look, target_at).expect("no error")
    }

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
        let found = of(&shape);
        assert_eq!(found.end, Some(Duration::from_secs(11)));
        let users: Vec<_> = found.seconds.iter().map(|(_, users)| *users).collect();
        assert_eq!(users, [2, 4, 4, 5, 6, 7, 1, 1, 2, 2, 2]);
        let wanted: Vec<_> = found.seconds.iter().map(|(wanted, _)| *wanted).collect();
        assert_eq!(wanted, [4, 4, 4, 100, 100, 100, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_shape_without_an_end_is_followed_to_the_limit_and_an_error_ends_it() {
        let target = UserTarget { users: 1, spawn_rate: 1.0, classes: None };
        let (limit, never) = (Duration::from_secs(5), |_| None);
        let endless = forecast(limit, never, |_| Ok::<_, ()>(Some(target.clone()))).unwrap();
        assert_eq!((endless.seconds.len(), endless.end), (5, None));
        assert_eq!(forecast(limit, never, |at| Err(at.as_secs())), Err(0));
    }

    #[test]
    fn what_is_shorter_than_a_second_is_seen() {
        let short = |milliseconds, users| ShapeStage {
            duration: Duration::from_millis(milliseconds),
            ..stage(0, users, None)
        };
        let shape = Shape::Stages(vec![short(300, 1), short(300, 50), short(900, 4), short(700, 2)]);
        let found = of(&shape);
        assert_eq!(found.seconds, [(50, 50), (4, 4), (2, 2)]);
        assert_eq!(found.end, Some(Duration::from_millis(2200)));
    }
}
