# What scripts give to objects of the server is theirs no longer, and is there until then

=== values that are assigned to fields and variables are given back, however often
--- file main.js
function leak(r) {
    for (let n = 0; n < 40; n += 1) {
        r.headersOut["X-" + n % 3] = "x".repeat(1000 + n);
        r.variables.held = ["y".repeat(1000 + n)];
        r.variables.held = { toString() { return "z".repeat(1000 + n); } };
    }
    const own = "w".repeat(100000) + r.args.n;
    r.variables.held = own;
    r.return(200, `${own.length} ${r.variables.held.length} ${r.variables.held === own}\n`);
}
export default { leak };
--- http_config
js_import $DIR/main.js;
js_var $held;
js_limit_memory 5m;
js_limit_time 60s;
--- config
location / { js_content main.leak; }
--- requests
GET /?n=1 200 x400 = 100001 100001 true\n

=== what is held in circles goes, too, after somebody has held nearly all there is
--- file main.js
function tree(r) { const t = { children: [] }; for (let i = 0; i < 1000; i += 1) t.children.push({ parent: t, i }); r.return(200, "tree\n"); }
function probe(r) { const all = []; try { for (;;) all.push(new Uint8Array(1 << 18)); } catch (e) { r.return(200, `${all.length > 20}\n`); } }
function small(r) { const all = []; for (;;) { const own = { all }; all.push(own); } }
export default { tree, probe, small };
--- http_config
js_import $DIR/main.js;
js_limit_memory 16m;
js_limit_time 60s;
--- config
location /tree { js_content main.tree; }
location /probe { js_content main.probe; }
location /small { js_content main.small; }
--- requests
GET /tree 200 x200 = tree\n
GET /probe 200 = true\n
GET /tree 200 x300 = tree\n
GET /small 500
GET /tree 200 x300 = tree\n
GET /probe 200 = true\n
