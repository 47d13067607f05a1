//! The smallest program of Rust's reqwest with roots compiled in: clients roots
//! CASE,CASE. It calls the provider's own host with reqwest's own defaults and
//! prints what came.

use reqwest::blocking::Client;

fn main() {
    let mut args = std::env::args().skip(2);
    let client = Client::new();
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
