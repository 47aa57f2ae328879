"""Becomes a program of an image: chroot.py ROOT UID:GID FOLDER COUNT NAME=VALUE... PROGRAM ARGUMENTS..."""
import os
import sys

root, user, folder, count, *rest = sys.argv[1:]
uid, gid = map(int, user.split(":"))
environment, command = rest[:int(count)], rest[int(count):]
os.chroot(root)
os.chdir(folder)
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
os.execve(command[0], command, dict(entry.split("=", 1) for entry in environment))
