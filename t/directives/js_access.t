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

=== an answer is that of js_content
--- file main.js
function page(r) { r.headersOut["X-Own"] = "1"; r.return(200, "own page\n"); }
function refused(r) { r.return(403, "no entry\n"); }
function login(r) { r.return(302, "/login?from=" + r.uri); }
function elsewhere(r) { r.internalRedirect("/there?x=1"); }
function sent(r) { r.status = 401; r.headersOut["WWW-Authenticate"] = "Bearer"; r.sendHeader(); r.send("who"); r.send(" is it"); r.finish(); }
function missing(r) { r.headersOut["X-Own"] = "1"; r.return(404); }
function closes(r) { r.return(444); }
function passes(r) { r.headersOut["X-Own"] = "1"; r.variables.user = "alice"; }
async function later(r) { await r.subrequest("/there"); r.return(200, "later\n"); }
export default { page, refused, login, elsewhere, sent, missing, closes, passes, later };
--- file html/ok.txt
ok
--- http_config
js_import $DIR/main.js;
js_var $user nobody;
--- config
error_page 404 /error;
error_page 403 /error;
location /page { js_access main.page; try_files /ok.txt =404; }
location /refused { js_access main.refused; try_files /ok.txt =404; }
location /moved { js_access main.login; try_files /ok.txt =404; }
location /any { satisfy any; deny all; js_access main.login; try_files /ok.txt =404; }
location /elsewhere { js_access main.elsewhere; try_files /ok.txt =404; }
location /there { internal; return 200 "there $args\n"; }
location /sent { js_access main.sent; try_files /ok.txt =404; }
location /missing { js_access main.missing; try_files /ok.txt =404; }
location /closes { js_access main.closes; try_files /ok.txt =404; }
location /passes { js_access main.passes; add_header X-User $user; try_files /ok.txt =404; }
location /later { js_access main.later; try_files /ok.txt =404; }
location /error { internal; return 404 "page of $status\n"; }
--- requests
GET /page 200 = own page\n
--- response_headers
X-Own: 1
--- requests
GET /refused 403 = no entry\n
GET /moved 302
--- response_headers
Location: ~/login\?from=/moved$
--- requests
GET /any 302
GET /elsewhere 200 = there x=1\n
GET /sent 401 = who is it
--- response_headers
WWW-Authenticate: Bearer
--- requests
GET /missing 404 = page of 404\n
--- response_headers
X-Own: 1
--- requests
GET /closes close
GET /passes 200 = ok\n
--- response_headers
X-Own: 1
X-User: alice
--- requests
GET /later 200 = later\n

=== who waits for what never comes is let pass by nobody
--- file html/ok.txt
ok
--- file main.js
async function never(r) { await new Promise(() => {}); }
async function later(r) { await new Promise(resolve => setTimeout(resolve, 5)); }
async function both(r) { setTimeout(() => {}, 5); await new Promise(() => {}); }
async function at_once(r) { }
export default { never, later, both, at_once };
--- http_config
js_import $DIR/main.js;
--- config
location /never { js_access main.never; try_files /ok.txt =404; }
location /later { js_access main.later; try_files /ok.txt =404; }
location /both { js_access main.both; try_files /ok.txt =404; }
location /at_once { js_access main.at_once; try_files /ok.txt =404; }
--- requests
GET /never 500
GET /later 200
GET /both 500
GET /at_once 200
--- log
js exception: the script waits for something that never comes.*request: "GET /never HTTP
js exception: the script waits for something that never comes.*request: "GET /both HTTP
