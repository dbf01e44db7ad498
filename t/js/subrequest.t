# r.subrequest: scripts ask other places of the server

=== answers are joined
--- file main.js
async function join(r) {
    const [a, b] = await Promise.all([r.subrequest("/a"), r.subrequest("/b?x=1")]);
    r.return(200, JSON.stringify({ a: a.responseText, b: JSON.parse(b.responseText), status: [a.status, b.status] }) + "\n");
}
function called(r) {
    r.subrequest("/b", "x=called", (reply) => {
        r.return(reply.status, `${reply.uri} ${reply.method} ${reply.responseText} ${reply.headersOut["X-B"]} ${reply.parent.uri}\n`);
    });
}
async function options(r) {
    const reply = await r.subrequest("/echo", { method: "POST", body: "posted", args: "k=v" });
    r.return(200, `${reply.responseText}\n`);
}
async function chained(r) {
    const first = await r.subrequest("/a");
    const second = await r.subrequest("/b", `x=${first.responseText}`);
    r.return(200, second.responseText);
}
async function missing(r) {
    const reply = await r.subrequest("/nowhere");
    r.return(200, `${reply.status} ${reply.responseBuffer.length > 0}\n`);
}
async function nested(r) { const reply = await r.subrequest("/join"); r.return(200, reply.responseText); }
async function circle(r) { const reply = await r.subrequest("/circle"); r.return(reply.status, reply.responseText); }
async function wrong(r) {
    const thrown = [];
    for (const ask of [() => r.subrequest("no path"), () => r.subrequest("/a", { method: "EVIL" }), () => r.subrequest()]) {
        try { await ask(); thrown.push("nothing"); } catch (e) { thrown.push(e.name); }
    }
    r.return(200, `${thrown}\n`);
}
async function variables(r) {
    const reply = await r.subrequest("/sets");
    r.return(200, `${reply.responseText} ${r.variables.shared}\n`);
}
function echo(r) { r.return(200, `${r.method} ${r.requestText} ${r.variables.args}`); }
async function behind(r) {
    r.return(200, "sent\n");
    await r.subrequest("/a");
    r.variables.metric_hits = "behind=1";
}
export default { join, called, options, chained, missing, nested, circle, wrong, variables, echo, behind };
--- http_config
js_import $DIR/main.js;
js_var $shared;
metric_zone hits:128k count;
--- config
location = /a { return 200 "one"; }
location = /b { add_header X-B 1; return 200 "{\"x\":\"$arg_x\"}"; }
location /echo { js_content main.echo; }
location /sets { set $shared set; return 200 "was set"; }
location /join { js_content main.join; }
location /called { js_content main.called; }
location /options { js_content main.options; }
location /chained { js_content main.chained; }
location /missing { js_content main.missing; }
location /nested { js_content main.nested; }
location /circle { js_content main.circle; }
location /wrong { js_content main.wrong; }
location /variables { js_content main.variables; }
location /behind { js_content main.behind; }
--- requests
GET /join 200 = {"a":"one","b":{"x":"1"},"status":[200,200]}\n
GET /called 200 ~ ^/b GET \{"x":"called"\} .* /called\n
GET /options 200 = POST posted k=v\n
GET /chained 200 = {"x":"one"}
GET /missing 200 = 404 true\n
GET /nested 200 = {"a":"one","b":{"x":"1"},"status":[200,200]}\n
GET /circle 500
GET /wrong 200 = TypeError,TypeError,TypeError\n
GET /variables 200 = was set set\n
GET /behind 200 = sent\n
--- wait /status/http/metric_zones/hits/metrics/
{"behind": 1}
--- log
subrequests cycle while processing

=== a subrequest to an origin
--- file main.js
async function ask(r) {
    const reply = await r.subrequest("/proxied", { method: "PUT", body: r.requestText + "!" });
    r.return(reply.status, `${reply.headersOut["X-From"]} ${reply.responseText}\n`);
}
export default { ask };
--- http_config
js_import $DIR/main.js;
--- origin a
PUT /proxied 201
    X-From: origin
    | made $BODY
--- config
location /ask { js_content main.ask; }
location /proxied { proxy_pass http://$ORIGIN_a; }
--- requests
POST /ask 201 = origin made body!\n
    | body
