import { z } from 'zod';
import { randomText, Secret, SlipwayError } from '../../../core/index.ts';
import { Secretable } from '../../fields.ts';
import { defineStep, type HostCheck, type HostContext, type HostOutcome } from '../../kind.ts';
import { callHost, refuseExit } from '../call.ts';
import { unifiedDiff } from '../diff.ts';
import { AccountName } from '../file-fields.ts';
import { type Look, previewHosts } from '../preview.ts';
import { probeByCheck } from '../probe.ts';
import { accountState, type Found, unsafe } from './account.ts';
import { keyOf } from './keys.ts';
import { type Change, linesOf, planUser, type Wish } from './plan.ts';
import { ACT_SCRIPT, KEYS_SCRIPT, UNSAFE_EXIT } from './scripts.ts';

const Name = z
  .string()
  .max(32)
  .regex(/^[a-z_][a-z0-9_.-]*\$?$/, { error: 'not the name of an account; use lower case' });
const AbsolutePath = z.string().regex(/^\/[^:\0\n]*$/, { error: 'not an absolute path' });
const Key = z
  .string()
  .max(10_000)
  .refine((line) => !line.includes('\n') && keyOf(line) !== undefined, { error: 'not a public key of SSH' });

const User = z
  .strictObject({
    name: Name,
    state: z.enum(['present', 'absent']).default('present'),
    uid: z.int().min(1).max(4_294_967_293).optional(),
    group: AccountName.optional().meta({ description: 'primary group; made when it is missing' }),
    groups: z.array(AccountName).max(100).optional().meta({ description: 'further groups; made when they are missing' }),
    groupsMode: z.enum(['additive', 'exact']).default('additive').meta({ description: 'exact: in no other group' }),
    shell: AbsolutePath.optional(),
    home: AbsolutePath.optional(),
    createHome: z.boolean().default(true),
    system: z.boolean().default(false).meta({ description: 'an account of the system when it is made; an existing one stays what it is' }),
    comment: z
      .string()
      .regex(/^[^:\n\0]*$/, { error: 'it has a colon or a line end' })
      .optional(),
    passwordHash: Secretable.optional().meta({ description: 'hash as crypt makes it ($6$…, $y$…), from a secret; ! locks the password', slipwaySecret: true }),
    authorizedKeys: z.array(Key).max(500).optional(),
    keysMode: z.enum(['additive', 'exact']).default('additive').meta({ description: 'exact: no other key may log in' }),
    removeHome: z.boolean().default(false).meta({ description: 'with absent: the home folder goes too' }),
  })
  .refine(({ name, state }) => state === 'present' || name !== 'root', { error: 'root cannot be removed', path: ['name'] });
type User = z.output<typeof User>;

/** See to an account. Fails with `UNSUPPORTED_PLATFORM`, `USER_*`, `NEEDS_ROOT`, `SSH_EXIT`, or the codes of SSH. */
export const sshUser = defineStep({
  uses: 'ssh.user',
  summary: 'see to an account of hosts, its groups and its keys',
  with: User,
  outputs: z.strictObject({ changes: z.array(z.string()), home: z.string().nullable() }),
  example: {
    name: 'deploy',
    groups: ['adm'],
    shell: '/bin/bash',
    authorizedKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0m1XvI0Ff1s4Yw4Y0mIhZ0e4z1s2k3l4m5n6o7p8q9 deploy@example'],
    keysMode: 'exact',
  },
  mutates: true,
  describe: ({ name, state }) => (state === 'present' ? `have the user ${name}` : `have no user ${name}`),
  target: 'hosts',
  idempotency: 'safe',
  executeHost: (input, context) => execute(input, context),
  probeHost: (input, context) => probeByCheck(() => check(input, context), { changes: [], home: null }),
  preview: (input, context) => previewHosts(context, (look) => check(input, look)),
});

const HASH = /^(?:\$[a-z0-9-]+\$[^\s:]+|[!*]+)$/;

function wishOf(input: User): Wish {
  const { passwordHash: given, ...rest } = input;
  if (given === undefined) return rest;
  const passwordHash = given instanceof Secret ? given : new Secret(given);
  if (!HASH.test(passwordHash.reveal())) {
    throw new SlipwayError('USER_PASSWORD', `passwordHash of ${input.name} is no hash as crypt makes it`, {
      hint: 'make one by openssl passwd -6; the password itself never goes into a runbook',
    });
  }
  return { ...rest, passwordHash };
}

