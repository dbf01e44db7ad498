# auth_basic: names and passwords in a file, in all forms that are in use. What nginx answers, but that a realm is quoted.

=== every form of a password
--- file users
# a comment
plain:{PLAIN}pass word
sha:{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=
ssha:{SSHA}dZTWnaLaMKT/nowYpaYYLrpPw9dzYWx0c2FsdA==:and a comment
apr:$apr1$saltstr9$DqSuzuCfb7lQmOgBG3r3G1
md5:$1$saltstr9$UlkOKmrD9153QjnIvYGuS.
sha256:$5$saltstr9$4U.DArgKkok1wHMRDbHVa4kFxpUYnI2etPireItdiy7
sha512:$6$rounds=1400$anotherlongsalts$N7qiGea3oh1BBCg6DsT5RLQO3anh63yDH1dsVRsADwgCPzpxKJ1zc3rruiiwRbSfhl4OZMb0IZkoAXGFuQJv10
bcrypt:$2y$04$2yF9rVDC9LprL9/wDBo.uuDXn3V6HezqqWMkT5Vv..q/Pjkc9.VqW
odd:rl.3StKT.4T8M
--- config
location / { auth_basic closed; auth_basic_user_file users; try_files /none @in; }
location @in { return 200 $remote_user; }
--- requests
GET / = plain
 Authorization: Basic cGxhaW46cGFzcyB3b3Jk
GET / = plain
 Authorization: basic  cGxhaW46cGFzcyB3b3Jk
GET / = sha
 Authorization: Basic c2hhOnNoYQ==
GET / = sha
 Authorization: Basic c2hhOnNoYQ
GET / = ssha
 Authorization: Basic c3NoYTpzc2hh
GET / = apr
 Authorization: Basic YXByOnBhc3Mgd29yZA==
GET / = md5
 Authorization: Basic bWQ1OnBhc3Mgd29yZA==
GET / = sha256
 Authorization: Basic c2hhMjU2OnBhc3Mgd29yZA==
GET / = sha512
 Authorization: Basic c2hhNTEyOnBhc3M=
GET / = bcrypt
 Authorization: Basic YmNyeXB0OmJjcnlwdCBpdA==
GET / 401
 Authorization: Basic YmNyeXB0OmJjcnlwdA==
GET / 401
 Authorization: Basic YXByOnBhc3M=
GET / 401
 Authorization: Basic cGxhaW46
GET / 401
 Authorization: Basic bm9ib2R5Ong=
GET / 401
 Authorization: Basic b2RkOng=
GET / 401
 Authorization: Basic cGxhaW46c!!c=
GET / 401
 Authorization: Bearer cGxhaW46cGFzcyB3b3Jk
GET / 401
--- response_headers
WWW-Authenticate: Basic realm="closed"
--- log
user "bcrypt": password mismatch, client: 127\.0\.0\.1,
user "nobody" was not found in ".*/users"
user "odd": its password is in a form that is not supported
no user/password was provided for basic authentication

=== a change of the file is seen at once
--- file users
a:{PLAIN}b
--- config
location / { auth_basic closed; auth_basic_user_file $arg_file; try_files /none @in; }
location @in { return 200 in; }
--- requests
GET /?file=users = in
 Authorization: Basic YTpi
GET /?file=others 403
 Authorization: Basic YTpi
GET /?file=users = in
 Authorization: Basic YTpi
GET /?file= 500
 Authorization: Basic YTpi
GET /?file=users 401
 Authorization: Basic YTpj
--- log
open\(\) ".*/others" failed \(2: No such file or directory\)

=== off, by word, by variable, and within
--- file users
a:{PLAIN}b
--- config
auth_basic $arg_realm;
auth_basic_user_file users;
location / { try_files /none @in; }
location /open { auth_basic off; try_files /none @in; }
location /quoted { auth_basic 'a "b" \\ $arg_c'; try_files /none @in; }
location @in { auth_basic off; return 200 in; }
--- requests
GET /?realm=off = in
GET /open = in
GET /?realm=x 401
--- response_headers
WWW-Authenticate: Basic realm="x"
--- requests
GET /quoted?c=d 401
--- response_headers
WWW-Authenticate: Basic realm="a \"b\" \\ d"
--- requests
GET / 401
--- response_headers
WWW-Authenticate: Basic realm=""

=== with other rules, and on an error page
--- file users
a:{PLAIN}b
--- config
location / { satisfy any; deny all; auth_basic x; auth_basic_user_file users; try_files /none @in; }
location /by-address { satisfy any; allow 127.0.0.1; deny all; auth_basic x; auth_basic_user_file users; try_files /none @in; }
location /both { deny all; auth_basic x; auth_basic_user_file users; try_files /none @in; }
location /page { auth_basic x; auth_basic_user_file users; error_page 401 /why; try_files /none @in; }
location /put { limit_except GET { auth_basic x; auth_basic_user_file users; } proxy_pass http://127.0.0.1:$PORT/in; }
location = /why { return 200 why; }
location = /in { return 200 "in $http_authorization"; }
location @in { return 200 in; }
--- requests
GET / 401
GET / = in
 Authorization: Basic YTpi
GET /by-address = in
GET /both 403
 Authorization: Basic YTpi
GET /put = in Basic YTpj
 Authorization: Basic YTpj
POST /put 401
 Authorization: Basic YTpj
POST /put = in Basic YTpi
 Authorization: Basic YTpi
GET /page 401 = why
--- response_headers
WWW-Authenticate: Basic realm="x"

=== several fields are nobody's
--- file users
a:{PLAIN}b
--- config
location / { auth_basic x; auth_basic_user_file users; try_files /none @in; }
location @in { return 200 in; }
--- requests
GET / any
 Authorization: Basic YTpi
 Authorization: Basic YTpj
--- no_log
panicked

=== without a file
--- config
auth_basic "x";
location / { auth_basic_user_file users; }
--- error
pingauge: [emerg] "auth_basic" requires "auth_basic_user_file" in config:1
   1 | auth_basic "x";
     | ^^^^^^^^^^^^^^^
     help: write "auth_basic_user_file FILE;" beside it or in a block around it
