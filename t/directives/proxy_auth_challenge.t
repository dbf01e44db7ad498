# proxy_auth_challenge: what may be written, and what it says of itself where nothing is asked.

=== a value that is none
--- config
location /a { proxy_auth_challenge maybe; proxy_pass http://127.0.0.1:1; }
location /b { proxy_auth_challenge off user=a; proxy_pass http://127.0.0.1:1; }
location /c { proxy_auth_challenge on users=a; proxy_pass http://127.0.0.1:1; }
location /d { proxy_auth_challenge on user=a; proxy_pass http://127.0.0.1:1; }
location /e { proxy_auth_challenge on password_file=a; proxy_pass http://127.0.0.1:1; }
location /f { proxy_auth_challenge on realm=a:1 realm=a:1; proxy_pass http://127.0.0.1:1; }
location /g { proxy_auth_challenge on realm=http://a/; proxy_pass http://127.0.0.1:1; }
location /h { proxy_auth_challenge on user=a:b password_file=c; proxy_pass http://127.0.0.1:1; }
location /i { proxy_auth_challenge on user=a user=b password_file=c; proxy_pass http://127.0.0.1:1; }
--- error
pingauge: [emerg] invalid parameter "maybe" in config:1
   1 | location /a { proxy_auth_challenge maybe; proxy_pass http://127.0.0.1:1; }
     |                                    ^^^^^
     help: expected "off", or "on" and user=, password_file=, realm=
pingauge: [emerg] invalid parameter "user=a" in config:2
   2 | location /b { proxy_auth_challenge off user=a; proxy_pass http://127.0.0.1:1; }
     |                                        ^^^^^^
     help: expected "off", or "on" and user=, password_file=, realm=
pingauge: [emerg] invalid parameter "users=a" in config:3
   3 | location /c { proxy_auth_challenge on users=a; proxy_pass http://127.0.0.1:1; }
     |                                       ^^^^^^^
     help: did you mean "user="?
pingauge: [emerg] "proxy_auth_challenge" "user" requires "password_file" in config:4
   4 | location /d { proxy_auth_challenge on user=a; proxy_pass http://127.0.0.1:1; }
     |               ^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] "proxy_auth_challenge" "password_file" requires "user" in config:5
   5 | location /e { proxy_auth_challenge on password_file=a; proxy_pass http://127.0.0.1:1; }
     |               ^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] duplicate "realm" "a:1" in config:6
   6 | location /f { proxy_auth_challenge on realm=a:1 realm=a:1; proxy_pass http://127.0.0.1:1; }
     |                                                 ^^^^^^^^^
pingauge: [emerg] invalid realm "realm=http://a/" in config:7
   7 | location /g { proxy_auth_challenge on realm=http://a/; proxy_pass http://127.0.0.1:1; }
     |                                       ^^^^^^^^^^^^^^^
     help: expected a host, or a host and a port
pingauge: [emerg] invalid name "user=a:b" in config:8
   8 | location /h { proxy_auth_challenge on user=a:b password_file=c; proxy_pass http://127.0.0.1:1; }
     |                                       ^^^^^^^^
     help: a name of a user is not empty and has no colon
pingauge: [emerg] duplicate parameter "user=b" in config:9
   9 | location /i { proxy_auth_challenge on user=a user=b password_file=c; proxy_pass http://127.0.0.1:1; }
     |                                              ^^^^^^
     help: "user" is given once

=== a file of a password that cannot be read
--- file empty

--- config
location /a { proxy_auth_challenge on user=a password_file=none/here; proxy_pass http://127.0.0.1:1; }
location /b { proxy_auth_challenge on user=a password_file=empty; proxy_pass http://127.0.0.1:1; }
--- error
pingauge: [emerg] open() "none/here" failed (2: No such file or directory) in config:1
   1 | location /a { proxy_auth_challenge on user=a password_file=none/here; proxy_pass http://127.0.0.1:1; }
     |                                              ^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [emerg] there is no password in "empty" in config:2
   2 | location /b { proxy_auth_challenge on user=a password_file=empty; proxy_pass http://127.0.0.1:1; }
     |                                              ^^^^^^^^^^^^^^^^^^^
     help: the password is the first line of the file

=== where nothing is asked, nothing is answered
--- origin one
GET /a 200
    | $HEAD
GET /b 401
    WWW-Authenticate: Basic realm="x"
    | no
--- config
add_header X-Auth "<$proxy_auth_status>" always;
location /a { proxy_auth_challenge on; proxy_pass http://$ORIGIN_one; }
location /b { proxy_pass http://$ORIGIN_one; }
location /c { proxy_auth_challenge on; proxy_set_header Authorization "Basic own"; proxy_pass http://$ORIGIN_one/a; }
--- requests
GET /b 401 = no
--- response_headers
X-Auth: <>
WWW-Authenticate: Basic realm="x"
--- requests
GET /c 200 ~ Authorization: Basic own
    Authorization: Basic abc
GET /a 200
    Authorization: Basic abc
--- response_headers
X-Auth: <NONE>
--- response_body_like
^GET /a HTTP/1\.1\s+Host: [0-9.:]+\s+Connection: close\s*$
