# js_header_filter: a script changes the head of an answer

=== fields are added, changed and removed, whoever made the answer
--- file main.js
function headers(r) {
    r.headersOut["X-Status"] = String(r.status);
    r.headersOut["X-Many"] = ["1", "2"];
    delete r.headersOut["X-Secret"];
    r.headersOut["Content-Length"] = "3";
    r.headersOut["Content-Type"] = "text/x";
    if (r.uri === "/teapot") { r.status = 418; }
}
export default { headers };
--- http_config
js_import $DIR/main.js;
--- origin a
GET /proxied 200
    X-Secret: 1
    | from an origin
--- config
js_header_filter main.headers;
location /local { return 200 "0123456789"; }
location /teapot { return 200 "tea"; }
location /proxied { proxy_pass http://$ORIGIN_a; }
--- requests
GET /local 200 = 0123456789
--- response_headers
X-Status: 200
X-Many: 1
Content-Type: text/x
Content-Length: 10
--- requests
GET /teapot 418 = tea
GET /proxied 200 = from an origin
--- response_headers
!X-Secret
X-Status: 200

=== one that throws, or takes too long, refuses the answer: nothing of it leaves
--- file main.js
function throws(r) { r.headersOut["X-Before"] = "1"; throw new Error("late"); }
function loops(r) { for (;;); }
function content(r) { r.headersOut["X-Secret"] = "1"; r.return(200, "secret"); }
function filter(r, data, flags) { r.sendBuffer(data, flags); }
async function stream(r) {
    r.headersOut["X-Secret"] = "1";
    r.sendHeader();
    r.send("secret");
    await new Promise((resolve) => { setTimeout(resolve, 60000); });
}
export default { throws, loops, content, filter, stream };
--- file html/file.txt
secret
--- http_config
js_import $DIR/main.js;
js_limit_time 100ms;
metric_zone statuses:128k count;
proxy_cache_path $DIR/cache keys_zone=kept:1m;
--- origin a
GET /proxied 200
    X-Secret: 1
    Content-Length: 6
    | secret
--- config
location / {
metric statuses $status;
js_header_filter main.throws;
error_page 404 =200 /page;
location /local { add_header X-Added 1; return 200 "secret"; }
location /proxied { proxy_pass http://$ORIGIN_a; }
location /kept { proxy_cache kept; proxy_cache_valid 10m; proxy_pass http://$ORIGIN_a/proxied; }
location /content { js_content main.content; }
location /stream { js_content main.stream; }
location /packed { gzip on; gzip_min_length 1; js_body_filter main.filter; default_type text/html; return 200 "secret"; }
location /page { return 200 "secret"; }
location /nothing { return 204; }
location /moved { return 302 /secret; }
location /loops { js_header_filter main.loops; return 200 "secret"; }
}
--- requests
GET /loops 500 ~ 500 Internal Server Error
GET /local 500 ~ 500 Internal Server Error
--- response_headers
!X-Before
!X-Added
Content-Type: text/html
--- requests
GET /proxied 500 ~ 500 Internal Server Error
--- response_headers
!X-Secret
--- requests
HEAD /proxied 500
GET /content 500 ~ 500 Internal Server Error
--- response_headers
!X-Secret
--- requests
GET /stream 500 ~ 500 Internal Server Error
--- response_headers
!X-Secret
--- requests
GET /kept 500 x2 ~ 500 Internal Server Error
--- response_headers
!X-Secret
--- requests
GET /packed 500 ~ 500 Internal Server Error
    Accept-Encoding: gzip
GET /missing 500 ~ 500 Internal Server Error
GET /nothing 500 ~ 500 Internal Server Error
GET /moved 500 ~ 500 Internal Server Error
--- response_headers
!Location
--- requests
GET /file.txt 500 ~ 500 Internal Server Error
    Range: bytes=0-2
--- wait /status/http/metric_zones/statuses/metrics/
{"500": 13}
--- log
js exception: Error: late at throws
js exception: the script ran for longer than 100ms.*"GET /loops
