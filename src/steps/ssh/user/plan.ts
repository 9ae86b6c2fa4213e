import type { Secret } from '../../../core/index.ts';
import type { Found } from './account.ts';
import { mergedKeys } from './keys.ts';

export interface Wish {
  readonly name: string;
  readonly state: 'present' | 'absent';
  readonly uid?: number | undefined;
  readonly group?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly groupsMode: 'additive' | 'exact';
  readonly shell?: string | undefined;
  readonly home?: string | undefined;
  readonly comment?: string | undefined;
  readonly passwordHash?: Secret | undefined;
  readonly authorizedKeys?: readonly string[] | undefined;
  readonly keysMode: 'additive' | 'exact';
}
/** What has to change. Texts are empty where nothing has to. */
export interface Change {
  readonly action: 'add' | 'modify' | 'remove';
  readonly uid: string;
  readonly group: string;
  readonly shell: string;
  readonly home: string;
  readonly comment: string;
  readonly newGroups: readonly string[];
  /** All supplementary groups, when they have to be set. */
  readonly groups: readonly string[] | undefined;
  readonly password: boolean;
  /** The whole file, when it has to be written. */
  readonly keys: { readonly before: string; readonly after: string } | undefined;
}

/** Compare; undefined when everything is as wanted. */
export function planUser(wish: Wish, { account, missingGroups }: Found): Change | undefined {
  if (wish.state === 'absent') return account && { ...NOTHING, action: 'remove' };
  const { uid, group = '', shell = '', home = '', comment = '', passwordHash, authorizedKeys, keysMode } = wish;
  const unlike = (wanted: string, present: string | undefined): string => (wanted !== '' && wanted !== present ? wanted : '');
  const before = account?.keys ?? '';
  const after = authorizedKeys === undefined ? before : mergedKeys(before, authorizedKeys, keysMode);
  const change: Change = {
    action: account ? 'modify' : 'add',
    uid: unlike(uid === undefined ? '' : String(uid), account?.uid),
    group: unlike(group, account?.primary),
    shell: unlike(shell, account?.shell),
    home: unlike(home, account?.home),
    comment: unlike(comment, account?.comment),
    newGroups: missingGroups,
    groups: groupsFor(wish, account),
    password: passwordHash !== undefined && account?.hasPassword !== true,
    keys: after === before ? undefined : { before, after },
  };
  return account && isNothing(change) ? undefined : change;
}

const NOTHING: Omit<Change, 'action'> = {
  uid: '',
  group: '',
  shell: '',
  home: '',
  comment: '',
  newGroups: [],
  groups: undefined,
  password: false,
  keys: undefined,
};

function isNothing({ uid, group, shell, home, comment, groups, password, keys }: Change): boolean {
  return uid + group + shell + home + comment === '' && groups === undefined && !password && keys === undefined;
}

/** Supplementary groups to set; undefined when those there are do. */
function groupsFor({ groups, groupsMode, group }: Wish, account: Found['account']): readonly string[] | undefined {
  if (groups === undefined) return undefined;
  const primary = group ?? account?.primary;
  const present = (account?.groups ?? []).filter((each) => each !== account?.primary);
  const wanted = groups.filter((each) => each !== primary);
  const all = groupsMode === 'exact' ? wanted : [...new Set([...present, ...wanted])];
  const isSame = all.length === present.length && all.every((each) => present.includes(each));
  return isSame ? undefined : all;
}

/** What would change, for people; the diff of keys apart. */
export function linesOf(wish: Wish, change: Change, { account }: Found): readonly string[] {
  if (change.action === 'remove') return [`user ${wish.name} goes`];
  const from = (present: string | undefined, to: string): string => (account ? `${present ?? ''} → ${to}` : to);
  return [
    ...(change.action === 'add' ? [`new user ${wish.name}`] : []),
    ...change.newGroups.map((group) => `new group ${group}`),
    ...(change.uid === '' ? [] : [`uid ${from(account?.uid, change.uid)}`]),
    ...(change.group === '' ? [] : [`group ${from(account?.primary, change.group)}`]),
    ...(change.groups === undefined ? [] : [`groups ${from(account?.groups.filter((each) => each !== account.primary).join(','), change.groups.join(','))}`]),
    ...(change.shell === '' ? [] : [`shell ${from(account?.shell, change.shell)}`]),
    ...(change.home === '' ? [] : [`home ${from(account?.home, change.home)}`]),
    ...(change.comment === '' ? [] : [`comment ${from(account?.comment, change.comment)}`]),
    ...(change.password ? ['password set'] : []),
  ];
}
