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
function broken(r) { r.headersOut["X-Before"] = "1"; throw new Error("late"); }
export default { headers, broken };
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
location /broken { js_header_filter main.broken; return 200 "whole"; }
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
--- requests
GET /broken 200 = whole
--- response_headers
X-Before: 1
--- log
js exception: Error: late at broken
