import { type Secret, SlipwayError } from '../../../core/index.ts';
import { callHost, refuseExit } from '../call.ts';
import type { Look } from '../preview.ts';
import { LOOK_SCRIPT, NO_TOOLS_EXIT, UNSAFE_EXIT } from './scripts.ts';

/** An account as a host knows it. */
export interface Account {
  readonly uid: string;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  readonly primary: string;
  /** All groups, the primary one too. */
  readonly groups: readonly string[];
  /** undefined: not asked for, or we may not see it. */
  readonly hasPassword: boolean | undefined;
  readonly keys: string;
}
export interface Found {
  /** Are we root there? */
  readonly isRoot: boolean;
  readonly account: Account | undefined;
  readonly missingGroups: readonly string[];
}
export interface Question {
  readonly name: string;
  readonly groups: readonly string[];
  readonly hash: Secret | undefined;
  readonly withKeys: boolean;
}

/** Ask a host about an account. @throws {SlipwayError} `UNSUPPORTED_PLATFORM`, `USER_UNSAFE`, `SSH_EXIT`, and the codes of SSH. */
export async function accountState(look: Look, { name, groups, hash, withKeys }: Question): Promise<Found> {
  const { host, options, ports, runId, signal } = look;
  const env = {
    SLIPWAY_NAME: name,
    SLIPWAY_GROUPS: groups.join(' '),
    SLIPWAY_KEYS: withKeys ? 1 : '',
    ...(hash ? { SLIPWAY_HASH: hash } : { SLIPWAY_HASH: '' }),
  };
  const result = await callHost({ host, options, ports, runId, signal }, { script: LOOK_SCRIPT, env });
  if (result.exitCode === NO_TOOLS_EXIT) throw unsupported(host.name, result.stdout);
  if (result.exitCode === UNSAFE_EXIT) throw unsafe(name, host.name, result.stderr);
  refuseExit(result, [0], { what: `looking at the user ${name}`, host: host.name });
  if (result.truncated)
    throw new SlipwayError('SSH_FILE', `the file with the keys of ${name} on ${host.name} is too long to be seen to`, { hint: 'shorten it on the machine' });
  const at = /^keys\n/m.exec(result.stdout);
  const [head, keys] = at ? [result.stdout.slice(0, at.index), result.stdout.slice(at.index + at[0].length)] : [result.stdout, ''];
  const rows = head.split('\n');
  const all = (word: string): readonly string[] => rows.filter((row) => row.startsWith(`${word} `)).map((row) => row.slice(word.length + 1));
  const one = (word: string): string => all(word)[0] ?? '';
  const [, , uid = '', , comment = '', home = '', shell = ''] = one('passwd').split(':');
  const password = one('password');
  const account: Account = {
    ...{ uid, comment, home, shell, keys, primary: one('primary'), groups: one('groups').split(' ').filter(Boolean) },
    hasPassword: password === 'same' ? true : password === 'other' ? false : undefined,
  };
  return { isRoot: one('uid') === '0', account: one('passwd') === '' ? undefined : account, missingGroups: all('missing') };
}

export function unsafe(name: string, host: string, said: string): SlipwayError {
  return new SlipwayError('USER_UNSAFE', `the keys of ${name} on ${host} cannot be seen to safely: ${said.trim().slice(-300)}`, {
    hint: 'whoever owns the home folder put a link there: look at it on the machine',
  });
}

function unsupported(host: string, stdout: string): SlipwayError {
  const lines = stdout.trim().split('\n');
  const tools = lines.filter((line) => line.startsWith('found ')).map((line) => line.slice('found '.length));
  return new SlipwayError(
    'UNSUPPORTED_PLATFORM',
    `ssh.user needs useradd, usermod and userdel, and ${host} is ${lines.at(-1) ?? 'something else'} with ${tools.join(', ') || 'none of them'}`,
    {
      hint: 'leave the host out, or do it by ssh.run with creates or unless',
    },
  );
}
