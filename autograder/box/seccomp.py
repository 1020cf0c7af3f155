"""A filter of system calls: what no notebook needs, and attackers of a kernel do.

It is a belt beside the box's braces: without privileges most of these calls fail anyway,
but each is a door to code of the kernel's that has had holes. Some would hold memory
that nobody can count from outside: files and shared mappings without a name, pages that
a pipe keeps of a mapping that is gone, watches, locks, buffers of any size. Threads,
processes, files and local sockets are not touched.

Forty lines of the kernel's filter language do without a library: those on PyPI bind
libseccomp, which would have to be installed beside them.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import re

from autograder.box import linux

# A call, its number on x86_64, and on aarch64.
_TABLE = """
other processes:
ptrace 101 117, kcmp 312 272, pidfd_getfd 438 438, process_vm_readv 310 270,
process_vm_writev 311 271, move_pages 279 239, migrate_pages 256 238,
process_madvise 440 440, perf_event_open 298 241
namespaces and mounts:
unshare 272 97, setns 308 268, chroot 161 51, mount 165 40, umount2 166 39,
pivot_root 155 41,
open_tree 428 428, move_mount 429 429, fsopen 430 430, fsconfig 431 431,
fsmount 432 432, fspick 433 433, mount_setattr 442 442, quotactl 179 60,
acct 163 89, name_to_handle_at 303 264, open_by_handle_at 304 265
large parts of the kernel:
bpf 321 280, userfaultfd 323 282, fanotify_init 300 262,
io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
personality 135 92, add_key 248 217, request_key 249 218, keyctl 250 219
memory that is not counted:
memfd_create 319 279, memfd_secret 447 447, shmget 29 194, msgget 68 186,
semget 64 190, splice 275 76, vmsplice 278 75, tee 276 77, sendfile 40 71,
inotify_init 253 26, inotify_init1 294 26, inotify_add_watch 254 27,
landlock_create_ruleset 444 444, landlock_add_rule 445 445,
landlock_restrict_self 446 446, seccomp 317 277, io_setup 206 0,
mbind 237 235, set_mempolicy 238 237, set_mempolicy_home_node 450 450
the machine:
kexec_load 246 104, kexec_file_load 320 294, reboot 169 142,
init_module 175 105, finit_module 313 273, delete_module 176 106,
swapon 167 224, swapoff 168 225, settimeofday 164 170, clock_settime 227 112,
clock_adjtime 305 266, syslog 103 116, vhangup 153 58, sethostname 170 161,
setdomainname 171 162
"""
REFUSED = {
    name: (int(one), int(other))
    for name, one, other in re.findall(r"(\w+) (\d+) (\d+)", _TABLE)
}
CLONE, CLONE3, IOCTL, SOCKET = (56, 220), (435, 435), (16, 29), (41, 198)
SPACES = 0x7E020000  # the flags of clone that ask for new namespaces
PRCTL, FCNTL, SETSOCKOPT, MMAP = (157, 167), (72, 25), (54, 208), (9, 222)
TERMINAL = (0x5412, 0x541C, 0x5423)  # TIOCSTI, TIOCLINUX, TIOCSETD
TASK = (22, 78)  # PR_SET_SECCOMP, and PR_FUTEX_HASH: a table of a gigabyte
# F_SETPIPE_SZ; locks on parts of a file (two kinds, with and without waiting), of which
# one file may have millions; F_SETLEASE and F_NOTIFY. Of a whole file: flock.
FILE = (1031, 6, 7, 37, 38, 1024, 1026)
BUFFER = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and by force
HUGE, SHARED = 0x40000, 0x21  # MAP_HUGETLB; MAP_SHARED with MAP_ANONYMOUS
FAMILIES = (1, 2, 10)  # sockets of Unix, IPv4 and IPv6

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # the same calls under other numbers, on x86_64
_LOAD, _EQUAL, _AT_LEAST, _ANY_OF, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AND = 0x54
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_Row = tuple[int, int, int, int]  # code, value, rows to skip if it holds, and if not
_NUMBER, _ARCHITECTURE = 0, 4  # where seccomp_data has what
_FIRST, _SECOND, _THIRD, _FOURTH = 16, 24, 32, 40  # arguments


def restrict() -> None:
    """From now on, for this process and all that it starts. Needs no_new_privs."""
    if platform.machine() not in _ARCHITECTURES:
        raise OSError(f"there is no filter for {platform.machine()}")
    which, architecture = _ARCHITECTURES[platform.machine()]
    rows = _rows(which, architecture)

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("rows", ctypes.c_char_p))

    coded = b"".join(
        code.to_bytes(2, "little") + bytes([then, other]) + value.to_bytes(4, "little")
        for code, value, then, other in rows
    )
    linux.call("prctl", 22, 2, ctypes.byref(Filter(len(rows), coded)), 0, 0)


def _rows(which: int, architecture: int) -> list[_Row]:
    """The whole filter, from the top."""
    allowed = _RETURN, _ALLOW, 0, 0
    refused = _RETURN, _ERROR | errno.EPERM, 0, 0
    unknown = _RETURN, _ERROR | errno.EAFNOSUPPORT, 0, 0
    rows = [
        (_LOAD, _ARCHITECTURE, 0, 0),
        (_EQUAL, architecture, 1, 0),
        (_RETURN, _KILL, 0, 0),
        (_LOAD, _NUMBER, 0, 0),
        (_AT_LEAST, _X32, 0, 1),
        refused,
    ]
    for numbers in REFUSED.values():
        rows += [(_EQUAL, numbers[which], 0, 1), refused]
    return [
        *rows,
        (_EQUAL, CLONE3[which], 0, 1),
        (_RETURN, _ERROR | errno.ENOSYS, 0, 0),  # the C library then calls clone
        *_asked(CLONE[which], _FIRST, _ANY_OF, (SPACES,), refused, allowed),
        *_asked(IOCTL[which], _SECOND, _EQUAL, TERMINAL, refused, allowed),
        *_asked(SOCKET[which], _FIRST, _EQUAL, FAMILIES, allowed, unknown),
        *_asked(PRCTL[which], _FIRST, _EQUAL, TASK, refused, allowed),
        *_asked(FCNTL[which], _SECOND, _EQUAL, FILE, refused, allowed),
        *_asked(SETSOCKOPT[which], _THIRD, _EQUAL, BUFFER, refused, allowed),
        (_EQUAL, MMAP[which], 0, 7),
        (_LOAD, _FOURTH, 0, 0),
        (_ANY_OF, HUGE, 0, 1),
        refused,
        (_AND, SHARED, 0, 0),
        (_EQUAL, SHARED, 0, 1),
        refused,
        allowed,
        allowed,
    ]


def _asked(
    number: int,
    argument: int,
    question: int,
    values: tuple[int, ...],
    then: _Row,
    otherwise: _Row,
) -> list[_Row]:
    """Rows that decide about one call by one of its arguments."""
    rows = [(_LOAD, argument, 0, 0)]
    for value in values:
        rows += [(question, value, 0, 1), then]
    rows.append(otherwise)
    return [(_EQUAL, number, 0, len(rows)), *rows]
