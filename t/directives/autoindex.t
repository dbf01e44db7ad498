# Lists of directories, files that are chosen by chance, and a picture that is in no file.

=== a list
--- file html/d/a.txt
hello
--- file html/d/b<c>.txt
x
--- file html/d/sub/c
x
--- config
location /d/ { autoindex on; }
location /j/ { alias $DIR/html/d/; autoindex on; autoindex_format json; }
location /x/ { alias $DIR/html/d/; autoindex on; autoindex_format xml; }
location /p/ { alias $DIR/html/d/; autoindex on; autoindex_format jsonp; }
--- requests
GET /d/ ~ <a href="sub/">sub/</a> +\d\d-\w{3}-\d{4} \d\d:\d\d +-\r\n<a href="a.txt">a.txt</a> +\S+ \d\d:\d\d +6\r\n<a href="b%3Cc%3E.txt">b&lt;c&gt;.txt</a>
--- response_headers
Content-Type: text/html
!Content-Length
--- requests
GET /d 301
GET /d/?x ~ Index of /d/
PUT /d/ 405
HEAD /d/
--- response_headers
Content-Type: text/html
--- requests
GET /j/
--- json
[{"name": "sub", "type": "directory", "mtime": "<string>"}, {"name": "a.txt", "type": "file", "mtime": "<string>", "size": 6}, {"name": "b<c>.txt", "type": "file", "mtime": "<string>", "size": 2}]
--- requests
GET /x/ ~ <directory mtime="[-0-9]{10}T[:0-9]{8}Z">sub</directory>\r\n<file mtime="[^"]+" size="6">a.txt</file>
--- response_headers
Content-Type: text/xml
--- requests
GET /p/?callback=a.b ~ ^/\* callback \*/\r\na.b\(\[\r\n
--- response_headers
Content-Type: application/javascript
--- requests
GET /p/?callback=alert(1) 400
GET /p/ ~ ^\[\r\n
--- response_headers
Content-Type: application/json

=== an index file comes first, and what is not there is not listed
--- file html/d/index.html
index
--- file html/e/x
x
--- config
autoindex on;
location /off/ { autoindex off; alias $DIR/html/e/; }
--- requests
GET /d/ = index\n
GET /e/ ~ Index of /e/
GET /none/ 404
GET /off/ 403

=== a format that is none
--- config
autoindex_format yaml;
--- error
pingauge: [emerg] invalid value "yaml" in "autoindex_format" directive, it must be "html" or "json" or "jsonp" or "xml" in config:1
   1 | autoindex_format yaml;
     |                  ^^^^

=== a directory that a filter changes as it is listed
--- file html/d/a.txt
x
--- config
location /d/ { autoindex on; sub_filter 'Index of' 'All of'; add_header X-A b; }
--- requests
GET /d/ ~ <title>All of /d/</title>
--- response_headers
X-A: b

=== some file of a directory
--- file html/r/a.txt
some
--- file html/r/.hidden
no
--- file html/r/sub/c.txt
no
--- config
location /r/ { random_index on; }
location /r/sub/ { autoindex on; }
location /n/ { alias $DIR/; random_index on; index html/r/a.txt; }
--- requests
GET /r/ = some\n
GET /r/ x20 = some\n
GET /r/sub/ ~ Index of
GET /r/none/ 404

=== a picture of one pixel
--- config
location = /_.gif { empty_gif; }
--- requests
GET /_.gif ~ ^GIF89a
--- response_headers
Content-Type: image/gif
Content-Length: 43
Last-Modified: Mon, 28 Sep 1970 06:00:00 GMT
!ETag
--- requests
GET /_.gif 304
    If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT
GET /_.gif 200
    If-None-Match: ""
POST /_.gif 405

=== sizes that are rounded, and local times
--- main_config
env TZ=XYZ-9;
events {}
--- file html/d/a.txt
<<x*20000>>
--- config
location /d/ { autoindex on; autoindex_exact_size off; autoindex_localtime on; }
location /e/ { alias $DIR/html/d/; autoindex on; }
--- requests
GET /d/ ~ a.txt</a> +\d\d-\w{3}-\d{4} \d\d:\d\d     20K\r\n
GET /e/ ~ a.txt</a> +\d\d-\w{3}-\d{4} \d\d:\d\d               20001\r\n
