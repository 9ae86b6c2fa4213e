import { posix } from 'node:path';
import type { Machine } from '../machine.ts';
import type { Process } from '../shell/process.ts';
import type { HostState, VirtualUser } from '../state.ts';
import type { Player, Players } from './player.ts';

const FIRST_UID = 1_000;

/** Make an account with a group of its own, as useradd does. */
export function addUser(state: HostState, name: string, rest: Partial<VirtualUser> = {}): VirtualUser {
  const users = (state.users ??= {});
  const uid = Math.max(FIRST_UID - 1, ...Object.values(users).map((each) => each.uid)) + 1;
  const user: VirtualUser = { uid, primary: name, groups: [], comment: '', home: `/home/${name}`, shell: '/bin/sh', hash: '!', ...rest };
  users[name] = user;
  addGroup(state, user.primary);
  return user;
}
function addGroup(state: HostState, name: string): void {
  const groups = (state.groups ??= ['root', 'adm', 'sudo', 'wheel', 'www-data']);
  if (!groups.includes(name)) groups.push(name);
}
function keysFile({ home }: VirtualUser): string {
  return posix.join(home, '.ssh/authorized_keys');
}

const look: Player = ({ machine, user: whoAmI, vars, out }) => {
  const { state, files } = machine;
  out(`uid ${whoAmI === 'root' ? 0 : FIRST_UID}\n`);
  addGroup(state, 'root');
  for (const group of wordsIn(vars, 'SLIPWAY_GROUPS')) if (state.groups?.includes(group) !== true) out(`missing ${group}\n`);
  const name = vars.get('SLIPWAY_NAME') ?? '';
  const user = state.users?.[name];
  if (!user) return 0;
  out(`passwd ${name}:x:${user.uid}:${user.uid}:${user.comment}:${user.home}:${user.shell}\n`);
  out(`primary ${user.primary}\ngroups ${[user.primary, ...user.groups].join(' ')}\n`);
  const hash = vars.get('SLIPWAY_HASH') ?? '';
  if (hash !== '') out(`password ${user.hash === hash ? 'same' : 'other'}\n`);
  if (vars.get('SLIPWAY_KEYS') === '1') out(`keys\n${files.stat(keysFile(user)) ? files.read(keysFile(user)).toString('utf8') : ''}`);
  return 0;
};

const act: Player = async (process) => {
  const { machine, vars, stdin } = process;
  const { state, files, changed } = machine;
  const name = vars.get('SLIPWAY_NAME') ?? '';
  const action = vars.get('SLIPWAY_ACTION') ?? '';
  if (action === 'remove') {
    const home = state.users?.[name]?.home;
    delete state.users?.[name];
    if (home !== undefined && vars.get('SLIPWAY_REMOVE_HOME') === 'yes' && files.stat(home)) files.remove(home);
  } else {
    for (const group of wordsIn(vars, 'SLIPWAY_NEW_GROUPS')) addGroup(state, group);
    const user = state.users?.[name] ?? addUser(state, name);
    settle(user, vars);
    if (vars.get('SLIPWAY_MAKE_HOME') === 'yes') makeFolders(machine, user.home);
    if (vars.get('SLIPWAY_SET_PASSWORD') === 'yes') user.hash = (await stdin.read()).toString('utf8').trim();
  }
  changed('user', { action, user: name });
  return 0;
};

function settle(user: VirtualUser, vars: Process['vars']): void {
  const given = (name: string, present: string): string => vars.get(`SLIPWAY_${name}`) || present;
  user.uid = Number(given('UID', String(user.uid)));
  user.primary = given('GROUP', user.primary);
  user.shell = given('SHELL', user.shell);
  user.home = given('HOME', user.home);
  user.comment = given('COMMENT', user.comment);
  if (vars.get('SLIPWAY_SET_GROUPS') === 'yes') user.groups = (vars.get('SLIPWAY_ALL_GROUPS') ?? '').split(',').filter(Boolean);
}

const writeKeys: Player = async ({ machine, vars, stdin, err }) => {
  const name = vars.get('SLIPWAY_NAME') ?? '';
  const user = machine.state.users?.[name];
  if (!user || !machine.files.isFolder(user.home)) {
    err(`slipway: ${name} has no home folder\n`);
    return 1;
  }
  makeFolders(machine, posix.dirname(keysFile(user)));
  machine.files.write(keysFile(user), await stdin.read(), 0o600);
  machine.changed('file', { action: 'write', path: keysFile(user) });
  return 0;
};

export function makeFolders({ files }: Pick<Machine, 'files'>, path: string): void {
  for (const [index] of path.split('/').entries()) {
    files.makeFolder(
      path
        .split('/')
        .slice(0, index + 1)
        .join('/') || '/',
    );
  }
}

function wordsIn(vars: Process['vars'], name: string): readonly string[] {
  return (vars.get(name) ?? '').split(' ').filter(Boolean);
}

/** The scripts of ssh.user. */
export const accountPlayers: Players = { user: look, 'user-act': act, 'user-keys': writeKeys };
