//! The smallest programs of Rust's reqwest: clients BACKEND CASE,CASE. Each calls
//! the provider's own host with reqwest's own defaults and prints what came.

use reqwest::blocking::Client;

fn main() {
    let mut args = std::env::args().skip(1);
    let builder = match args.next().as_deref() {
        Some("rustls") => Client::builder().tls_backend_rustls(),
        Some("native-tls") => Client::builder().tls_backend_native(),
        other => panic!("no backend: {other:?}"),
    };
    let client = builder.build().unwrap();
    for what in args.next().unwrap().split(',') {
        let stream = if what == "stream" {
            r#""stream":true,"#
        } else {
            ""
        };
        let body = format!(
            r#"{{"model":"gpt-4o-mini",{stream}"messages":[{{"role":"user","content":"Say hello."}}]}}"#
        );
        let answer = client
            .post("https://api.openai.com/v1/chat/completions")
            .header("Content-Type", "application/json")
            .bearer_auth(std::env::var("OPENAI_API_KEY").unwrap())
            .body(body)
            .send();
        match answer {
            Ok(r) => println!("{:?} {} {}", r.version(), r.status(), r.text().unwrap()),
            Err(e) => {
                println!("{e}");
                std::process::exit(4);
            }
        }
    }
}
