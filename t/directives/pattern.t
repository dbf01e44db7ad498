# Regular expressions see bytes, wherever they are written.

=== in location, if, rewrite and map
--- http_config
map $uri $mapped { default no; "~^/map/\w+$" word; "~^/map/[^a]$" one; "~*^/map/k(?=-)" ahead; }
map $arg_q $empty { default def; ~^a?$ rx; }
--- config
location ~ ^/w/\w+$ { return 200 in; }
location ~ ^/d/\d+$ { return 200 in; }
location ~ ^/(dot/.|class/[^a]|solid/\S)$ { return 200 in; }
location ~ "^/two/.{2}$" { return 200 in; }
location ~ ^/s/a\sb$ { return 200 in; }
location ~* ^/k/k$ { return 200 in; }
location ~ ^/look/.(?=\w)(.) { return 200 $1; }
location ~ ^/lit/é+$ { return 200 in; }
location ~ "^/q/\Qa.b\E$" { return 200 in; }
location ~ ^/dash/[\w-.]+$ { return 200 in; }
location /if { if ($arg_a ~ ^.$) { return 200 byte; } if ($arg_a ~ ^..$) { return 200 two; } return 200 no; }
location /rw { rewrite "^/rw/(.)(.)$" /seen?$2; }
location /seen { return 200 "$arg_x$args"; }
location /map { return 200 $mapped|$empty; }
location / { return 200 out; }
--- requests
GET /w/abc_1 = in
GET /w/%C3%A9 = out
GET /w/%E9 = out
GET /d/12 = in
GET /d/%D9%A3 = out
GET /dot/%E9 = in
GET /dot/%C3%A9 = out
GET /class/%C3%A9 = out
GET /solid/%C3%A9 = out
GET /two/%C3%A9 = in
GET /s/a%20b = in
GET /s/a%C2%A0b = out
GET /s/a%E2%80%83b = out
GET /k/K = in
GET /k/%E2%84%AA = out
GET /look/%E9x = x
GET /look/%E9%E9 = out
GET /lit/%C3%A9%A9 = in
GET /lit/%C3%A9%C3%A9 = out
GET /q/a.b = in
GET /q/axb = out
GET /dash/a-b.c = in
GET /if?a=x = byte
GET /if?a=xy = two
GET /rw/%C3%A9 = %A9
GET /map/abc = word|def
GET /map/%E9 = one|def
GET /map/%C3%A9 = no|def
GET /map/KK = word|def
GET /map/K- = ahead|def
GET /map?q=a = no|rx
GET /map?q= = no|def

=== in the name of a server, but for no name
--- http
server { listen 80; server_name ~^(?<who>\w*)\.test$; return 200 who=$who; }
server { listen 80; server_name ~.*; return 200 any; }
server { listen 127.0.0.1:$PORT default_server; server_name d.test; return 200 default; }
--- requests
GET / = who=abc
  Host: abc.test
GET / = any
  Host: other
--- raw_request
GET / HTTP/1.0\r\n\r\n
--- raw_response_like
default$
