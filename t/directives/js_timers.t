# setTimeout and clearTimeout: scripts wait

=== a timer calls its function with its arguments, and one that was taken back does not
--- file main.js
async function wait(r) {
    const told = [];
    const never = setTimeout(() => told.push("never"), 10);
    setTimeout((a, b) => told.push(a + b), 30, "second", "!");
    setTimeout(() => told.push("first"));
    clearTimeout(never);
    clearTimeout();
    clearTimeout("x");
    await new Promise((done) => setTimeout(done, 60));
    r.return(200, told.join());
}
async function fails(r) {
    setTimeout(() => { throw new Error("late"); }, 1);
    await new Promise((done) => setTimeout(done, 50));
    r.return(200);
}
function wrong(r) { setTimeout("code", 1); }
export default { wait, fails, wrong };
--- http_config
js_import $DIR/main.js;
--- config
location /wait { js_content main.wait; }
location /fails { js_content main.fails; }
location /wrong { js_content main.wrong; }
--- requests
GET /wait 200 = first,second!
GET /fails 500
GET /wrong 500
--- log
js exception: Error: late
js exception: TypeError: first arg must be a function
