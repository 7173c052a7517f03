//! Measures how long a message takes to be read and written, compared with serde_json's `Value` in the same run.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phxproof::Vsn;
use phxproof::internal::protocol::Frame;
use phxproof::internal::wire::websocket::{self, Header, Opcode};
use serde_json::Value;

/// A reply, an annotation, and an annotation with a long body.
fn messages() -> [(&'static str, String); 3] {
    let annotation = |body: &str| {
        let user = r#"{"id":7,"username":"ana"}"#;
        format!(
            r#"[null,null,"videos:42","new_annotation",{{"id":1234,"at":61500,"body":"{body}","user":{user}}}]"#
        )
    };
    [
        (
            "reply",
            r#"["3","17","videos:42","phx_reply",{"response":{},"status":"ok"}]"#.to_owned(),
        ),
        ("annotation", annotation("look at this, a remark!")),
        (
            "long annotation",
            annotation(&"a remark of some length, with a dash or two; ".repeat(5)[..224]),
        ),
    ]
}

fn decode(c: &mut Criterion) {
    for (name, text) in messages() {
        let mut group = c.benchmark_group(format!("decode {name}, {} bytes", text.len()));
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("serde_json Value", |b| {
            b.iter(|| serde_json::from_str::<Value>(black_box(&text)).is_ok());
        });
        group.bench_function("walked", |b| {
            b.iter(|| black_box(Vsn::V2.decode_from_server(Frame::Text(black_box(&text)))).is_ok());
        });
        group.bench_function("checked", |b| {
            b.iter(|| black_box(Vsn::V2.decode_from_client(Frame::Text(black_box(&text)))).is_ok());
        });
        group.finish();
    }
}

fn encode(c: &mut Criterion) {
    for (name, text) in messages() {
        let mut group = c.benchmark_group(format!("encode {name}, {} bytes", text.len()));
        group.throughput(Throughput::Bytes(text.len() as u64));
        let value: Value = serde_json::from_str(&text).expect("a message is JSON");
        let message = Vsn::V2.decode_from_server(Frame::Text(&text)).expect("a message");
        let mut out = Vec::with_capacity(1024);
        group.bench_function("serde_json Value", |b| {
            b.iter(|| {
                out.clear();
                serde_json::to_writer(&mut out, black_box(&value)).is_ok()
            });
        });
        group.bench_function("ours", |b| {
            b.iter(|| {
                out.clear();
                Vsn::V2.encode_from_client(black_box(&message), &mut out).is_ok()
            });
        });
        group.finish();
    }
}

fn reply(c: &mut Criterion) {
    let [(_, text), ..] = messages();
    let message = Vsn::V2.decode_from_server(Frame::Text(&text)).expect("a message");
    c.bench_function("status and response of a reply", |b| {
        b.iter(|| black_box(black_box(&message).reply()))
    });
}

fn frames(c: &mut Criterion) {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = Vec::new();
    websocket::write_frame(Opcode::Text, &[b'x'; 64], Some(key), &mut frame);
    c.bench_function("parse a frame's header", |b| {
        b.iter(|| black_box(Header::parse(black_box(&frame))))
    });
    for bytes in [64, 1024] {
        let mut payload = vec![b'x'; bytes];
        let mut group = c.benchmark_group("mask");
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("{bytes} bytes"), |b| {
            b.iter(|| websocket::mask(black_box(&mut payload), black_box(key), 0));
        });
        group.finish();
    }
}

criterion_group!(benches, decode, encode, reply, frames);
criterion_main!(benches);
