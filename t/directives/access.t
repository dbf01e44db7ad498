# allow, deny, satisfy: the first rule that matches decides.

=== first match
--- config
location /open { allow all; deny all; return 200 never; }
location /closed { deny 127.0.0.1; allow all; }
location /net { allow 127.0.0.0/8; deny all; }
location /six { allow ::1; deny all; }
location /other { allow 10.0.0.0/8; deny all; }
location /inherited { deny all; location /inherited/again { } location /inherited/own { allow all; } }
location /any { satisfy any; deny all; }
--- requests
GET /open = never
GET /closed/x 403
GET /net/x 404
GET /six/x 403
GET /other/x 403
GET /inherited/again/x 403
GET /inherited/own/x 404
GET /any/x 403
