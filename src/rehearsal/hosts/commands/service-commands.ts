import type { Process } from '../shell/process.ts';
import { type Command, operands } from './command.ts';

const NOT_RUNNING = 3;
const NO_SUCH_UNIT = 4;

/** Start, stop or look at a service. A service exists once it was declared, started, enabled or its package installed. */
function actOn(action: string, unit: string, process: Process): number {
  const { state, changed } = process.machine;
  const service = (state.services[unit] ??= { active: false, enabled: false });
  const becomes = {
    start: { active: true },
    restart: { active: true },
    reload: {},
    'reload-or-restart': { active: true },
    stop: { active: false },
    enable: { enabled: true },
    disable: { enabled: false },
  }[action];
  if (!becomes) return 1;
  Object.assign(service, becomes);
  changed('service', { action, unit });
  return 0;
}

function look(action: string, unit: string, process: Process): number {
  const service = process.machine.state.services[unit];
  const isActive = service?.active ?? false;
  if (action === 'is-enabled') process.out(`${service?.enabled ? 'enabled' : 'disabled'}\n`);
  if (action === 'is-active') process.out(`${isActive ? 'active' : 'inactive'}\n`);
  if (action === 'status') process.out(`● ${unit}.service\n   Active: ${isActive ? 'active (running)' : 'inactive (dead)'}\n`);
  if (action === 'is-enabled') return service?.enabled ? 0 : 1;
  if (action === 'status' && !service) return NO_SUCH_UNIT;
  return isActive ? 0 : NOT_RUNNING;
}

const systemctl: Command = {
  run: (args, process) => {
    const [action = '', ...units] = operands(args);
    if (action === 'daemon-reload') return 0;
    const names = units.map((unit) => unit.replace(/\.service$/, ''));
    const isLook = ['is-active', 'is-enabled', 'status'].includes(action);
    if (isLook) return Math.max(0, ...names.map((unit) => look(action, unit, process)));
    const codes = names.map((unit) => actOn(action, unit, process));
    if (args.includes('--now')) for (const unit of names) actOn(action === 'enable' ? 'start' : 'stop', unit, process);
    return Math.max(0, ...codes);
  },
};

function packages(action: string | undefined, args: readonly string[], process: Process): number {
  const { state, changed } = process.machine;
  const names = args.map((arg) => arg.split('=') as [string, string?]); // split gives at least one piece
  for (const [name, version = 'latest'] of names) {
    if (action === 'install') {
      const isThere = state.packages[name] === version;
      state.packages[name] = version;
      process.out(isThere ? `${name} is already the newest version (${version}).\n` : `Setting up ${name} (${version}) ...\n`);
      if (!isThere) changed('package', { action, package: name, version });
    } else if (state.packages[name] !== undefined) {
      delete state.packages[name];
      process.out(`Removing ${name} ...\n`);
      changed('package', { action: 'remove', package: name });
    }
  }
  return 0;
}

const packageTool: Command = {
  run: (args, process) => {
    const [action, ...names] = operands(args);
    if (action === 'install' || action === 'remove' || action === 'purge' || action === 'erase') return packages(action, names, process);
    process.out(`Reading package lists... Done\n`);
    return 0;
  },
};

const lookPackage: Command = {
  run: (args, process) => {
    const name = operands(args)[0] ?? '';
    const version = process.machine.state.packages[name];
    if (version === undefined) {
      process.err(`package '${name}' is not installed\n`);
      return 1;
    }
    process.out(`Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`);
    return 0;
  },
};

/** Services and packages. */
export const serviceCommands: { readonly [name: string]: Command } = {
  systemctl,
  service: { run: (args, process, around) => systemctl.run([args[1] ?? '', args[0] ?? ''], process, around) },
  'apt-get': packageTool,
  apt: packageTool,
  dnf: packageTool,
  yum: packageTool,
  dpkg: lookPackage,
  rpm: lookPackage,
};
