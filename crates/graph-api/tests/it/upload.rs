use bytes::Bytes;
use futures::stream;
use graph_api::client::{GraphClient, GraphConfig, Upload};
use secrecy::SecretString;

use crate::server::{Act, Server};

#[tokio::test]
async fn a_file_is_handed_on_as_it_arrives_and_its_answer_as_it_is() {
    let server = Server::start([Act::Answer(200, br#"{"id":"7"}"#.to_vec())]).await;
    let client = GraphClient::new(&GraphConfig::new(&server.url, "v25.0").unwrap()).unwrap();
    let parts = ["--x\r\n", "file\r\n", "--x--"].map(|part| Ok::<_, String>(Bytes::from(part)));
    let upload = Upload {
        content_type: "multipart/form-data; boundary=x".into(),
        length: Some(16),
        body: stream::iter(parts),
    };

    let path = "106540352242922/media".parse().unwrap();
    let answer = client.upload(&path, upload, &SecretString::from("EAAB-a-token")).await.unwrap();

    assert_eq!((answer.status, answer.body.as_ref()), (200, br#"{"id":"7"}"#.as_slice()));
    let heard = server.heard();
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "--x\r\nfile\r\n--x--");
    assert!(head.starts_with("POST /v25.0/106540352242922/media "), "{head}");
    for header in [
        "authorization: Bearer EAAB-a-token",
        "content-type: multipart/form-data; boundary=x",
        "content-length: 16",
    ] {
        assert!(head.contains(header), "{head}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    let server = Server::start([]).await;
    let client = GraphClient::new(&GraphConfig::new(&server.url, "v25.0").unwrap()).unwrap();
    let upload = Upload {
        content_type: "multipart/form-data; boundary=x".into(),
        length: Some(16),
        body: stream::iter([Ok(Bytes::from("--x\r\n")), Err("broken".to_owned())]),
    };

    let path = "106540352242922/media".parse().unwrap();
    let answer = client.upload(&path, upload, &SecretString::from("EAAB-a-token")).await;

    assert!(answer.is_err());
    assert_eq!(server.requests(), 0);
}
