"""Makes a tunnel the only way out of this network, writes every packet's head to a file, and starts a program in it."""

import fcntl
import os
import struct
import subprocess
import sys
import threading

log, *program = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"sink", 0x0001 | 0x1000))  # TUNSETIFF: IFF_TUN | IFF_NO_PI
for line in (
    "link set lo up", "link set sink up", "addr add 192.0.2.2/24 dev sink", "route add default via 192.0.2.1",
):  # fmt: skip
    subprocess.run(["ip", *line.split()], check=True)
out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(out, b"open\n")


def watch() -> None:
    """IPv6 router solicitations and the like are the kernel's own: only what programs send counts."""
    while True:
        packet = os.read(tun, 2048)
        if packet[0] >> 4 == 4:
            os.write(
                out, f"{len(packet)} bytes, protocol {packet[9]}, to {'.'.join(map(str, packet[16:20]))}\n".encode()
            )
        elif packet[6] != 58:
            os.write(out, f"{len(packet)} bytes of IPv6, next header {packet[6]}\n".encode())


threading.Thread(target=watch, daemon=True).start()
sys.exit(subprocess.run(program, check=False).returncode)
