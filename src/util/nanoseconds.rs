//! Durations in files: whole nanoseconds, so that what is read is what was written. Fields that hold them are named `.._ns`.
//!
//! For `#[serde(with = "..")]`: this module for a duration, [`option`] and [`list`] for one that may be missing and for
//! several.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// As many as a u64 holds: 584 years.
fn whole(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    whole(*duration).serialize(serializer)
}

/// # Errors
///
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_nanos)
}

/// A duration that may be missing.
pub mod option {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer, whole};

    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(whole).serialize(serializer)
    }

    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_nanos))
    }
}

/// Several durations.
pub mod list {
    use super::{Deserialize, Deserializer, Duration, Serializer, whole};

    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(durations.iter().copied().map(whole))
    }

    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(Duration::from_nanos).collect())
    }
}
