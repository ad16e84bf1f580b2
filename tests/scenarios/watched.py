"""Reads what strace saw of a drill, and tells what should not have been: files opened for writing, made, or changed in mode or
owner outside of where that is allowed; programs; sockets.

    strace -f -y -s 300 -o TRACE -e trace=%file,%network,%process,fchmod,fchown COMMAND...
    watched.py TRACE DIRECTORY...        a line for each thing, and last how much was looked at; 1 where there is any

Paths below a DIRECTORY are allowed, and what a process makes for its own view of the system before it runs a program.
"""
import os
import re
import sys

trace, allowed = sys.argv[1], [os.path.realpath(one) for one in sys.argv[2:]]
# of PostgreSQL and of the drill itself; a shell only as initdb uses it, for PostgreSQL's own programs
programs = {'drill', 'initdb', 'postgres', 'pg_amcheck', 'pg_config', 'locale'}
quoted = re.compile(r'"((?:[^"\\]|\\.)*)"')
changing = {'chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'chown', 'fchown', 'lchown', 'fchownat', 'utimensat', 'truncate', 'mkdir',
            'mkdirat', 'mknod', 'mknodat', 'unlink', 'unlinkat', 'rmdir', 'setxattr', 'lsetxattr'}
seen = {'written': 0, 'changed': 0, 'programs': 0, 'sockets': 0, 'refused': 0}
wrong = []


def unescaped(text):
    return text.encode('latin-1').decode('unicode_escape')


place = re.compile(r'(?:(AT_FDCWD|-?\d+)(?:<((?:[^>\\]|\\.)*)>)?(?:\(deleted\))?(?:, )?)?(?:"((?:[^"\\]|\\.)*)")?')


def paths_in(arguments, number):
    """The first paths that a call names: of `5</x>, "y", …`, `"y", …` or `5</x>` what stands before it joined with the name."""
    found = []
    while len(found) < number:
        at = place.match(arguments)
        if not at or not at.group(0):
            break
        found.append(os.path.normpath(os.path.join(unescaped(at.group(2) or ''), unescaped(at.group(3) or ''))))
        arguments = arguments[at.end():].lstrip(', ')
    return found


def is_allowed(path):
    # a server stands in its data directory, and leaves it only upwards
    if not path.startswith('/'):
        return not path.startswith('..')
    if any(path == one or path.startswith(one + '/') for one in allowed):
        return True
    # the view that a server is given is made in a file system of its own, which is not this one; canaries tell if it were
    return bool(re.match(r'/(dev/(null|zero|full|random|urandom|shm/PostgreSQL\.\d+)|proc/self/[a-z_]+|etc/(passwd|group|ld\.so\.cache|localtime)'
                         r'|old-root|tmp/old-root|sys/fs/cgroup/.*)$', path))


view = re.compile(r'/(dev|etc|proc|run|tmp|usr|bin|sbin|lib\w*|nix|gnu|old-root|var|opt)(/|$)')

pending = {}
for line in open(trace, encoding='latin-1'):
    pid, _, text = line.rstrip('\n').partition(' ')
    text = text.lstrip()
    if text.endswith('<unfinished ...>'):
        pending[pid] = text[:-len('<unfinished ...>')]
        continue
    resumed = re.match(r'<\.\.\. \w+ resumed>', text)
    if resumed:
        text = pending.pop(pid, '') + text[resumed.end():]
    call = re.match(r'(\w+)\((.*)\)\s+= (-?\d+|\?|0x[0-9a-f]+)', text)
    if not call:
        continue
    name, arguments, result = call.groups()
    failed = result.startswith('-') or result == '?'
    if failed:
        seen['refused'] += 1
        continue
    if name in ('open', 'openat', 'openat2', 'creat'):
        if name == 'creat' or re.search(r'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC', arguments):
            seen['written'] += 1
            if not all(map(is_allowed, paths_in(arguments, 1))):
                wrong.append(text)
    elif name in ('symlink', 'symlinkat', 'link', 'linkat', 'rename', 'renameat', 'renameat2'):
        seen['changed'] += 1
        named = paths_in(arguments, 2)[1 if 'symlink' in name else 0:]
        if not all(is_allowed(one) or (name == 'symlink' and view.match(one)) for one in named):
            wrong.append(text)
    elif name in changing:
        seen['changed'] += 1
        named = paths_in(arguments, 1)
        if not all(is_allowed(one) or (name in ('mkdir', 'rmdir') and view.match(one)) for one in named):
            wrong.append(text)
    elif name in ('execve', 'execveat'):
        seen['programs'] += 1
        words = [unescaped(one) for one in quoted.findall(arguments)]
        program = os.path.basename(words[0])
        for_initdb = program == 'sh' and len(words) > 3 and re.match(r'"?/\S*/bin/postgres"? |locale -a$', words[3])
        by_debians_pg_config = words[1:] == ['tail', '-n1'] or words[1:3] == ['ls', '-v']
        if program not in programs and not for_initdb and not by_debians_pg_config:
            wrong.append(text)
    elif name == 'socket':
        seen['sockets'] += 1
        if not arguments.startswith(('AF_UNIX', 'AF_NETLINK')):
            wrong.append(text)
    elif name in ('connect', 'bind'):
        seen['sockets'] += 1
        path = re.search(r'sun_path=(@?)"((?:[^"\\]|\\.)*)"', arguments)
        own = path and (is_allowed(path.group(2)) or (path.group(1) and path.group(2).startswith('knowngood drill user ')))
        if not own and 'AF_NETLINK' not in arguments:
            wrong.append(text)

for one in wrong:
    print(one)
print(' '.join(f'{name} {number}' for name, number in seen.items()))
sys.exit(1 if wrong else 0)
