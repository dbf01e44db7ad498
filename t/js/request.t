# r: what a request tells scripts, and what scripts say of the answer

=== facts
--- file main.js
function facts(r) {
    r.return(200, [r.method, r.uri, r.httpVersion === "2.0" || r.httpVersion, r.remoteAddress, r.internal,
        typeof r.parent, typeof r.requestText, r.variables.arg_x, r.variables["nope"], typeof r.responseText].join("|") + "\n");
}
function args(r) { r.return(200, JSON.stringify(r.args) + "\n"); }
export default { facts, args };
--- http_config
js_import $DIR/main.js;
--- config
location /facts { js_content main.facts; }
location /args { js_content main.args; }
location /redirected { rewrite ^ /facts last; }
--- requests
GET /facts?x=%20y 200 ~ ^GET\|/facts\|(true|1\.1)\|127\.0\.0\.1\|false\|undefined\|undefined\|%20y\|\|undefined\n$
PUT /facts 200 ~ ^PUT\|
GET /args?a=1&b=x%20y+z&a=2&c&d=%zz&=q&E=1&a=3 200 = {"a":["1","2","3"],"b":"x y z","c":"","d":"%zz","":"q","E":"1"}\n
GET /args?__proto__=1&constructor=2 200 = {"__proto__":"1","constructor":"2"}\n
GET /args 200 = {}\n

=== fields of the request and of the answer
--- file main.js
function fields(r) {
    const raw = r.rawHeadersIn.filter(([name]) => name.toLowerCase() === "x").length;
    const names = Object.keys(r.headersIn).map((name) => name.toLowerCase()).filter((name) => /^(x|cookie)$/.test(name));
    let thrown = "";
    try { r.headersIn.x = "1"; } catch (e) { thrown = e.name; }
    r.return(200, JSON.stringify([r.headersIn.X, r.headersIn.Cookie, r.headersIn["user-agent"], raw, names, thrown,
        "x" in r.headersIn, "y" in r.headersIn]) + "\n");
}
function out(r) {
    r.headersOut["X-A"] = ["1", "2"];
    r.headersOut["Set-Cookie"] = ["a=1", "b=2"];
    r.headersOut.foo = 5;
    r.headersOut.gone = "x";
    delete r.headersOut.gone;
    r.headersOut.empty = "";
    r.headersOut["Content-Type"] = "text/x";
    r.headersOut["Line"] = "a\r\nEvil: 1";
    let thrown = "";
    try { r.headersOut["b c"] = "1"; } catch (e) { thrown = e.name; }
    r.return(200, [r.headersOut["x-a"], JSON.stringify(r.headersOut["set-cookie"]), typeof r.headersOut.gone,
        r.headersOut["content-type"], thrown, r.rawHeadersOut.length].join("|") + "\n");
}
export default { fields, out };
--- http_config
js_import $DIR/main.js;
--- config
location /fields { js_content main.fields; }
location /out { js_content main.out; }
--- requests
GET /fields 200 ~ ^\["1,2","a; ?b","me",2,\["x","cookie"\],"TypeError",true,false\]\n$
    X: 1
    X: 2
    Cookie: a
    Cookie: b
    User-Agent: me
GET /out 200 = 1,2|["a=1","b=2"]|undefined|text/x|TypeError|7\n
--- response_headers
Content-Type: text/x
foo: 5
!gone
!Evil

