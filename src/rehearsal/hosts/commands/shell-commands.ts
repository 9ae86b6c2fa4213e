import { posix } from 'node:path';
import { FileFault } from '../files.ts';
import { ShellExit, ShellKilled } from '../shell/process.ts';
import { type Command, operands } from './command.ts';
import { formatText } from './format.ts';
import { isTrue } from './test-expression.ts';

const ok: Command = { run: () => 0 };
const setOptions: Command = {
  changesShell: true,
  run: (args, _process, { shell }) => {
    for (const arg of args) {
      const isOn = arg.startsWith('-');
      if (arg.includes('e') && arg !== 'pipefail') shell.options.errexit = isOn;
      if (arg.includes('u') && arg !== 'pipefail') shell.options.nounset = isOn;
    }
    return 0;
  },
};
const exportNames: Command = {
  changesShell: true,
  run: (args, _process, { shell }) => {
    for (const arg of operands(args)) {
      const [name = '', ...value] = arg.split('=');
      if (arg.includes('=')) shell.vars.set(name, value.join('='));
    }
    return 0;
  },
};
const test: Command = {
  run: (args, process) => (isTrue(args.at(-1) === ']' ? args.slice(0, -1) : args, process) ? 0 : 1),
};

/** Commands that every shell has within itself. */
export const shellCommands: { readonly [name: string]: Command } = {
  ':': ok,
  true: ok,
  trap: ok,
  umask: ok,
  wait: ok,
  false: { run: () => 1 },
  set: setOptions,
  export: exportNames,
  local: exportNames,
  unset: {
    changesShell: true,
    run: (args, _process, { shell }) => {
      for (const name of operands(args)) shell.vars.delete(name);
      return 0;
    },
  },
  cd: {
    changesShell: true,
    run: (args, process, { shell }) => {
      const target = posix.resolve(shell.cwd, operands(args)[0] ?? '/root');
      if (!process.machine.files.isFolder(target)) throw new FileFault(`can't cd to ${target}`);
      shell.cwd = target;
      return 0;
    },
  },
  pwd: {
    run: (_args, process) => {
      process.out(`${process.cwd}\n`);
      return 0;
    },
  },
  exit: {
    run: (args, process) => {
      throw new ShellExit(Number(args[0] ?? process.status) & 255);
    },
  },
  exec: {
    run: async (args, process, { invoke }) => {
      throw new ShellExit(await invoke(args, process));
    },
  },
  eval: { changesShell: true, run: (args, _process, { shell, play }) => play(args.join(' '), shell) },
  test,
  '[': test,
  echo: {
    run: (args, process) => {
      process.out(args[0] === '-n' ? args.slice(1).join(' ') : `${args.join(' ')}\n`);
      return 0;
    },
  },
  printf: {
    run: (args, process) => {
      process.out(formatText(args[0] ?? '', args.slice(1)));
      return 0;
    },
  },
  command: {
    run: (args, process, { invoke, isKnown }) => {
      if (args[0] !== '-v') return invoke(args, process);
      if (!isKnown(args[1] ?? '')) return 1;
      process.out(`/usr/bin/${args[1]}\n`);
      return 0;
    },
  },
  kill: {
    run: (args, process) => {
      const named = args.find((arg) => /^-[A-Z0-9]+$/.test(arg))?.slice(1) ?? 'TERM';
      if (operands(args).includes(String(process.pid))) throw new ShellKilled({ '9': 'KILL', '15': 'TERM' }[named] ?? named.replace(/^SIG/, ''));
      process.err('kill: No such process\n');
      return 1;
    },
  },
};
