# katydid in a container. Scripts come in by a mount:
#   docker build -t katydid .
#   docker run --rm -v "$PWD:/scripts" katydid run load.rhai --host https://example.org -u 10 -t 30s

FROM rust:1.95-slim-bookworm AS build
# A C compiler for ring (TLS) and mimalloc.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /katydid
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 katydid
COPY --from=build /katydid/target/release/katydid /usr/local/bin/katydid
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/katydid/
USER katydid
WORKDIR /scripts
ENTRYPOINT ["katydid"]
