import { posix } from 'node:path';
import { digestOfBytes } from '../../../core/index.ts';
import { FileFault } from '../files.ts';
import type { Process } from '../shell/process.ts';
import { type Command, hasOption, operands } from './command.ts';

const at = (process: Process, path: string): string => posix.resolve(process.cwd, path);

/** A command that reads files, or its input when it is given none. */
function reader(print: (bytes: Buffer, args: readonly string[], name: string) => string | Buffer): Command {
  return {
    run: async (args, process) => {
      const paths = operands(args).filter((arg) => arg !== '-' && !/^\d+$/.test(arg));
      if (paths.length === 0) process.out(print(await process.stdin.read(), args, '-'));
      for (const path of paths) process.out(print(process.machine.files.read(at(process, path)), args, path));
      return 0;
    },
  };
}

/** A command that changes each file it is given. */
function changer(action: string, change: (path: string, args: readonly string[], process: Process) => void, skip = 0): Command {
  return {
    run: (args, process) => {
      for (const operand of operands(args).slice(skip)) {
        change(at(process, operand), args, process);
        process.machine.changed('file', { action, path: at(process, operand) });
      }
      return 0;
    },
  };
}

function mover(action: 'move' | 'copy'): Command {
  return {
    run: (args, process) => {
      const { files, changed } = process.machine;
      const [from = '', to = ''] = operands(args).map((each) => at(process, each));
      const target = files.isFolder(to) ? posix.join(to, posix.basename(from)) : to;
      if (action === 'move') files.rename(from, target);
      else files.write(target, files.read(from), files.stat(from)?.mode);
      changed('file', { action, path: target });
      return 0;
    },
  };
}

function makeFolder(path: string, args: readonly string[], { machine }: Process): void {
  const parents = hasOption(args, 'p') ? path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/')) : [];
  for (const parent of parents.filter(Boolean)) machine.files.makeFolder(parent);
  if (!machine.files.isFolder(posix.dirname(path))) throw new FileFault(`cannot create directory '${path}': No such file or directory`);
  machine.files.makeFolder(path);
}

function lines(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function countIn(args: readonly string[]): number {
  return Number(/^-?n?(\d+)$/.exec(args.find((arg) => /^(-n?)?\d+$/.test(arg)) ?? '10')?.[1]);
}

const grep: Command = {
  run: async (args, process) => {
    const [pattern = '', path] = operands(args);
    const bytes = path === undefined ? await process.stdin.read() : process.machine.files.read(at(process, path));
    const expression = hasOption(args, 'F') ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern;
    const found = lines(bytes).filter((line) => new RegExp(expression, hasOption(args, 'i') ? 'i' : '').test(line));
    if (hasOption(args, 'c')) process.out(`${found.length}\n`);
    else if (!hasOption(args, 'q')) process.out(found.map((line) => `${line}\n`).join(''));
    return found.length > 0 ? 0 : 1;
  },
};

/** Commands that work on files. */
export const fileCommands: { readonly [name: string]: Command } = {
  cat: reader((bytes) => bytes),
  head: reader((bytes, args) =>
    lines(bytes)
      .slice(0, countIn(args))
      .map((line) => `${line}\n`)
      .join(''),
  ),
  tail: reader((bytes, args) =>
    lines(bytes)
      .slice(-countIn(args))
      .map((line) => `${line}\n`)
      .join(''),
  ),
  wc: reader((bytes, args) => `${hasOption(args, 'c') ? bytes.length : lines(bytes).length}\n`),
  sha256sum: reader((bytes, _args, name) => `${digestOfBytes(bytes).slice('sha256:'.length)}  ${name}\n`),
  grep,
  tee: {
    run: async (args, process) => {
      const bytes = await process.stdin.read();
      process.out(bytes);
      for (const path of operands(args)) process.machine.files.write(at(process, path), bytes);
      process.machine.changed('file', { action: 'write', path: operands(args).join(' ') });
      return 0;
    },
  },
  ls: {
    run: (args, process) => {
      const path = at(process, operands(args)[0] ?? '.');
      const { files } = process.machine;
      if (!files.stat(path)) throw new FileFault(`cannot access '${path}': No such file or directory`);
      process.out((files.isFolder(path) ? files.list(path) : [path]).map((name) => `${name}\n`).join(''));
      return 0;
    },
  },
  mkdir: changer('makeFolder', makeFolder),
  touch: changer('touch', (path, _args, { machine }) => {
    if (!machine.files.stat(path)) machine.files.write(path, Buffer.alloc(0));
  }),
  rm: changer('remove', (path, args, { machine }) => {
    if (machine.files.stat(path)) machine.files.remove(path);
    else if (!hasOption(args, 'f')) throw new FileFault(`cannot remove '${path}': No such file or directory`);
  }),
  rmdir: changer('remove', (path, _args, { machine }) => machine.files.remove(path)),
  chmod: changer('mode', (path, args, { machine }) => machine.files.attributes(path, modeIn(args)), 1),
  chown: changer('owner', (path, _args, { machine }) => machine.files.attributes(path, {}), 1),
  chgrp: changer('group', (path, _args, { machine }) => machine.files.attributes(path, {}), 1),
  mv: mover('move'),
  cp: mover('copy'),
};

function modeIn(args: readonly string[]): { readonly mode?: number } {
  const octal = operands(args)[0] ?? '';
  return /^[0-7]{3,4}$/.test(octal) ? { mode: Number.parseInt(octal, 8) } : {};
}
