"""Carry packets between two network namespaces, each after a delay: for kernels without netem.

delay-line.py <namespace> <namespace> <delay in ms> <file to make when ready>
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def device_in(namespace):
    """A TUN device called swb0 in a namespace; the descriptor works from any."""
    with open(f"/run/netns/{namespace}") as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"swb0", IFF_TUN | IFF_NO_PI))
    return descriptor


def main():
    one, other = device_in(sys.argv[1]), device_in(sys.argv[2])
    delay = float(sys.argv[3]) / 1000
    open(sys.argv[4], "w").close()
    waiting = {one: collections.deque(), other: collections.deque()}  # by where they go
    across = {one: other, other: one}
    poll = select.epoll()
    for descriptor in (one, other):
        poll.register(descriptor, select.EPOLLIN)
    while True:
        now = time.monotonic()
        due = min((queue[0][0] for queue in waiting.values() if queue), default=now + 1)
        for descriptor, _ in poll.poll(max(0, due - now)):
            for _ in range(64):
                try:
                    packet = os.read(descriptor, 65536)
                except BlockingIOError:
                    break
                waiting[across[descriptor]].append((time.monotonic() + delay, packet))
        now = time.monotonic()
        for descriptor, queue in waiting.items():
            while queue and queue[0][0] <= now:
                try:
                    os.write(descriptor, queue[0][1])
                except BlockingIOError:
                    break
                except OSError:
                    pass  # the device is down
                queue.popleft()


main()
