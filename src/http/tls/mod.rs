//! TLS: whom a user trusts, who it is, and what it may take up again.

pub(super) mod configuration;
pub(super) mod pem;
pub(super) mod sessions;
pub(super) mod trust;
