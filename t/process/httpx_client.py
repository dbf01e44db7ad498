"""Python's httpx, over HTTP/1.1 and HTTP/2: what an application does with a client of that kind.

Usage: httpx_client.py HOST:PORT. `/echo` gives back what is posted, `/small` says "small", `/packed` packs a long text,
`/large` has 150,000 bytes "l", `/limited` takes no large body, `/away` leads to `/small`, `/missing` is not there. The exit code is 77 when httpx is missing.
"""

import asyncio
import sys

try:
    import h2  # noqa: F401  (httpx speaks HTTP/2 by it)
    import httpx
except ImportError:
    sys.exit(77)

BASE = f"http://{sys.argv[1]}"
VERSIONS = {"HTTP/1.1": {}, "HTTP/2": {"http1": False, "http2": True}}
PATIENCE = 20


def one_after_another(version, how):
    with httpx.Client(base_url=BASE, timeout=PATIENCE, **how) as client:
        small = client.get("/small")
        assert (small.status_code, small.text, small.http_version) == (200, "small", version), small
        assert client.head("/large").headers["content-length"] == "150000"
        assert client.get("/large").content == b"l" * 150_000
        packed = client.get("/packed")
        assert packed.headers["content-encoding"] == "gzip" and packed.text == "text " * 1000, packed.headers
        assert client.get("/missing").status_code == 404
        away = client.get("/away", follow_redirects=True)
        assert [one.status_code for one in away.history] == [302] and away.text == "small", away
        part = client.get("/large", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, b"l" * 10), part
        cookies = client.get("/small", cookies={"a": "1", "b": "2"})
        assert cookies.headers["x-cookies"] == "a=1; b=2", cookies.headers


def bodies(version, how):
    with httpx.Client(base_url=BASE, timeout=PATIENCE, **how) as client:
        for content in (b"", b"short", b"0123456789abcdef" * 64_000):
            assert client.post("/echo", content=content).content == content, len(content)
        pieces = [b"%04d" % number * 250 for number in range(200)]
        assert client.post("/echo", content=iter(pieces)).content == b"".join(pieces)
        assert client.post("/echo", json={"a": [1, "ä"]}).json() == {"a": [1, "ä"]}
        form = client.post("/echo", data={"x": "1"}, files={"f": ("name", b"file")})
        assert b'filename="name"' in form.content and b"file" in form.content
        with client.stream("GET", "/large") as response:
            assert sum(len(piece) for piece in response.iter_raw(1000)) == 150_000
        # Answers that come before all has been said.
        large = b"x" * 1_000_000
        for path, status in (("/small", 200), ("/missing", 404)) + (("/limited", 413),) * (version == "HTTP/2"):
            for _ in range(5):
                assert client.post(path, content=large).status_code == status, path
        # One that is not read to its end costs no other.
        with client.stream("GET", "/large") as response:
            next(response.iter_raw(10))
        assert client.get("/small").text == "small"


async def many_at_once(version, how):
    async with httpx.AsyncClient(base_url=BASE, timeout=PATIENCE, **how) as client:
        posts = [client.post("/echo", content=b"%d" % number) for number in range(100)]
        answers = await asyncio.gather(*posts)
        assert [one.content for one in answers] == [b"%d" % number for number in range(100)]
        assert {one.http_version for one in answers} == {version}
        # Some are given up while they are under way.
        tasks = [asyncio.create_task(client.get("/large")) for _ in range(40)]
        await asyncio.sleep(0.01)
        for task in tasks[::2]:
            task.cancel()
        for answer in await asyncio.gather(*tasks[1::2]):
            assert len(answer.content) == 150_000


for name, kind in VERSIONS.items():
    one_after_another(name, kind)
    bodies(name, kind)
    asyncio.run(many_at_once(name, kind))
print("ok")
