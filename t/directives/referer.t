# valid_referers, $invalid_referer: pages that may refer to this one.

=== who may
--- config
server_name x.test;
location / {
    valid_referers none blocked server_names *.example.com example.org/galleries/ ~\.google\.;
    if ($invalid_referer) { return 403; }
    return 204;
}
location /strict { valid_referers example.net; return 200 [$invalid_referer]; }
--- requests
GET / 204
GET / 204
 Referer: http://x.test/a
GET / 204
 Referer: https://a.EXAMPLE.com:8080/
GET / 403
 Referer: https://example.com/
GET / 204
 Referer: http://example.org/galleries/1
GET / 403
 Referer: http://example.org/other
GET / 204
 Referer: http://www.google.de/q
GET / 204
 Referer: about:blank
GET / 403
 Referer: http://evil.test/http://x.test/
GET /strict = [1]
GET /strict = []
 Referer: http://example.net

=== what is written wrongly
--- config
valid_referers http://a/ ok.test;
--- error
pingauge: [emerg] invalid referer "http://a/" in config:1
   1 | valid_referers http://a/ ok.test;
     |                ^^^^^^^^^
     help: a host is written without "http://"