=== answers
--- file main.js
function sends(r) { r.status = 202; r.headersOut["Content-Length"] = 99; r.sendHeader(); r.send("ab"); r.send("cd"); r.finish(); }
function twice(r) { r.return(200, "a"); r.return(201, "b"); }
function missing(r) { r.headersOut["X-A"] = "1"; r.return(404); }
function page(r) { r.return(404, "own"); }
function moved(r) { r.headersOut["X-A"] = "1"; r.return(302, "/x?a=b"); }
function wrong(r) { r.return(1200, "x"); }
function none(r) { r.return(204); }
function informational(r) { try { r.status = 101; } catch (e) { r.return(200, e.name); } }
function closes(r) { r.return(444); }
function bytes(r) { r.return(200, Buffer.from([0, 255, 10])); }
function internal(r) { r.internalRedirect("/there?x=%201"); }
function named(r) { r.internalRedirect("@name"); }
function circle(r) { r.internalRedirect("/circle"); }
export default { sends, twice, missing, page, moved, wrong, none, informational, closes, bytes, internal, named, circle };
--- http_config
js_import $DIR/main.js;
--- config
error_page 404 /404;
location /404 { internal; return 404 "not here"; }
location /sends { js_content main.sends; }
location /twice { js_content main.twice; }
location /missing { js_content main.missing; }
location /page { js_content main.page; }
location /moved { js_content main.moved; }
location /wrong { js_content main.wrong; }
location /none { js_content main.none; limit_except GET { js_content main.page; } }
location /informational { js_content main.informational; }
location /closes { js_content main.closes; }
location /if { if ($arg_x) { add_header X-If 1; } js_content main.bytes; }
location /bytes { js_content main.bytes; }
location /internal { js_content main.internal; }
location /there { internal; return 200 "$uri $args"; }
location /named { js_content main.named; }
location @name { return 200 "named $uri"; }
location /circle { js_content main.circle; }
--- requests
GET /sends 202 = abcd
GET /twice 200 = a
GET /missing 404 = not here
GET /page 404 = own
GET /moved 302
--- response_headers
Location: ~/x\?a=b$
X-A: 1
--- requests
GET /wrong 500
GET /none 204
PUT /none 404 = own
GET /informational 200 = RangeError
GET /closes close
GET /if?x=1 200 = \x00\xff\n
GET /bytes 200 = \x00\xff\n
GET /internal 200 = /there x=%201
GET /named 200 = named /named
GET /circle 500
GET /none 204
--- log
js: the answer was given already.*"GET /twice
js exception: RangeError: code is out of range .*"GET /wrong
internal redirects go round in a cycle

=== the body of a request
--- file main.js
function body(r) { r.return(200, `${typeof r.requestText} ${r.requestText} ${r.requestBuffer?.length}\n`); }
function long(r) {
    try {
        const buffer = r.requestBuffer;
        r.return(200, `${r.requestText.length} ${buffer.length} ${r.requestText.slice(-3)} ${buffer.toString() === r.requestText}\n`);
    } catch (e) { r.return(200, `${e.name}: ${e.message}\n`); }
}
async function handed(r) { const reply = await r.subrequest("/origin", { method: "POST" }); r.return(reply.status, String(reply.responseText.length)); }
function pass(r) { r.variables.seen = r.requestText; r.internalRedirect("/proxied"); }
export default { body, long, pass, handed };
--- http_config
js_import $DIR/main.js;
js_limit_memory 4m;
js_var $seen;
--- origin a
POST /proxied 200
POST /origin 200
    | $BODY
--- config
location /body { js_content main.body; }
location /long { client_max_body_size 10m; js_content main.long; }
location /handed { js_content main.handed; }
location /origin { proxy_pass http://$ORIGIN_a; }
location /pass { js_content main.pass; }
location /small { client_max_body_size 3; js_content main.body; }
location /proxied { proxy_pass http://$ORIGIN_a; add_header X-Seen $seen; }
--- requests
POST /body 200 = string abc 3\n
    | abc
GET /body 200 = undefined undefined undefined\n
POST /small 413
    | abcd
POST /long 200 = 80000 80000 ext true\n
    | <<text*20000>>
POST /long 200 = RangeError: the body of the request is longer than "js_limit_memory" allows for\n
    | <<text*1100000>>
POST /handed 200 = 80000
    | <<text*20000>>
GET /body 200 = undefined undefined undefined\n
POST /pass 200
    | passed on
--- response_headers
X-Seen: passed on

=== variables are read and set, those of metrics, too
--- file main.js
function set(r) {
    r.variables.metric_hits = "key=3";
    r.variables.metric_hits_key = "other";
    r.variables.metric_hits_value = 4;
    r.variables.own = "new";
    const thrown = [];
    for (const change of [() => { r.variables.nope = 1; }, () => { r.variables.remote_addr = 1; }]) {
        try { change(); } catch (e) { thrown.push(e.message); }
    }
    const name = "ar" + "g_x";
    r.return(200, [r.variables.own, r.variables.OWN, r.variables[name], r.variables["arg_" + "y"], r.variables[1],
        r.rawVariables.own.length, thrown].join("|") + "\n");
}
export default { set };
--- http_config
js_import $DIR/main.js;
metric_zone hits:128k gauge;
--- config
location ~ ^/set/(\w+) { set $own old; js_content main.set; }
--- requests
GET /set/me?x=1&y=2 200 = new|new|1|2|me|3|variable not found,variable is not writable\n
--- json /status/http/metric_zones/hits/metrics/
{"key": 3, "other": 4}

=== a request is nothing to others
--- file main.js
function misuse(r) {
    const thrown = [];
    const get = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(r), "uri").get;
    for (const change of [
        () => get.call({}),
        () => get.call(null),
        () => r.return.call({}, 200),
        () => { r.uri = "/x"; },
        () => { Object.getPrototypeOf(r).return = 1; },
        () => { Object.getPrototypeOf(r).more = 1; },
        () => structuredClone(r),
    ]) {
        try { change(); thrown.push("nothing"); } catch (e) { thrown.push(e.name); }
    }
    r.own = 1;
    r.return(200, `${thrown} ${r.own}\n`);
}
export default { misuse };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.misuse; }
--- requests
GET / 200 = TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,ReferenceError 1\n

