//! What is asked of both servers, case by case, and where they differ.
//!
//! A step is `METHOD TARGET`, with fields of the request behind ` -- `. `$` is the number of the case, so that each has
//! a path of its own. What the origin does with a target is said in `origin.rs`.

/// A name, and steps.
type Case = (&'static str, &'static [&'static str]);

pub(super) const CASES: &[Case] = &[
    (
        "nothing says that it may be kept",
        &["GET /$?nth", "GET /$?nth"],
    ),
    (
        "max-age",
        &["GET /$?nth&header=Cache-Control:%20max-age=60", "GET /$"],
    ),
    (
        "s-maxage comes before max-age",
        &[
            "GET /$?nth&header=Cache-Control:%20max-age=60,%20s-maxage=0",
            "GET /$",
        ],
    ),
    (
        "max-age of zero",
        &[
            "GET /v/$?nth&header=Cache-Control:%20max-age=0",
            "GET /v/$?nth",
        ],
    ),
    (
        "max-age with nonsense behind it",
        &[
            "GET /v/$?nth&header=Cache-Control:%20max-age=10x",
            "GET /v/$?nth",
        ],
    ),
    (
        "max-age below zero",
        &[
            "GET /v/$?nth&header=Cache-Control:%20max-age=-1",
            "GET /v/$?nth",
        ],
    ),
    (
        "max-age with a blank before its sign",
        &[
            "GET /v/$?nth&header=Cache-Control:%20max-age%20=10",
            "GET /v/$?nth",
        ],
    ),
    (
        "max-age of twenty digits",
        &[
            "GET /$?nth&header=Cache-Control:%20max-age=99999999999999999999",
            "GET /$",
        ],
    ),
    (
        "no-cache",
        &[
            "GET /v/$?nth&header=Cache-Control:%20no-cache",
            "GET /v/$?nth",
        ],
    ),
    (
        "no-store",
        &[
            "GET /v/$?nth&header=Cache-Control:%20no-store,max-age=60",
            "GET /v/$?nth",
        ],
    ),
    (
        "private",
        &[
            "GET /v/$?nth&header=Cache-Control:%20private",
            "GET /v/$?nth",
        ],
    ),
    (
        "a word that has no-cache in it",
        &[
            "GET /v/$?nth&header=Cache-Control:%20x-no-cachey",
            "GET /v/$?nth",
        ],
    ),
    (
        "no-cache of one field",
        &[
            "GET /v/$?nth&header=Cache-Control:%20no-cache=%22set-cookie%22",
            "GET /v/$?nth",
        ],
    ),
    (
        "public says nothing",
        &["GET /v/$?nth&header=Cache-Control:%20public", "GET /v/$"],
    ),
    (
        "two lines of Cache-Control",
        &[
            "GET /$?nth&header=Cache-Control:%20public&header=Cache-Control:%20max-age=60",
            "GET /$",
        ],
    ),
    (
        "Expires that lies ahead",
        &[
            "GET /$?nth&header=Expires:%20Thu,%2031%20Dec%202099%2023:59:59%20GMT",
            "GET /$",
        ],
    ),
    (
        "Expires that is over",
        &[
            "GET /v/$?nth&header=Expires:%20Thu,%2001%20Jan%201970%2000:00:01%20GMT",
            "GET /v/$?nth",
        ],
    ),
    (
        "Expires that is no date",
        &["GET /v/$?nth&header=Expires:%20soon", "GET /v/$?nth"],
    ),
    (
        "Expires that is over and max-age",
        &[
            "GET /$?nth&header=Cache-Control:%20max-age=60&header=Expires:%200",
            "GET /$",
        ],
    ),
    (
        "max-age behind Expires that is over",
        &[
            "GET /$?nth&header=Expires:%200&header=Cache-Control:%20max-age=60",
            "GET /$",
        ],
    ),
    (
        "X-Accel-Expires",
        &["GET /$?nth&header=X-Accel-Expires:%2060", "GET /$"],
    ),
    (
        "X-Accel-Expires of zero",
        &["GET /v/$?nth&header=X-Accel-Expires:%200", "GET /v/$?nth"],
    ),
    (
        "X-Accel-Expires that is over",
        &["GET /v/$?nth&header=X-Accel-Expires:%20@1", "GET /v/$?nth"],
    ),
    (
        "X-Accel-Expires that is nonsense",
        &["GET /v/$?nth&header=X-Accel-Expires:%20abc", "GET /v/$"],
    ),
    (
        "X-Accel-Expires before no-cache",
        &[
            "GET /$?nth&header=X-Accel-Expires:%2060&header=Cache-Control:%20no-cache",
            "GET /$",
        ],
    ),
    (
        "X-Accel-Expires behind no-cache",
        &[
            "GET /$?nth&header=Cache-Control:%20no-cache&header=X-Accel-Expires:%2060",
            "GET /$",
        ],
    ),
    (
        "a cookie that is set",
        &["GET /v/$?nth&header=Set-Cookie:%20a=b", "GET /v/$?nth"],
    ),
    (
        "a cookie that is set and ignored",
        &[
            "GET /ignore/$?nth&header=Set-Cookie:%20a=b",
            "GET /ignore/$",
        ],
    ),
    (
        "fields that are ignored",
        &[
            "GET /ignore/$?nth&header=Cache-Control:%20no-store&header=Expires:%200&header=X-Accel-Expires:%200&header=Vary:%20*",
            "GET /ignore/$",
        ],
    ),
    (
        "statuses that a rule names",
        &["GET /v/$?nth&status=404", "GET /v/$"],
    ),
    (
        "a status that no rule names",
        &["GET /v/$?nth&status=500", "GET /v/$?nth&status=500"],
    ),
    ("any status", &["GET /any/$?nth&status=503", "GET /any/$"]),
    (
        "the usual statuses",
        &[
            "GET /usual/$?nth&status=301&header=Location:%20/x",
            "GET /usual/$",
        ],
    ),
    (
        "a status that is kept out",
        &["GET /none/$?nth&status=404", "GET /none/$?nth&status=404"],
    ),
    (
        "any status with max-age",
        &[
            "GET /$?nth&status=500&header=Cache-Control:%20max-age=60",
            "GET /$",
        ],
    ),
    (
        "nothing in it",
        &["GET /any/$?nth&status=204", "GET /any/$"],
    ),
    (
        "a part that nobody asked for",
        &["GET /any/$?nth&status=206", "GET /any/$?nth&status=206"],
    ),
    (
        "that it has not changed, unasked",
        &["GET /any/$?nth&status=304", "GET /any/$?nth&status=304"],
    ),
    (
        "an answer that is not read ahead",
        &[
            "GET /v/$?nth&header=X-Accel-Buffering:%20no",
            "GET /v/$?nth",
        ],
    ),
    ("in chunks", &["GET /v/$?nth&chunked", "GET /v/$"]),
    (
        "up to the end of the connection",
        &["GET /v/$?nth&close", "GET /v/$"],
    ),
    ("empty", &["GET /v/$?nth&length=0", "GET /v/$"]),
    (
        "an answer that breaks off",
        &["GET /v/$?nth&cut=5", "GET /v/$?nth"],
    ),
    (
        "HEAD fills for GET",
        &["HEAD /v/$?nth", "GET /v/$", "HEAD /v/$"],
    ),
    ("GET fills for HEAD", &["GET /v/$?nth", "HEAD /v/$"]),
    (
        "HEAD that is passed on",
        &["HEAD /head/$?nth", "GET /head/$?nth", "GET /head/$"],
    ),
    (
        "POST is not asked about",
        &["POST /v/$?nth", "POST /v/$?nth", "GET /v/$?nth"],
    ),
    ("POST that is", &["POST /post/$?nth", "POST /post/$"]),
    (
        "OPTIONS is not asked about",
        &["OPTIONS /v/$?nth", "OPTIONS /v/$?nth"],
    ),
    (
        "uses",
        &["GET /uses/$?nth", "GET /uses/$?nth", "GET /uses/$"],
    ),
    (
        "bypass keeps all the same",
        &[
            "GET /bypass/$?nth",
            "GET /bypass/$?nth&by=1",
            "GET /bypass/$",
            "GET /bypass/$?by=0",
        ],
    ),
    (
        "no_cache",
        &["GET /not/$?nth&not=1", "GET /not/$?nth", "GET /not/$?not=1"],
    ),
    (
        "off",
        &[
            "GET /off/$?nth&header=Cache-Control:%20max-age=60",
            "GET /off/$?nth",
        ],
    ),
    (
        "the client says no-cache",
        &["GET /v/$?nth", "GET /v/$ -- Cache-Control: no-cache"],
    ),
    (
        "the client has credentials",
        &[
            "GET /v/$?nth -- Authorization: Basic YTpi",
            "GET /v/$ -- Cookie: a=b",
        ],
    ),
    (
        "Vary of everything",
        &["GET /v/$?nth&header=Vary:%20*", "GET /v/$?nth"],
    ),
    (
        "Vary by a field",
        &[
            "GET /v/$?nth&header=Vary:%20X-A -- X-A: 1",
            "GET /v/$?nth&header=Vary:%20X-A -- X-A: 2",
            "GET /v/$ -- X-A: 1",
            "GET /v/$ -- X-A: 2",
        ],
    ),
    (
        "Vary by a field that is not there",
        &[
            "GET /v/$?nth&header=Vary:%20X-A",
            "GET /v/$",
            "GET /v/$?nth&header=Vary:%20X-A -- X-A: 2",
        ],
    ),
    (
        "Vary by encodings, however they are spaced",
        &[
            "GET /v/$?nth&header=Vary:%20accept-ENCODING -- Accept-Encoding: gzip, br",
            "GET /v/$ -- Accept-Encoding: gzip,br",
            "GET /v/$?nth&header=Vary:%20accept-ENCODING -- Accept-Encoding: br, gzip",
        ],
    ),
    (
        "Vary by a list that is spaced otherwise",
        &[
            "GET /v/$?nth&header=Vary:%20Accept -- Accept: a, b",
            "GET /v/$?nth&header=Vary:%20Accept -- Accept: a,b",
        ],
    ),
    (
        "Vary by everything among others",
        &[
            "GET /v/$?nth&header=Vary:%20Accept,%20* -- Accept: a",
            "GET /v/$?nth -- Accept: a",
        ],
    ),
    (
        "two lines of Vary",
        &[
            "GET /v/$?nth&header=Vary:%20X-A&header=Vary:%20X-B -- X-A: 1",
            "GET /v/$?nth&header=Vary:%20X-A&header=Vary:%20X-B -- X-A: 2",
        ],
    ),
    (
        "Vary that changes",
        &[
            "GET /v/$?nth&header=Vary:%20X-A -- X-A: 1",
            "GET /v/$?nth&header=Vary:%20X-B -- X-A: 2",
            "GET /v/$?nth -- X-A: 2",
            "GET /v/$?nth -- X-A: 1",
        ],
    ),
    (
        "a range of what is there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes",
            "GET /v/$ -- Range: bytes=2-4",
            "GET /v/$ -- Range: bytes=-2",
            "GET /v/$ -- Range: bytes=8-",
        ],
    ),
    (
        "a range beyond what is there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes",
            "GET /v/$ -- Range: bytes=20-",
        ],
    ),
    (
        "several ranges of what is there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes",
            "GET /v/$ -- Range: bytes=0-1,4-5",
        ],
    ),
    (
        "a range of what is not there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=2-4",
            "GET /v/$",
        ],
    ),
    (
        "several ranges of what is not there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=0-1,4-5",
            "GET /v/$",
        ],
    ),
    (
        "a range beyond what is not there",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=20-",
            "GET /v/$",
        ],
    ),
    (
        "a range where the origin has none",
        &["GET /v/$?nth", "GET /v/$ -- Range: bytes=2-4"],
    ),
    (
        "a range that is forced",
        &["GET /force/$?nth", "GET /force/$ -- Range: bytes=2-4"],
    ),
    (
        "several ranges that are forced",
        &[
            "GET /force/$?nth -- Range: bytes=0-1,4-5",
            "GET /force/$ -- Range: bytes=0-1,4-5",
        ],
    ),
    (
        "ranges without a cache",
        &[
            "GET /forced/$ -- Range: bytes=0-1,4-5",
            "GET /forced/$ -- Range: bytes=4-5",
            "GET /off/$?header=Accept-Ranges:%20bytes -- Range: bytes=0-1,4-5",
        ],
    ),
    (
        "a part that the configuration asks for",
        &[
            "GET /part/$?nth&status=206&header=Content-Range:%20bytes%200-9/50 -- Range: bytes=0-9",
            "GET /part/$ -- Range: bytes=0-9",
            "HEAD /part/$ -- Range: bytes=0-9",
            "GET /part/$?nth&status=206&header=Content-Range:%20bytes%2010-19/50 -- Range: bytes=10-19",
            "GET /part/$ -- Range: bytes=10-19",
            "GET /part/$?nth",
            "GET /part/$",
        ],
    ),
    (
        "a part that is not there",
        &[
            "GET /part/$?nth&status=416&header=Content-Range:%20bytes%20*/50 -- Range: bytes=90-",
            "GET /part/$ -- Range: bytes=90-",
        ],
    ),
    (
        "a part that says itself that it may be kept",
        &[
            "GET /part/$?nth&status=206&header=Content-Range:%20bytes%200-9/50&header=Cache-Control:%20no-store -- Range: bytes=0-9",
            "GET /part/$?nth&status=206&header=Content-Range:%20bytes%200-9/50&header=Cache-Control:%20max-age=9 -- Range: bytes=0-9",
            "GET /part/$ -- Range: bytes=0-9",
        ],
    ),
    (
        "variables name the cache",
        &[
            "GET /named/$?nth&zone=c",
            "GET /named/$?zone=c",
            "GET /named/$?nth&zone=off",
            "GET /named/$?nth",
            "GET /named/$?zone=none",
            "POST /named/$?nth&zone=none",
        ],
    ),
    (
        "a field without a value",
        &[
            "GET /v/$?header=X-Empty:",
            "GET /v/$",
            "GET /off/$?header=X-Empty:",
        ],
    ),
    (
        "a range that is far",
        &[
            "GET /far/$?nth -- Range: bytes=6-7",
            "GET /far/$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=5-7",
            "GET /far/$ -- Range: bytes=6-7",
        ],
    ),
    (
        "a range from the end that is far",
        &["GET /far/$?nth -- Range: bytes=-2"],
    ),
    (
        "a range under a condition",
        &[
            "GET /v/$?nth&header=Accept-Ranges:%20bytes&header=ETag:%20%22x%22",
            "GET /v/$ -- Range: bytes=2-4 -- If-Range: \"x\"",
            "GET /v/$ -- Range: bytes=2-4 -- If-Range: \"y\"",
        ],
    ),
    (
        "what the client has",
        &[
            "GET /v/$?nth&header=ETag:%20%22x%22&header=Last-Modified:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT",
            "GET /v/$ -- If-None-Match: \"x\"",
            "GET /v/$ -- If-None-Match: W/\"x\"",
            "GET /v/$ -- If-None-Match: \"y\"",
            "GET /v/$ -- If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            "GET /v/$ -- If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT",
        ],
    ),
    (
        "what the client has of what is not there",
        &[
            "GET /v/$?nth&header=ETag:%20%22x%22 -- If-None-Match: \"x\"",
            "GET /v/$",
        ],
    ),
    (
        "what the client counts on",
        &[
            "GET /v/$?nth&header=ETag:%20%22x%22",
            "GET /v/$ -- If-Match: \"x\"",
            "GET /v/$ -- If-Match: \"y\"",
            "GET /v/$ -- If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
        ],
    ),
    (
        "a tag that is weak",
        &[
            "GET /v/$?nth&header=ETag:%20W/%22x%22",
            "GET /v/$ -- If-None-Match: \"x\"",
            "GET /v/$ -- If-Match: W/\"x\"",
        ],
    ),
    (
        "expired is asked for again",
        &[
            "GET /$?nth&header=X-Accel-Expires:%20@1",
            "GET /$?nth&header=Cache-Control:%20max-age=60",
            "GET /$",
        ],
    ),
    (
        "expired, and the origin fails",
        &[
            "GET /$?nth&header=X-Accel-Expires:%20@1",
            "GET /$?nth&cut=0&status=500",
            "GET /$?nth",
        ],
    ),
    (
        "stale instead of a status",
        &[
            "GET /stale/$?nth&header=X-Accel-Expires:%20@1",
            "GET /stale/$?status=500",
            "GET /stale/$?status=404",
            "GET /stale/$?nth&status=503",
        ],
    ),
    (
        "stale instead of nothing",
        &[
            "GET /stale/$?nth&header=X-Accel-Expires:%20@1",
            "GET /stale/$?silent",
        ],
    ),
    (
        "stale-if-error and a status",
        &[
            "GET /$?nth&header=X-Accel-Expires:%20@1&header=Cache-Control:%20stale-if-error=600",
            "GET /$?nth&status=500",
        ],
    ),
    (
        "still holds",
        &[
            "GET /still/$?nth&header=X-Accel-Expires:%20@1&header=ETag:%20%22x%22&header=Last-Modified:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT",
            "GET /still/$?holds&header=Cache-Control:%20max-age=60",
            "GET /still/$",
        ],
    ),
    (
        "does not hold any more",
        &[
            "GET /still/$?nth&header=X-Accel-Expires:%20@1&header=ETag:%20%22x%22",
            "GET /still/$?nth&header=Cache-Control:%20max-age=60",
            "GET /still/$",
        ],
    ),
    (
        "nothing by which it could hold",
        &[
            "GET /still/$?nth&header=X-Accel-Expires:%20@1",
            "GET /still/$?nth&holds",
            "GET /still/$?nth",
        ],
    ),
    (
        "fields that are hidden",
        &[
            "GET /hide/$?nth&header=X-Secret:%20a&header=Set-Cookie:%20a=b",
            "GET /hide/$",
        ],
    ),
    (
        "fields that variables show",
        &["GET /seen/$?nth&header=X-Secret:%20a", "GET /seen/$"],
    ),
    (
        "Age and Date of the origin",
        &[
            "GET /v/$?nth&header=Age:%20100&header=Cache-Control:%20max-age=60",
            "GET /v/$",
        ],
    ),
    (
        "packed on the way",
        &[
            "GET /gzip/$?nth&length=1000&header=Content-Type:%20text/plain -- Accept-Encoding: gzip",
            "GET /gzip/$",
            "GET /gzip/$ -- Accept-Encoding: gzip",
        ],
    ),
    (
        "packed by the origin",
        &["GET /v/$?nth&header=Content-Encoding:%20gzip", "GET /v/$"],
    ),
    (
        "an intercepted error is kept as a status",
        &[
            "GET /page/$?nth&status=404&header=X-Secret:%20s",
            "GET /page/$?nth&status=200",
            "HEAD /page/$",
        ],
    ),
    (
        "an intercepted error that is not kept",
        &["GET /page/$?nth&status=500", "GET /page/$?nth&status=500"],
    ),
    (
        "an intercepted error says itself how long it is kept",
        &[
            "GET /page/$?nth&status=404&header=Cache-Control:%20no-store",
            "GET /page/$?nth&status=404&header=X-Accel-Expires:%20@1",
            "GET /page/$?nth&status=500&header=Cache-Control:%20max-age=60",
            "GET /page/$?nth&status=200",
        ],
    ),
    (
        "an intercepted error with another status",
        &["GET /plain/$?nth&status=404", "GET /plain/$?nth"],
    ),
    (
        "an error that is not intercepted is kept with its body",
        &["GET /plain/$?nth&status=410", "GET /plain/$?nth"],
    ),
    (
        "nobody answers, which is kept",
        &["GET /plain/$?silent", "GET /plain/$?nth"],
    ),
    (
        "nobody answers, but there is something old",
        &[
            "GET /plain/$?nth&header=X-Accel-Expires:%20@1",
            "GET /plain/$?silent",
            "GET /plain/$?nth",
        ],
    ),
    (
        "what is not 200 is not revalidated",
        &[
            "GET /still/$?nth&status=404&header=X-Accel-Expires:%20@1&header=Last-Modified:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT&header=ETag:%20%22x%22",
            "GET /still/$?nth&holds",
        ],
    ),
    (
        "conditions of what is not kept",
        &[
            "GET /$?nth&header=ETag:%20%22x%22 -- If-None-Match: \"x\"",
            "GET /$?nth&header=ETag:%20%22x%22 -- If-Match: \"y\"",
            "GET /$?nth&header=Last-Modified:%20Sun,%2006%20Nov%201994%2008:49:37%20GMT -- If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            "HEAD /$?nth&header=ETag:%20%22x%22 -- If-None-Match: \"x\"",
        ],
    ),
    (
        "conditions of what is kept out",
        &[
            "GET /not/$?nth&not=1&header=ETag:%20%22x%22 -- If-None-Match: \"x\"",
            "GET /not/$?nth&not=1&header=ETag:%20%22x%22 -- If-None-Match: \"y\"",
        ],
    ),
    (
        "ranges of what is not kept",
        &[
            "GET /$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=0-1",
            "GET /$?nth&header=Accept-Ranges:%20bytes -- Range: bytes=-3",
            "GET /$?nth&chunked&header=Accept-Ranges:%20bytes -- Range: bytes=0-1",
            "GET /$?nth -- Range: bytes=0-1",
        ],
    ),
    (
        "pages for conditions that fail",
        &[
            "GET /ep/$?nth&header=ETag:%20%22x%22&header=Cache-Control:%20max-age=60 -- If-Match: \"y\"",
            "GET /ep/$?nth&header=ETag:%20%22x%22&header=Cache-Control:%20max-age=60",
            "GET /ep/$?nth -- If-Match: \"y\"",
        ],
    ),
    (
        "pages for ranges that are not there",
        &[
            "GET /ep/$?nth&header=Accept-Ranges:%20bytes&header=Cache-Control:%20max-age=60 -- Range: bytes=500-",
            "GET /ep/$?nth&header=Accept-Ranges:%20bytes&header=Cache-Control:%20max-age=60",
            "GET /ep/$?nth -- Range: bytes=500-",
        ],
    ),
    (
        "a head that is kept",
        &["HEAD /asked/$?nth&length=7", "HEAD /asked/$"],
    ),
    (
        "a head that is kept and says no length",
        &["HEAD /asked/$?nth&chunked", "HEAD /asked/$"],
    ),
    (
        "Expires on another day of the week than it is",
        &[
            "GET /$?nth&header=Expires:%20Mon,%2031%20Dec%202099%2023:59:59%20GMT",
            "GET /$",
        ],
    ),
    (
        "Last-Modified on another day of the week than it was",
        &[
            "GET /v/$?nth&header=Last-Modified:%20Mon,%2006%20Nov%201994%2008:49:37%20GMT",
            "GET /v/$ -- If-Modified-Since: Mon, 06 Nov 1994 08:49:37 GMT",
            "GET /v/$ -- If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            "GET /v/$ -- If-Modified-Since: Mon, 06 Nov 1994 08:49:38 GMT",
        ],
    ),
];

