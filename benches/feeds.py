#!/usr/bin/env python3
"""Measures refreshing feeds, compared with newsboat, from one server on the loopback interface, and the next start.

    cargo build --release && benches/feeds.py [FEEDS] [ENTRIES]

The default is 100 feeds with 1,000 entries each. Uses newsboat if it is in the PATH. Each run starts without stored
data, the two programs alternate, and the median of three runs counts. Memory is the peak that the system reports.
"""

import fcntl
import http.server
import os
import pty
import random
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "target", "release", "newsdesk")
ROUNDS = 3


def words():
    """Generates made-up words with a natural distribution of frequencies."""
    rng = random.Random(7)
    parts = ["ba", "ten", "ro", "mil", "ka", "sen", "do", "vir", "lu", "gra", "pos", "ne", "tri", "al", "ste"]
    known = ["".join(rng.choice(parts) for _ in range(rng.randint(1, 4))) for _ in range(20_000)]
    weights = [1 / (rank + 3) for rank in range(len(known))]
    while True:
        yield from rng.choices(known, weights, k=10_000)


def make(folder, feeds, entries, port):
    source = words()
    take = lambda count: " ".join(next(source) for _ in range(count))
    for feed in range(feeds):
        page = f"http://127.0.0.1:{port}/{feed}"
        out = [f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Feed {feed}</title><link>{page}</link>']
        for entry in range(entries):
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(1_790_000_000 - 977 * entry - feed))
            body = "".join(f"&lt;p&gt;{take(60)}&lt;/p&gt;" for _ in range(3))
            out.append(
                f"<item><title>{take(8)}</title><link>{page}/{entry}</link><guid>{page}/{entry}</guid>"
                f"<pubDate>{date}</pubDate><description>{body}</description></item>"
            )
        out.append("</channel></rss>\n")
        with open(os.path.join(folder, f"{feed}.xml"), "w") as file:
            file.write("\n".join(out))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def run(command, environment):
    """Runs a command. Returns the seconds and the peak memory in MB."""
    start = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with {status}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def first_screen(environment):
    """Returns the milliseconds until an article is on the screen."""
    start = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(PROGRAM, [PROGRAM], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    while b"Feed " not in seen:
        ready, _, _ = select.select([terminal], [], [], 20)
        if not ready:
            sys.exit("no article appeared within 20 s")
        seen += os.read(terminal, 1 << 16)
    took = time.monotonic() - start
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass
    os.waitpid(child, 0)
    return took * 1000


def main():
    feeds, entries = (int(argument) for argument in (sys.argv[1:] + ["100", "1000"][len(sys.argv) - 1 :]))
    root = tempfile.mkdtemp(prefix="newsdesk-feeds-")
    served = os.path.join(root, "served")
    os.mkdir(served)
    handler = lambda *arguments: Quiet(*arguments, directory=served)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.request_queue_size = 128
    port = server.server_address[1]
    make(served, feeds, entries, port)
    serving = os.fork()
    if serving == 0:
        server.serve_forever()
    try:
        urls = [f"http://127.0.0.1:{port}/{feed}.xml" for feed in range(feeds)]
        with open(os.path.join(root, "urls"), "w") as file:
            file.write("\n".join(urls) + "\n")
        with open(os.path.join(root, "config"), "w") as file:
            file.write("reload-threads 16\nmax-items 0\n")
        library = os.path.join(root, "library.db")
        environment = {"HOME": root, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "NEWSDESK_LIBRARY": library}
        ours, theirs = [], []
        for _ in range(ROUNDS):
            for name in os.listdir(root):
                if name.startswith(("library", "cache.db")):
                    os.remove(os.path.join(root, name))
            run([PROGRAM, "feed", "import", os.path.join(root, "urls")], environment)
            ours.append(run([PROGRAM, "feed", "refresh"], environment))
            if shutil.which("newsboat"):
                arguments = ["-C", os.path.join(root, "config"), "-u", os.path.join(root, "urls"), "-c", os.path.join(root, "cache.db")]
                theirs.append(run(["newsboat", *arguments, "-x", "reload"], environment))
        median = lambda runs, which: statistics.median(run[which] for run in runs)
        size = sum(os.path.getsize(os.path.join(served, name)) for name in os.listdir(served))
        print(f"{feeds} feeds, {entries} entries each, {size / 1e6:.0f} MB")
        print(f"refresh, newsdesk: {median(ours, 0):.2f} s, {median(ours, 1):.0f} MB")
        if theirs:
            print(f"reload, newsboat:  {median(theirs, 0):.2f} s, {median(theirs, 1):.0f} MB")
            ratios = median(ours, 0) / median(theirs, 0), median(ours, 1) / median(theirs, 1)
            print(f"ratios: {ratios[0]:.2f} of the time, {ratios[1]:.2f} of the memory")
        again = statistics.median(run([PROGRAM, "feed", "refresh"], environment)[0] for _ in range(ROUNDS))
        print(f"refresh, nothing new: {again:.2f} s")
        found = statistics.median(run([PROGRAM, "search", "zzzz OR tritri"], environment)[0] for _ in range(ROUNDS))
        print(f"all entries loaded and searched: {found:.2f} s")
        screens = [first_screen(environment) for _ in range(9)]
        print(f"start to the first articles on the screen: p50 {statistics.median(screens):.0f}, max {max(screens):.0f} ms")
    finally:
        os.kill(serving, 9)
        shutil.rmtree(root)


main()
