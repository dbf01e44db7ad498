# js_access: a script says who may pass

=== a request passes unless the script returns a status
--- file main.js
function check(r) {
    if (r.args.key !== "open") { r.return(403); }
}
async function later(r) {
    const answer = await r.subrequest("/who", { args: `key=${r.args.key}` });
    if (answer.status !== 200) { r.return(401); }
}
function broken(r) { null.x; }
export default { check, later, broken };
--- file html/ok.txt
ok
--- http_config
js_import $DIR/main.js;
--- config
location /sync { js_access main.check; try_files /ok.txt =404; }
location /async { js_access main.later; try_files /ok.txt =404; }
location /off { js_access main.check; location /off/inner { js_access off; try_files /ok.txt =404; } }
location /broken { js_access main.broken; try_files /ok.txt =404; }
location /who { internal; if ($arg_key = open) { return 200 "yes"; } return 403; }
--- requests
GET /sync?key=open 200 = ok\n
GET /sync 403
GET /async?key=open 200 = ok\n
GET /async?key=shut 401
GET /off/inner 200 = ok\n
GET /broken 500
--- log
access forbidden by js_access, client.*"GET /sync
js exception: TypeError: .*main.js:8:

=== what a script says of a refusal reaches the client, and nothing of one that has failed
--- file main.js
function login(r) { r.return(302, "https://login.example/?from=" + r.uri); }
function basic(r) { r.headersOut["WWW-Authenticate"] = 'Basic realm="js"'; r.return(401); }
function broken(r) { r.headersOut["X-Half"] = "1"; r.sendHeader(); r.send("half"); null.x; }
function page(r) { r.return(200, "page\n"); }
export default { login, basic, broken, page };
--- http_config
js_import $DIR/main.js;
--- config
location /login { js_access main.login; try_files /none =404; }
location /basic { js_access main.basic; try_files /none =404; }
location /broken { js_access main.broken; error_page 500 =200 /page; try_files /none =404; }
location /page { js_content main.page; }
--- requests
GET /login 302
--- response_headers
Location: https://login.example/?from=/login
--- requests
GET /basic 401
--- response_headers
WWW-Authenticate: Basic realm="js"
--- requests
GET /broken 200 = page\n
--- response_headers
!X-Half
