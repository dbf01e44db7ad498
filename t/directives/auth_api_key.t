# auth_api_key: one key in one field, or in equal ones, lets a request in, and tells whose it is.

=== three ways to give a key
--- file keys
# who may ask
ann:open sesame
bob : k

eve:{SHA256}LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=
--- http_config
auth_api_key_file keys;
metric_zone names:64k count;
metric_zone statuses:64k count;
map $api_key_name $greeting { "" nobody; ann "dear ann"; default $api_key_name; }
log_format names '$api_key_name $status';
access_log $DIR/names.log names;
--- config
auth_api_key "the \"inner\" circle";
metric statuses $status;
location /who/ { metric names $api_key_name; try_files /none =204; add_header X-Who "$greeting" always; }
location /plain { proxy_set_header X-Name $api_key_name; proxy_pass http://$ORIGIN_o; }
location /status/ { auth_api_key off; api /status/; }
--- origin o
* * 200
    | $HEAD
--- requests
GET /who/ 204
    Authorization: token open sesame
GET /who/ 204
    authorization: BEARER   k
GET /who/ 204
    X-API-Key: hello
GET /who/ 204
    Authorization: Basic eDp5
    X-API-Key: k
GET /plain ~ X-Name: ann
    X-API-Key: open sesame
GET /who/ 401
GET /who/ 401
    Authorization: token open
GET /who/ 401
    Authorization: open sesame
GET /who/ 401
    Authorization: Digest k
GET /who/ 401
    X-API-Key: k
    X-API-Key: hello
GET /who/ 400
    Authorization: token k
    Authorization: token k
GET /who/ 401
    Authorization: token LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=
GET /who/ 401
    X-API-Key: <<k*2000>>
GET /who/ 401
    X-API-Key:
GET /none/such 401
GET /who/ 204
    Authorization: Bearer hello
--- response_headers
X-Who: eve
--- json /status/http/metric_zones/
{
  "names": {
    "discarded": 0,
    "metrics": {
      "ann": 1,
      "bob": 2,
      "eve": 2
    }
  },
  "statuses": {
    "discarded": 0,
    "metrics": {
      "200": 1,
      "400": 1,
      "401": 1
    }
  }
}
--- file_like names.log
^ann 204$
^- 401$
--- log
\[error\] .*: no API key was provided, client: 127\.0\.0\.1, server: .*, request: "GET /who/ $PROTOCOL"
\[error\] .*: the API key is unknown, client: 127
\[error\] .*: several API keys were provided, client: 127
--- no_log
sesame
hello

=== a refusal names the schemes and the realm
--- file keys
a:k
--- config
auth_api_key_file keys;
auth_api_key 'the "inner" \ circle';
location /closed { auth_api_key_scheme Secret; }
--- raw_request
GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1\.1 401 Unauthorized\r$
^WWW-Authenticate: token realm="the \\"inner\\" \\\\ circle"\r$
^WWW-Authenticate: Bearer realm="the \\"inner\\" \\\\ circle"\r$
--- requests
GET /closed 401
    Authorization: token k
--- response_headers
WWW-Authenticate: Secret realm="the \"inner\" \\ circle"
--- requests
GET /closed 404
    Authorization: secret k
--- response_headers
!WWW-Authenticate

=== any bytes are refused
--- file keys
a:k
--- config
auth_api_key_file keys;
auth_api_key r;
--- raw_request
GET / HTTP/1.1\r\nHost: x\r\nAuthorization: token \xff\xfe\x80\r\nConnection: close\r\n\r\n
--- raw_response_like
^HTTP/1\.1 401 

=== inner blocks have their own say
--- file keys
a:k
--- file others
b:other
--- config
auth_api_key_file keys;
auth_api_key r;
location /open { auth_api_key off; location /open/inner/ { } location /open/closed/ { auth_api_key again; } }
location /others/ { auth_api_key_file others; }
location /writes/ { auth_api_key off; limit_except GET { auth_api_key r; } }
location = /name { auth_api_key off; return 200 "<$api_key_name>"; }
location = /early { return 200 "<$api_key_name>"; }
location /status/ { auth_api_key off; api /status/; }
--- requests
GET /open/x 404
GET /open/inner/x 404
GET /open/closed/x 401
GET /others/x 401
    X-API-Key: k
GET /others/x 404
    X-API-Key: other
GET /writes/x 404
PUT /writes/x 401
PUT /writes/x 405
    X-API-Key: k
GET /name = <>
    X-API-Key: k
GET /early = <a>
    X-API-Key: k
GET /early = <>
GET /elsewhere 401

=== satisfy
--- file keys
a:k
--- config
auth_api_key_file keys;
auth_api_key r;
location /any/here { satisfy any; allow 127.0.0.1; deny all; }
location /any/there { satisfy any; allow 10.0.0.1; deny all; }
location /all/here { allow 127.0.0.1; deny all; }
location /all/there { deny all; }
location /own { satisfy any; allow all; try_files /x =401; }
location /status/ { auth_api_key off; api /status/; }
--- requests
GET /any/here 404
GET /any/there 401
GET /any/there 404
    X-API-Key: k
GET /all/here 401
GET /all/here 404
    X-API-Key: k
GET /all/there 403
    X-API-Key: k
--- response_headers
!WWW-Authenticate
--- requests
GET /own 401
--- response_headers
!WWW-Authenticate

=== the page of a refusal
--- file keys
a:k
--- file html/why.html
ask ann
--- origin o
* * 200
    | from the origin
--- config
auth_api_key_file keys;
error_page 401 /why.html;
location = /why.html { }
location /closed { auth_api_key r; }
location /other { auth_api_key r; error_page 401 =403 /why.html; }
location /named { auth_api_key r; error_page 401 @elsewhere; }
location /twice { auth_api_key r; error_page 401 /guarded; }
location /guarded { auth_api_key "inner"; }
location @elsewhere { proxy_pass http://$ORIGIN_o; }
--- requests
GET /closed 401 = ask ann\n
--- response_headers
WWW-Authenticate: token realm="r"
--- requests
GET /other 403 = ask ann\n
--- response_headers
!WWW-Authenticate
--- requests
GET /named 401 ~ from the origin
--- response_headers
WWW-Authenticate: token realm="r"
--- requests
GET /twice 401 ~ 401 Authorization Required
--- response_headers
WWW-Authenticate: token realm="inner"
--- requests
GET /why.html
--- response_headers
!WWW-Authenticate

=== a guard needs a file
--- config
auth_api_key metrics;
--- error
pingauge: [emerg] "auth_api_key" requires "auth_api_key_file" in config:1
   1 | auth_api_key metrics;
     | ^^^^^^^^^^^^^^^^^^^^^
     help: write "auth_api_key_file FILE;" beside it or in a block around it

=== files that cannot be used
--- file keys
a:good
no colon here
# comment
:x
b:{SHA256}short
c:{MD5}rL0Y20zC+Fzt72VPzMSk2A==
--- config
auth_api_key metrics;
auth_api_key_file keys;
location /a { auth_api_key_file none; }
location /b { auth_api_key_file html; }
--- error
pingauge: [emerg] invalid key in "keys":2 in config:2
   2 | auth_api_key_file keys;
     |                   ^^^^
     help: a line is "NAME:KEY" or "NAME:{SHA256}BASE64", or begins with "#"
pingauge: [emerg] invalid key in "keys":4 in config:2
   2 | auth_api_key_file keys;
     |                   ^^^^
     help: a line is "NAME:KEY" or "NAME:{SHA256}BASE64", or begins with "#"
pingauge: [emerg] invalid key in "keys":5 in config:2
   2 | auth_api_key_file keys;
     |                   ^^^^
     help: "{SHA256}" is followed by 44 characters of base64
pingauge: [emerg] invalid key in "keys":6 in config:2
   2 | auth_api_key_file keys;
     |                   ^^^^
     help: "{SHA256}" is the only scheme there is
pingauge: [emerg] open() "none" failed (2: No such file or directory) in config:3
   3 | location /a { auth_api_key_file none; }
     |                                 ^^^^
pingauge: [emerg] open() "html" failed (it is not a regular file) in config:4
   4 | location /b { auth_api_key_file html; }
     |                                 ^^^^

=== schemes
--- file keys
a:k
--- config
auth_api_key_file keys;
location /a { auth_api_key_scheme "two words"; }
location /b { auth_api_key_scheme token Bearer TOKEN; }
location /c { auth_api_key_scheme; }
location /d { auth_api_key a b; }
location /e { auth_api_key "a
b"; }
location /f { auth_api_key a; auth_api_key off; if ($uri) { auth_api_key b; } }
--- error
pingauge: [emerg] invalid scheme "two words" in config:2
   2 | location /a { auth_api_key_scheme "two words"; }
     |                                   ^^^^^^^^^^^
     help: a scheme is one word of letters, digits and "-"
pingauge: [emerg] duplicate scheme "TOKEN" in config:3
   3 | location /b { auth_api_key_scheme token Bearer TOKEN; }
     |                                                ^^^^^
pingauge: [emerg] invalid number of arguments in "auth_api_key_scheme" directive in config:4
   4 | location /c { auth_api_key_scheme; }
     |               ^^^^^^^^^^^^^^^^^^^^
     help: syntax: auth_api_key_scheme SCHEME ...;
pingauge: [emerg] invalid number of arguments in "auth_api_key" directive in config:5
   5 | location /d { auth_api_key a b; }
     |               ^^^^^^^^^^^^^^^^^
     help: syntax: auth_api_key REALM | off;
pingauge: [emerg] "auth_api_key" realm holds a control character in config:6
   6 | location /e { auth_api_key "a
     |                            ^^
pingauge: [emerg] "auth_api_key" directive is duplicate in config:8
   8 | location /f { auth_api_key a; auth_api_key off; if ($uri) { auth_api_key b; } }
     |                               ^^^^^^^^^^^^
pingauge: [emerg] "auth_api_key" directive is not allowed here in config:8
   8 | location /f { auth_api_key a; auth_api_key off; if ($uri) { auth_api_key b; } }
     |                                                             ^^^^^^^^^^^^
     help: allowed in: http, server, location, limit_except

=== a field that comes once more says nothing new
--- file api.keys
ann:k
--- config
location / { auth_api_key x; auth_api_key_file $DIR/api.keys; try_files /none =204; }
--- requests
GET / 204
    X-API-Key: k
    X-API-Key: k
    x-api-key: k
GET / 401
    X-API-Key: k
    X-API-Key: K
