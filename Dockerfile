# Temblor in a container. It was not built where Temblor is developed: those machines have no container runtime.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package temblor

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/temblor /temblor
RUN ln -s /temblor /tremor
ENV TREMOR_PATH=/usr/local/share/tremor:/usr/share/tremor/lib
# An init process forwards signals, so that stopping the container drains it.
ENTRYPOINT ["/usr/bin/tini", "--", "/temblor"]
