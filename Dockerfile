# phxproof in a small image: docker build -t phxproof . && docker run --rm --network host phxproof check --target URL
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN cargo install --locked --path . --root /out

# Alpine, not an empty image: --exec needs a shell, and TLS the authorities of the system.
FROM alpine:3
RUN apk add --no-cache ca-certificates
COPY --from=build /out/bin/phxproof /usr/local/bin/phxproof
WORKDIR /work
ENTRYPOINT ["phxproof"]
