import type { Process } from '../shell/process.ts';
import { type Command, operands } from './command.ts';

const prints = (text: (process: Process) => string): Command => ({
  run: (_args, process) => {
    process.out(`${text(process)}\n`);
    return 0;
  },
});

const date: Command = {
  run: (args, process) => {
    const now = process.machine.clock.now();
    const formats: { readonly [format: string]: string } = { '+%s': String(Math.floor(now / 1_000)), '+%s%N': `${now}000000`, '+%s%3N': String(now) };
    process.out(`${formats[args.at(-1) ?? ''] ?? new Date(now).toISOString()}\n`);
    return 0;
  },
};
const sleep: Command = {
  run: async (args, process) => {
    const [, amount = '0', unit = 's'] = /^([\d.]+)([smhd]?)$/.exec(args[0] ?? '0') ?? [];
    const factor = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1;
    await process.machine.clock.sleep(Number(amount) * factor * 1_000, process.signal);
    return 0;
  },
};
const shell: Command = {
  run: async (args, process, { play }) => {
    const options = args.filter((arg) => /^-[a-z]+$/.test(arg)).join('');
    const [first = '', ...rest] = operands(args);
    const script = options.includes('c') ? first : first === '' ? await process.stdin.read() : process.machine.files.read(first);
    const inside = {
      ...process,
      vars: new Map(process.vars),
      args: options.includes('c') ? ['sh', ...rest.slice(1)] : [first, ...rest],
      options: { errexit: options.includes('e'), nounset: options.includes('u') },
    };
    return play(script.toString(), inside);
  },
};
const env: Command = {
  run: (args, process, { invoke }) => {
    const first = args.findIndex((arg) => !arg.includes('='));
    for (const arg of args.slice(0, first < 0 ? args.length : first)) process.vars.set(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1));
    if (first >= 0) return invoke(args.slice(first), process);
    process.out([...process.vars].map(([name, value]) => `${name}=${value}\n`).join(''));
    return 0;
  },
};

/** Commands that say something about the machine, or run other commands. */
export const systemCommands: { readonly [name: string]: Command } = {
  date,
  sleep,
  sh: shell,
  bash: shell,
  dash: shell,
  env,
  sync: { run: () => 0 },
  hostname: prints(({ machine }) => machine.name),
  whoami: prints(({ user }) => user),
  nproc: prints(({ machine }) => String(machine.vars.cpus)),
  uptime: prints(() => ' up 40 days,  load average: 0.20, 0.18, 0.15'),
  uname: { run: (args, process) => (process.out(args.includes('-r') ? '6.1.0-32-amd64\n' : 'Linux\n'), 0) },
  id: {
    run: (args, process) => {
      const user = operands(args)[0] ?? process.user;
      const uid = user === 'root' ? 0 : 1000;
      process.out(args.includes('-un') ? `${process.user}\n` : args.includes('-u') ? `${uid}\n` : `uid=${uid}(${user}) gid=${uid}(${user})\n`);
      return 0;
    },
  },
  sudo: {
    run: (args, process, { invoke }) => {
      const user = args.includes('-u') ? (args[args.indexOf('-u') + 1] ?? 'root') : 'root';
      const rest = args.slice(args.includes('-u') ? args.indexOf('-u') + 2 : 0);
      return invoke(
        rest.filter((arg, index) => index > 0 || !arg.startsWith('-')),
        { ...process, user },
      );
    },
  },
};
