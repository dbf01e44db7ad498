//! What headers, requests and responses do, said by scripts.

use super::{Question, Reply, question, response_of};
use crate::os::script::text;
use crate::script::library::trial::{run, run_module, with};

fn told(expression: &str) -> String {
    run_module(&format!(
        "const caught = async f => {{ try {{ return await f() }} catch (e) {{ return e.name + ': ' + e.message }} }};
         globalThis.result = await (async () => {expression})();"
    ))
}

#[test]
fn headers_have_any_number_of_values() {
    for (source, expected) in [
        (
            "const h = new Headers({A: 'x', b: ' y '}); h.append('a', 'z'); h.get('a') + '|' + h.getAll('B') + h.has('c') + h.get('c')",
            "x, z|yfalsenull",
        ),
        (
            "const h = new Headers([['a', '1'], ['A', '2']]); h.set('a', 3); h.getAll('a').join() + new Headers(h).get('a')",
            "33",
        ),
        (
            "const h = new Headers({a: 1, b: 2}); h.delete('A'); const l = []; h.append('B', 3); h.forEach((v, n, o) => l.push(n, v, o === h)); l.join()",
            "b,2, 3,true",
        ),
        ("new Headers({'a b': 1})", "TypeError: invalid header name"),
        (
            "new Headers({a: 'x\\r\\ny'})",
            "TypeError: invalid header value",
        ),
        (
            "new Headers([['a']])",
            "TypeError: header does not contain exactly two elements",
        ),
        (
            "new Headers(1)",
            "TypeError: Headers constructor: the argument must be an object",
        ),
        (
            "const h = new Headers(); for (let i = 0; i < 257; i++) h.append('a', i)",
            "RangeError: too many headers",
        ),
        (
            "Headers.prototype.get.call({}, 'a')",
            "TypeError: \"this\" is not fetch headers object",
        ),
        (
            "Headers.prototype.get.call(1, 'a')",
            "TypeError: \"this\" is not fetch headers object",
        ),
        (
            "new Headers({a: 1}).forEach(1)",
            "TypeError: \"callback\" is not a function",
        ),
        (
            "const h = new Headers({a: 1}); h['[[fields]]'].push({toString() { throw new Error('x') }}, 1); h.get('a')",
            "Error: x",
        ),
    ] {
        assert_eq!(run(source), expected, "{source}");
    }
}

#[test]
fn requests_are_made_of_addresses_and_of_each_other() {
    for (expression, expected) in [
        ("{ const r = new Request('http://a/', {method: 'post', body: 'x', headers: {b: 'c'}});
            return [r.url, r.method, r.headers.get('b'), r.headers.get('content-type'), r.bodyUsed, await r.text(), r.bodyUsed, r.cache, r.credentials, r.mode].join() }",
         "http://a/,POST,c,text/plain;charset=UTF-8,false,x,true,default,same-origin,no-cors"),
        ("{ const a = new Request('u', {method: 'PUT', body: Buffer.from('[1]'), headers: {x: 'y'}}); const b = new Request(a, {method: 'DELETE'});
            return [b.method, b.headers.get('x'), (await b.json())[0], a.bodyUsed, (await a.arrayBuffer()).byteLength].join() }", "DELETE,y,1,false,3"),
        ("caught(() => new Request())", "TypeError: 1st argument is required"),
        ("caught(() => new Request('u', {body: 'x'}))", "TypeError: Request body incompatible with GET or HEAD"),
        ("caught(() => new Request('u', {method: 'trace'}))", "TypeError: forbidden method: TRACE"),
        ("caught(() => new Request('u', {method: 'A B'}))", "TypeError: invalid method"),
        ("caught(() => new Request('u', {mode: 'x'}))", "TypeError: unknown mode type: x"),
        ("caught(() => new Request('u', 1))", "TypeError: options must be an object"),
        ("{ const r = new Request('u'); await r.text(); return caught(() => r.text()) }", "TypeError: body stream already read"),
        ("{ const r = new Request('u'); r.url = 'v'; return r.url }", "TypeError: 'url' is read-only"),
        ("caught(() => Request.prototype.text.call({}))", "TypeError: \"this\" has no body"),
    ] {
        assert_eq!(told(expression), expected, "{expression}");
    }
}

#[test]
fn responses_are_made_by_scripts() {
    for (expression, expected) in [
        ("{ const r = new Response('é', {status: 404, statusText: 'No', headers: {a: 'b'}});
            return [r.status, r.statusText, r.ok, r.headers.get('a'), await r.text(), r.bodyUsed, r.redirected, r.type].join() }", "404,No,false,b,é,true,false,basic"),
        ("new Response().ok", "true"),
        ("caught(() => new Response('', {status: 100}))", "RangeError: status provided is outside of [200, 599] range"),
        ("caught(() => new Response('', {statusText: 'a\\nb'}))", "TypeError: invalid Response statusText"),
        ("caught(() => new Response('{').json())", "SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        ("caught(() => new Response('1\\x00').json())", "SyntaxError: unexpected character in JSON"),
    ] {
        assert_eq!(told(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_asked_and_answered_comes_over() {
    with(|ctx| {
        let options = ctx
            .eval("({method: 'POST', body: 'b', headers: {A: 'c'}})")
            .unwrap();
        let url = ctx.eval("'http://h/'").unwrap();
        let Question {
            url,
            method,
            headers,
            body,
        } = question(ctx, &url, &options).unwrap();
        assert_eq!((&*url, &*method, &*body), ("http://h/", "POST", &b"b"[..]));
        assert_eq!(headers[0], ("A".to_owned(), "c".to_owned()));
        let reply = Reply {
            url,
            status: 201,
            reason: "Made".into(),
            headers: vec![("B".into(), "\u{fffd}".into())],
            body: vec![0xff],
        };
        ctx.globals()
            .set("r", response_of(ctx, &reply).unwrap())
            .unwrap();
        let told = ctx.eval("[r.url, r.status, r.statusText, r.ok, r.headers.get('b'), r instanceof Response].join()");
        assert_eq!(
            text(&told.unwrap()).unwrap(),
            "http://h/,201,Made,true,\u{fffd},true"
        );
    });
}
