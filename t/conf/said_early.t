# What is wrong with settings that nothing uses yet, or with lines that would have no effect, is said where they stand.

=== variables that nobody knows, before anything is passed on
--- http_config
proxy_set_header X $nosuch;
grpc_set_header Y $nothing;
--- config
proxy_ssl_name $nobody;
location /a { proxy_bind $nowhere; }
--- error_like
unknown "nosuch" variable in http_config:1
unknown "nothing" variable in http_config:2
unknown "nobody" variable in config:1
unknown "nowhere" variable in config:2

=== files of passwords that are not there, before anything is passed on
--- http_config
proxy_ssl_password_file nosuch;
--- config
location /a { grpc_ssl_password_file nothing; }
--- error_like
cannot load password file .*nosuch. \(2: No such file or directory\) in http_config:1
cannot load password file .*nothing. \(2: No such file or directory\) in config:1

=== ciphers that nobody knows
--- http_config
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:FOO:!BAR:HIGH:MEDIUM;
--- warn
pingauge: [warn] not supported, ignored: FOO in http_config:1
   1 | ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:FOO:!BAR:HIGH:MEDIUM;
     |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

=== a log of sessions that cannot be opened
--- http_config
session_zone v:1m log=/nosuch/dir/x;
--- error_like
"log=off" writes no log

=== counts of a resolver under two names
--- http_config
resolver 127.0.0.1 status_zone=a status_zone=b;
--- error_like
"status_zone" is duplicate in http_config:1

=== the system is no name server
--- http_config
resolver off;
--- error_like
host not found in resolver "off" in http_config:1

=== times that nothing waits for
--- config
location /a { jitter 60s; }
location /b { jitter 2s $arg_t 5s; jitter_max 3s; }
location /c { jitter 30s; }
--- warn
pingauge: [warn] "jitter" of more than 30s is shortened to that by "jitter_max" in config:1
   1 | location /a { jitter 60s; }
     |                      ^^^
     help: raise "jitter_max" if requests may wait longer
pingauge: [warn] "jitter" of more than 3s is shortened to that by "jitter_max" in config:2
   2 | location /b { jitter 2s $arg_t 5s; jitter_max 3s; }
     |                                ^^
     help: raise "jitter_max" if requests may wait longer

=== copies and questions for what is no path
--- config
location /a { mirror http://127.0.0.1/; mirror @n; mirror ""; }
location /b { auth_request http://x/; }
location /c { mirror /d; auth_request off; }
--- warn
pingauge: [warn] "mirror" expects a path, and "http://127.0.0.1/" does not begin with "/" in config:1
   1 | location /a { mirror http://127.0.0.1/; mirror @n; mirror ""; }
     |                      ^^^^^^^^^^^^^^^^^
     help: a location of that path may pass requests to another server
pingauge: [warn] "mirror" expects a path, and "@n" does not begin with "/" in config:1
   1 | location /a { mirror http://127.0.0.1/; mirror @n; mirror ""; }
     |                                                ^^
     help: a location of that path may pass requests to another server
pingauge: [warn] "mirror" expects a path, and "" does not begin with "/" in config:1
   1 | location /a { mirror http://127.0.0.1/; mirror @n; mirror ""; }
     |                                                           ^^
     help: a location of that path may pass requests to another server
pingauge: [warn] "auth_request" expects a path, and "http://x/" does not begin with "/" in config:2
   2 | location /b { auth_request http://x/; }
     |                            ^^^^^^^^^
     help: a location of that path may pass requests to another server

=== HTTP/2 that is wanted and is not
--- http_config
server { listen 127.0.0.1:$PORT2 http2; http2 off; }
--- warn
pingauge: [warn] "http2 off" has no effect: "listen … http2" asks for HTTP/2 in http_config:1
   1 | server { listen 127.0.0.1:$PORT2 http2; http2 off; }
     |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
pingauge: [warn] "listen … http2" is an old way to write "http2 on;" in http_config:1
   1 | server { listen 127.0.0.1:$PORT2 http2; http2 off; }
     |                                 ^^^^^
