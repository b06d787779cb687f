# syntax=docker/dockerfile:1

# The version of rust-toolchain.toml. That file is not copied: it would have what only tests and the browser's package need installed.
FROM rust:1.95.0-bookworm AS build
WORKDIR /build
# The manifests of the whole workspace have to be there with what they name, though only the gateway is built.
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY benches benches
COPY examples examples
COPY crates crates
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked -p res-gateway --bin res-gateway \
    && cp target/release/res-gateway /res-gateway

# The same C library, the certificates of the usual authorities, and nothing to start a shell with.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /res-gateway /usr/local/bin/res-gateway
USER nonroot
EXPOSE 8080
# An empty address is every one: 127.0.0.1 would be that of the container alone.
ENTRYPOINT ["/usr/local/bin/res-gateway", "--addr", ""]
