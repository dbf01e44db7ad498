//! Images, as registries know them: layers, a configuration, and a manifest that says which.

use serde_json::{Value, json};

use super::upstream::Upstream;
use crate::harness::client::{Connection, Response};
use crate::harness::{PATIENCE, random::Random};

pub(super) const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// An image that was made here.
pub(super) struct Image {
    /// The configuration comes last.
    pub(super) blobs: Vec<Vec<u8>>,
    pub(super) manifest: Vec<u8>,
}

/// `sha256:` and the digits.
pub(super) fn digest(content: &[u8]) -> String {
    let value = ring::digest::digest(&ring::digest::SHA256, content);
    let digits: String = value
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{digits}")
}

/// Bytes that look like nothing.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut random = Random::seeded();
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

impl Image {
    /// An image of these layers.
    pub(super) fn of(layers: Vec<Vec<u8>>) -> Self {
        let about = |kind: &str, blob: &[u8]| {
            json!({
                "mediaType": format!("application/vnd.docker.{kind}"),
                "size": blob.len(),
                "digest": digest(blob)
            })
        };
        let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}
        });
        let config = config.to_string().into_bytes();
        let layer = |blob: &Vec<u8>| about("image.rootfs.diff.tar.gzip", blob);
        let manifest: Value = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": about("container.image.v1+json", &config),
            "layers": layers.iter().map(layer).collect::<Vec<Value>>()
        });
        let mut blobs = layers;
        blobs.push(config);
        Self {
            blobs,
            manifest: manifest.to_string().into_bytes(),
        }
    }

    /// How long all blobs are together.
    pub(super) fn size(&self) -> usize {
        self.blobs.iter().map(Vec::len).sum()
    }

    /// Brings it into a registry.
    pub(super) fn push(&self, upstream: &Upstream, repository: &str, tag: &str) {
        let mut connection = Connection::open(upstream.address(), PATIENCE).unwrap();
        for blob in &self.blobs {
            let begun = send(
                &mut connection,
                "POST",
                &format!("/v2/{repository}/blobs/uploads/"),
                "",
                b"",
            );
            assert_eq!(begun.status, 202, "{}", begun.text());
            let place = begun.header("Location").unwrap().to_owned();
            let path = &place[place.find("/v2/").unwrap()..];
            let target = format!("{path}&digest={}", digest(blob));
            let put = send(
                &mut connection,
                "PUT",
                &target,
                "application/octet-stream",
                blob,
            );
            assert_eq!(put.status, 201, "{}", put.text());
        }
        let target = format!("/v2/{repository}/manifests/{tag}");
        let put = send(&mut connection, "PUT", &target, MANIFEST, &self.manifest);
        assert_eq!(put.status, 201, "{}", put.text());
    }
}

fn send(
    connection: &mut Connection,
    method: &str,
    target: &str,
    kind: &str,
    body: &[u8],
) -> Response {
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: registry\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    connection.send(head.as_bytes()).unwrap();
    connection.send(body).unwrap();
    connection.receive(method).unwrap()
}