=== lines of the log
--- file main.js
function lines(r) {
    r.log("an info"); r.warn("a warning"); r.error("an error\nof two lines");
    ngx.log(ngx.WARN, "of ngx"); console.error("of console");
    const number = ngx.version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0);
    r.return(200, [ngx.build, ngx.version_number === number, ngx.worker_id, ngx.conf_prefix, ngx.prefix, ngx.conf_file_path,
        ngx.error_log_path].join("|") + "\n");
}
export default { lines };
--- http_config
js_import $DIR/main.js;
--- config
location / { js_content main.lines; }
--- requests
GET / 200 ~ ^pingauge\|true\|0\|$DIR/\|$DIR/?\|$DIR/[a-z._]+\|$DIR/error.log\n$
--- log
\[info\].*js: an info, client
\[warn\].*js: a warning, client
\[error\].*js: an error\\nof two lines, client
\[warn\].*js: of ngx, client
\[error\].*js: of console, client

=== a request as JSON
--- file main.js
function told(r) { r.headersOut["X-B"] = "2"; r.return(200, JSON.stringify(r) + "\n"); }
async function reply(r) {
    const reply = await r.subrequest("/there?x=1");
    const told = JSON.parse(JSON.stringify(reply));
    r.return(200, [told.uri, told.status, told.internal, told.args.x, typeof told.headersIn].join("|") + "\n");
}
export default { told, reply };
--- http_config
js_import $DIR/main.js;
--- config
location /told { js_content main.told; }
location /reply { js_content main.reply; }
location = /there { return 203 ""; }
--- requests
GET /told?a=1 200 ~ ^\{"uri":"/told","method":"GET","args":\{"a":"1"\},"httpVersion":"(1.1|2.0)","remoteAddress":"127.0.0.1","internal":false,"status":0,"headersIn":\{.*\},"headersOut":\{"X-B":"2"\}\}\n$
GET /reply 200 = /there|203|true|1|object\n

=== a subrequest knows the request that it was made for
--- file main.js
function told(r) {
    if (!r) { return "none"; }
    return [r.uri, r.method, r.args.q, r.internal, r.status, r.headersOut["X-A"]].join(",");
}
function inner(r) {
    const parent = r.parent;
    let thrown = "nothing";
    try { parent.return(200, "for my parent"); } catch (e) { thrown = `${e.name}: ${e.message}`; }
    r.variables.seen = parent.uri;
    r.return(200, [told(r), told(parent), told(parent.parent), parent.headersIn["X-B"], typeof parent.responseText, thrown].join("|"));
}
async function outer(r) {
    r.headersOut["X-A"] = "1";
    r.status = 202;
    const reply = await r.subrequest("/inner", { args: "q=inner", method: "PUT" });
    let thrown = "nothing";
    try { reply.return(200); } catch (e) { thrown = e.name; }
    r.return(200, [reply.responseText, reply.parent.uri, reply.parent === r, r.variables.seen, thrown].join("|") + "\n");
}
async function middle(r) { const reply = await r.subrequest("/deep"); r.return(200, reply.responseText); }
function deep(r) { r.return(200, [r.parent.uri, r.parent.parent.uri, typeof r.parent.parent.parent].join("|")); }
async function chain(r) { const reply = await r.subrequest("/middle"); r.return(200, reply.responseText + "\n"); }
export default { inner, outer, middle, deep, chain };
--- http_config
js_import $DIR/main.js;
js_var $seen;
--- config
location /outer { js_content main.outer; }
location /inner { js_content main.inner; }
location /middle { js_content main.middle; }
location /deep { js_content main.deep; }
location /chain { js_content main.chain; }
--- requests
GET /outer?q=outer 200 = /inner,PUT,inner,true,0,|/outer,GET,outer,false,202,1|none|2|undefined|TypeError: it is another request that is being answered|/outer|false|/outer|TypeError\n
    X-B: 2
GET /chain 200 = /middle|/chain|undefined\n