async function look(input: User, where: Look): Promise<{ readonly wish: Wish; readonly found: Found; readonly change: Change | undefined }> {
  const wish = wishOf(input);
  const groups = [...new Set([...(wish.group === undefined ? [] : [wish.group]), ...(wish.groups ?? [])])];
  const found = await accountState(where, {
    name: wish.name,
    groups: wish.state === 'absent' ? [] : groups,
    hash: wish.passwordHash,
    withKeys: wish.authorizedKeys !== undefined,
  });
  return { wish, found, change: planUser(wish, found) };
}

async function check(input: User, where: Look): Promise<Omit<HostCheck, 'host'>> {
  const { wish, found, change } = await look(input, where);
  if (!change) return { verdict: 'ok' };
  const diff = change.keys && unifiedDiff(change.keys.before, change.keys.after);
  const notes = found.isRoot ? [] : ['(seen without root: passwords and keys may be as wanted already)'];
  const keys = change.keys === undefined ? [] : [`--- authorized_keys\n+++ authorized_keys\n${diff ?? '(too long to compare)'}`];
  return { verdict: 'wouldChange', detail: [...linesOf(wish, change, found), ...notes, ...keys].join('\n') };
}

async function execute(input: User, context: HostContext): Promise<HostOutcome> {
  const { wish, found, change } = await look(input, context);
  if (!change) return { status: 'ok', outputs: { changes: [], home: found.account?.home ?? null }, summary: `${input.name} is as wanted` };
  if (!found.isRoot) {
    throw new SlipwayError('NEEDS_ROOT', `accounts of ${context.host.name} can be changed by root only`, { hint: 'give the step become' });
  }
  await act(input, { wish, change }, context);
  if (change.keys) await writeKeys(input.name, change.keys.after, context);
  const after = await look(input, context);
  if (after.change) {
    const left = linesOf(wish, after.change, after.found).join('; ') || 'its keys';
    throw new SlipwayError('USER_NOT_DONE', `${input.name} on ${context.host.name} is not as wanted after the change: ${left}`, {
      hint: 'does something else on the machine change accounts?',
    });
  }
  const changes = [...linesOf(wish, change, found), ...(change.keys ? ['keys'] : [])];
  return { status: 'changed', outputs: { changes, home: after.found.account?.home ?? null }, summary: changes.join(', ') };
}

async function act(input: User, { wish, change }: { readonly wish: Wish; readonly change: Change }, context: HostContext): Promise<void> {
  const yes = (is: boolean): string => (is ? 'yes' : '');
  const env = {
    SLIPWAY_ACTION: change.action,
    SLIPWAY_NAME: input.name,
    SLIPWAY_UID: change.uid,
    SLIPWAY_GROUP: change.group,
    SLIPWAY_SHELL: change.shell,
    SLIPWAY_HOME: change.home,
    SLIPWAY_COMMENT: change.comment,
    SLIPWAY_NEW_GROUPS: change.newGroups.join(' '),
    SLIPWAY_SET_GROUPS: yes(change.groups !== undefined),
    SLIPWAY_ALL_GROUPS: (change.groups ?? []).join(','),
    SLIPWAY_SYSTEM: yes(input.system),
    SLIPWAY_MAKE_HOME: yes(input.createHome),
    SLIPWAY_REMOVE_HOME: yes(input.removeHome),
    SLIPWAY_SET_PASSWORD: yes(change.password),
  };
  const stdin = change.password ? Buffer.from(`${wish.passwordHash?.reveal() ?? ''}\n`) : undefined;
  const result = await callHost(context, { script: ACT_SCRIPT, env, stdin });
  refuseExit(result, [0], { what: `${change.action} of the user ${input.name}`, host: context.host.name });
}

async function writeKeys(name: string, text: string, context: HostContext): Promise<void> {
  const stdin = Buffer.from(text);
  const result = await callHost(context, {
    script: KEYS_SCRIPT,
    env: { SLIPWAY_NAME: name, SLIPWAY_NONCE: randomText(10), SLIPWAY_BYTES: stdin.length },
    stdin,
  });
  if (result.exitCode === UNSAFE_EXIT) throw unsafe(name, context.host.name, result.stderr);
  refuseExit(result, [0], { what: `writing the keys of ${name}`, host: context.host.name });
}
