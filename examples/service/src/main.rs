//! An object store's front: each request is an action on an object, which policies allow or not.
//!
//! ```sh
//! cargo run -- policies 127.0.0.1:8080
//! curl -H 'caller: arn:aws:iam::111122223333:user/ann' http://127.0.0.1:8080/reports/ann/q1.csv
//! ```
//!
//! Who calls is a header here; a service has verified it before. Policies are read again when a file of the folder changes.
//! Who is refused gets to know what would have to change.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{env, error, fs};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::routing::any;
use axum::{Json, Router};
use portcullis::{Authorizer, CallSite, Live, PolicySet, Principal, Query, Value};
use serde_json::{Value as Answer, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

type Failure = Box<dyn error::Error + Send + Sync>;

const KEYS: [&str; 2] = ["aws:SourceIp", "aws:SecureTransport"];

/// What changes together: policies, and the places of this program that ask.
struct Policies {
    authorizer: Authorizer,
    get: CallSite,
    put: CallSite,
    delete: CallSite,
}

/// Reads a folder: `bucket.json` is the bucket's policy, the others are those of callers.
fn load(folder: &Path) -> Result<Policies, Failure> {
    let mut set = PolicySet::new();
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::path);
    for file in files {
        let (name, text) = (file.file_name(), fs::read_to_string(file.path())?);
        let name = name.to_string_lossy();
        set = match &*name {
            "bucket.json" => set.resource(&name, &text),
            _ => set.identity(&name, &text),
        };
    }
    let authorizer = Authorizer::new([set.compile()?]);
    Ok(Policies {
        get: authorizer.prepare("s3:GetObject", &KEYS),
        put: authorizer.prepare("s3:PutObject", &KEYS),
        delete: authorizer.prepare("s3:DeleteObject", &KEYS),
        authorizer,
    })
}

async fn object(
    State(live): State<Arc<Live<Policies>>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> (StatusCode, Json<Answer>) {
    let refuse = |status, why: &str| (status, Json(json!({ "error": why })));
    let policies = live.current();
    let site = match *request.method() {
        Method::GET => &policies.get,
        Method::PUT => &policies.put,
        Method::DELETE => &policies.delete,
        _ => return refuse(StatusCode::METHOD_NOT_ALLOWED, "GET, PUT or DELETE"),
    };
    let caller = request.headers().get("caller").map(|arn| arn.to_str());
    let principal = match caller {
        None => Principal::anonymous(),
        Some(Ok(arn)) => match Principal::from_arn(arn) {
            Ok(principal) => principal,
            Err(error) => return refuse(StatusCode::UNAUTHORIZED, &error.to_string()),
        },
        Some(Err(_)) => return refuse(StatusCode::UNAUTHORIZED, "`caller` is no text"),
    };
    let object = format!("arn:aws:s3:::store{}", request.uri().path());
    let values = [Value::Ip(peer.ip().to_canonical()), Value::Bool(false)];
    let query = Query::at(site, &values, &principal, &object).owner("111122223333");
    let outcome = policies.authorizer.decide(&query);
    if outcome.is_allow() {
        let answer = json!({ "object": object, "revision": policies.revision() });
        return (StatusCode::OK, Json(answer));
    }
    let why = policies.authorizer.explain(&query);
    let answer = json!({
        "error": why.message(),
        "why": why.to_string().lines().collect::<Vec<_>>(),
        "missing": why.missing_keys,
        "revision": policies.revision(),
    });
    (StatusCode::FORBIDDEN, Json(answer))
}

fn changed(folder: &Path) -> Option<SystemTime> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|file| file.path());
    let times = files
        .chain([folder.into()])
        .map(|path| fs::metadata(path)?.modified());
    times.filter_map(Result::ok).max()
}

async fn watch(live: Arc<Live<Policies>>, folder: PathBuf) {
    let mut read = changed(&folder);
    loop {
        sleep(Duration::from_millis(200)).await;
        let now = changed(&folder);
        if now != read {
            read = now;
            match live.try_replace(|_| load(&folder)) {
                Ok(revision) => println!("revision {revision} is in force"),
                Err(error) => eprintln!("the policies stay as they are: {error}"),
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "policies".into()));
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".into());
    let live = Arc::new(Live::new(load(&folder)?));
    tokio::spawn(watch(Arc::clone(&live), folder));
    let listener = TcpListener::bind(&address).await?;
    println!("listening on {}", listener.local_addr()?);
    let service = Router::new()
        .route("/{*object}", any(object))
        .with_state(live);
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}
