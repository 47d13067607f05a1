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
    for (path, body) in args.next().unwrap().split(',').flat_map(calls) {
        let r = client
            .post(format!("https://api.openai.com/v1/{path}"))
            .header("Content-Type", "application/json")
            .bearer_auth(std::env::var("OPENAI_API_KEY").unwrap())
            .body(body)
            .send()
            .unwrap();
        println!("{:?} {} {}", r.version(), r.status(), r.text().unwrap());
    }
}

/// What a program without a library sends: the paths and the bodies.
fn calls(what: &str) -> Vec<(&'static str, String)> {
    let hello = r#"{"role":"user","content":"Say hello."}"#;
    let ask = r#"{"role":"user","content":"What is the weather in Oslo?"}"#;
    let tools = r#""tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}],"#;
    let call = r#"{"role":"assistant","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]}"#;
    let result = r#"{"role":"tool","tool_call_id":"call_1","content":"12 degrees"}"#;
    let chat = |more: &str, messages: &str| {
        let body = format!(r#"{{"model":"gpt-4o-mini",{more}"messages":[{messages}]}}"#);
        ("chat/completions", body)
    };
    match what {
        "chat" => vec![chat("", hello)],
        "stream" => vec![chat(r#""stream":true,"#, hello)],
        "tools" => vec![
            chat(tools, ask),
            chat(tools, &[ask, call, result].join(",")),
        ],
        "embed" => vec![(
            "embeddings",
            r#"{"model":"text-embedding-3-small","input":"hello"}"#.to_string(),
        )],
        other => panic!("no case: {other}"),
    }
}
