# js_body_filter: a script is given the body of an answer piece by piece

=== pieces as strings and as buffers, and what is sent instead
--- origin o
GET /* 200
    | one €€ two
--- file main.js
function upper(r, data, flags) {
    if (data.length > 0) { r.sendBuffer(data.toUpperCase()); }
    if (flags.last) { r.sendBuffer("!", flags); }
}
let sum = 0;
function count(r, data, flags) {
    sum += data.length;
    if (!(data instanceof Buffer)) { throw new Error("no buffer"); }
    if (flags.last) { r.sendBuffer(String(sum), { last: true, flush: true }); }
}
function nothing(r, data, flags) { }
function once(r, data, flags) { r.sendBuffer("[" + data + "]"); r.done(); }
export default { upper, count, nothing, once };
--- http_config
js_import $DIR/main.js;
--- config
location /upper { js_body_filter main.upper; proxy_pass http://$ORIGIN_o; }
location /count { js_body_filter main.count buffer_type=buffer; proxy_pass http://$ORIGIN_o; }
location /local { js_body_filter main.upper buffer_type=string; return 200 "local"; }
location /nothing { js_body_filter main.nothing; return 200 "local"; }
location /once { js_body_filter main.once; return 200 "local"; }
--- requests
GET /upper 200 = ONE €€ TWO!
GET /count 200 = 14
GET /count 200 = 14
GET /local 200 = LOCAL!
GET /nothing 200 = 
GET /once 200 = [local]

=== one that throws, or waits, breaks the answer off
--- origin o
GET /* 200
    | secret
--- file main.js
function throws(r, data, flags) { throw new Error("no filter"); }
async function waits(r, data, flags) { await null; r.sendBuffer(data); }
function second(r, data, flags) { if (flags.last) { throw new Error("late"); } r.sendBuffer("ok"); }
function content(r) { try { r.sendBuffer("x"); } catch (error) { r.return(200, error.message); } }
export default { throws, waits, second, content };
--- http_config
js_import $DIR/main.js;
--- config
location /throws { js_body_filter main.throws; return 200 "body"; }
location /proxied { js_body_filter main.throws; proxy_pass http://$ORIGIN_o; }
location /second { js_body_filter main.second; proxy_pass http://$ORIGIN_o; }
location /added { js_body_filter main.throws; add_after_body /content; proxy_pass http://$ORIGIN_o; }
location /waits { js_body_filter main.waits; return 200 "body"; }
location /content { js_content main.content; }
--- requests
GET /throws close
GET /waits close
GET /proxied close
GET /second close
GET /added close
GET /content 200 = it is only in a body filter that something can be sent like this
--- log
js exception: Error: no filter.*request: "GET /throws
js exception: TypeError: a body filter cannot be asynchronous.*request: "GET /waits

=== what is written wrong
--- file main.js
export default { f() {} };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_body_filter main.f buffer_type=text; }
location /b { js_body_filter main.none; }
--- error_like
invalid parameter "buffer_type=text" of "js_body_filter"
