# allow, deny, satisfy: the first rule that matches decides.

=== first match
--- config
location /open { allow all; deny all; return 200 never; }
location /closed { deny 127.0.0.1; allow all; }
location /net { allow 127.0.0.0/8; deny all; }
location /six { allow ::1; deny all; }
location /other { allow 10.0.0.0/8; deny all; }
location /all-of-six { allow ::/0; deny all; }
location /mapped { allow ::ffff:127.0.0.0/104; deny all; }
location /inherited { deny all; location /inherited/again { } location /inherited/own { allow all; } }
location /any { satisfy any; deny all; }
--- requests
GET /open = never
GET /closed/x 403
GET /net/x 404
GET /six/x 403
GET /other/x 403
GET /all-of-six/x 403
GET /mapped/x 404
GET /inherited/again/x 403
GET /inherited/own/x 404
GET /any/x 403

=== who was refused is logged
--- config
location /closed { deny all; }
location /open { allow all; return 200 ok; }
--- requests
GET /open 200
GET /closed/x?y 403
--- log
\[error\] \d+#\d+: access forbidden by rule, client: 127\.0\.0\.1, server: .*, request: "GET /closed/x\?y $PROTOCOL", host: "
--- no_log
forbidden.*GET /open
