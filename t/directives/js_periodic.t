# js_periodic: a script is called by itself, now and then

=== it is called again and again, and may wait
--- origin o
GET / 200
    | x
--- file main.js
async function tick(session) {
    const reply = await ngx.fetch("http://$ORIGIN_o/");
    await new Promise((done) => setTimeout(done, 1));
    session.variables.metric_ticks = `${await reply.text()}=1`;
}
async function later(session) {
    const before = session.variables.request_time;
    await new Promise((done) => setTimeout(done, 20));
    session.variables.metric_ticks = `${session.variables.request_time > before}=1`;
}
function fails() { throw new Error("tock"); }
export default { tick, later, fails };
--- http_config
js_import $DIR/main.js;
metric_zone ticks:1m count;
--- config
location @periodic {
    js_periodic main.tick interval=20ms jitter=5ms;
    js_periodic main.later interval=1h;
    js_periodic main.fails interval=1h worker_affinity=01;
    js_periodic main.fails interval=1h worker_affinity=10;
}
--- wait_like /status/http/metric_zones/ticks/metrics/
{"x": "</^([3-9]|[0-9]{2,})$/>", "true": 1}
--- log
js exception: Error: tock.* in js_periodic "main.fails"

=== what is written wrong
--- file main.js
export default { f() {} };
--- http_config
js_import $DIR/main.js;
--- config
location @a { js_periodic main.f interval=0; }
location @b { js_periodic main.f jitter=x; }
location @c { js_periodic main.f worker_affinity=2; }
location @d { js_periodic main.f often; }
--- error_like
invalid parameter "interval=0" of "js_periodic"
invalid parameter "jitter=x" of "js_periodic"
invalid parameter "worker_affinity=2" of "js_periodic"
invalid parameter "often" of "js_periodic"
