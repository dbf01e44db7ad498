# r.send: bodies that leave while their scripts go on

=== what is sent later belongs to the same answer, whoever asks for it
--- file main.js
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
let said = 0;
async function pieces(r) {
    r.status = 203;
    r.headersOut["X-Own"] = "1";
    r.headersOut["Content-Type"] = "text/html";
    r.sendHeader();
    for (const piece of ["one ", "two ", "three"]) { said += 1; r.send(piece); await wait(1); }
    r.finish();
}
async function unfinished(r) { r.sendHeader(); r.send("all of it"); await wait(1); }
async function empty(r) { r.sendHeader(); await wait(1); r.finish(); }
async function nothing(r) { r.status = 204; r.sendHeader(); await wait(1); r.variables.metric_hits = "nothing=1"; r.finish(); }
async function fails(r) { r.sendHeader(); r.send("half"); await wait(1); null.x; }
async function loops(r) { r.sendHeader(); r.send("half"); await wait(1); for (;;); }
async function joined(r) {
    const replies = await Promise.all(["/pieces", "/unfinished", "/nothing"].map((uri) => r.subrequest(uri)));
    let broken;
    try { await r.subrequest("/fails"); } catch (e) { broken = e.message; }
    r.return(200, replies.map((reply) => `${reply.status} ${reply.responseText}|`).join("") + broken + "\n");
}
async function posted(r) { r.sendHeader(); r.send(r.requestText.slice(0, 3)); await wait(1); r.send(String(r.requestText.length)); r.finish(); }
function head(r) { r.headersOut["X-Said"] = String(said); }
function body(r, data, flags) { r.sendBuffer(data.toUpperCase() + (flags.last ? ` ${said}` : ""), flags); }
async function late(r) { r.sendHeader(); await wait(1); r.headersOut["X-Late"] = "1"; r.send(String(r.headersOut["X-Late"])); r.finish(); try { r.send("more"); } catch (e) { r.error(e.message); } }
export default { pieces, unfinished, empty, nothing, fails, loops, joined, posted, head, body, late };
--- http_config
js_import $DIR/main.js;
js_limit_time 500ms;
metric_zone hits:128k count;
--- config
location /pieces { js_content main.pieces; }
location /filtered { js_content main.pieces; js_header_filter main.head; js_body_filter main.body; }
location /packed { gzip on; gzip_min_length 1; js_content main.pieces; }
location /replaced { sub_filter two 2; sub_filter_types *; js_content main.pieces; }
location /around { default_type text/html; add_before_body /unfinished; add_after_body /late; return 200 "-"; }
location /unfinished { js_content main.unfinished; }
location /empty { js_content main.empty; }
location /nothing { js_content main.nothing; }
location /fails { js_content main.fails; }
location /loops { js_content main.loops; }
location /joined { js_content main.joined; }
location /posted { js_content main.posted; }
location /late { js_content main.late; }
--- requests
GET /pieces 203 = one two three
--- response_headers
X-Own: 1
Content-Type: text/html
!Content-Length
--- requests
HEAD /pieces 203
GET /filtered 203 = ONE TWO THREE 3
--- response_headers
X-Said: 1
--- requests
GET /packed 203 = one two three
GET /replaced 203 = one 2 three
GET /around 200 = all of it-1
GET /unfinished 200 = all of it
GET /empty 200 = 
GET /nothing 204
GET /fails close
GET /loops close
GET /joined 200 = 203 one two three|200 all of it|204 |the answer to the subrequest broke off, or is too long\n
POST /posted 200 = abc80000
    | <<abcd*20000>>
GET /late 200 = 1
--- response_headers
!X-Late
--- requests
GET /pieces 203 = one two three
--- json /status/http/metric_zones/hits/metrics/
{"nothing": 2}
--- log
js exception: TypeError: .*"GET /fails
js exception: the script ran for longer than 500ms.*"GET /loops
js: the body is over.*"GET /late