/// Where they differ on purpose, and why.
pub(super) const DIFFERENT: &[(&str, &str)] = &[
    (
        "max-age behind Expires that is over",
        "the order of fields means nothing, as in nginx from 1.23 on",
    ),
    (
        "X-Accel-Expires behind no-cache",
        "the order of fields means nothing, as in nginx from 1.23 on",
    ),
    (
        "a part that nobody asked for",
        "a part would be given to those who ask for all of it",
    ),
    (
        "that it has not changed, unasked",
        "those who have nothing would be told that it has not changed",
    ),
    (
        "in chunks",
        "how long a body is that came in chunks is known once it is kept",
    ),
    (
        "up to the end of the connection",
        "how long a body is that ended with its connection is known once it is kept",
    ),
    (
        "Vary by everything among others",
        "a star anywhere means that it fits nobody else (RFC 9110, section 12.5.5)",
    ),
    (
        "two lines of Vary",
        "all of them count, as in nginx from 1.23 on; the last alone would give an answer to the wrong client",
    ),
    (
        "a range beyond what is there",
        "what is said of an answer is not said of a page that tells of an error",
    ),
    (
        "a range beyond what is not there",
        "what is said of an answer is not said of a page that tells of an error",
    ),
    (
        "pages for ranges that are not there",
        "what is said of an answer is not said of a page that tells of an error",
    ),
    (
        "a head that is kept",
        "the origin is asked by the method that is configured, where nginx has GET in the place of HEAD",
    ),
    (
        "a head that is kept and says no length",
        "the origin is asked by the method that is configured, where nginx has GET in the place of HEAD",
    ),
    (
        "an intercepted error is kept as a status",
        "what the origin said in its fields can be told each time",
    ),
];
