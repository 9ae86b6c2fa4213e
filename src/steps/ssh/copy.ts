import { z } from 'zod';
import { digestOfBytes, Secret, SlipwayError } from '../../core/index.ts';
import { Secretable } from '../fields.ts';
import { defineStep } from '../kind.ts';
import type { SshControl } from '../ports.ts';
import { callHost, refuseExit } from './call.ts';
import { readCheckoutFile } from './checkout-file.ts';
import { checkOf, type Comparison } from './copy-check.ts';
import { type Look, previewHosts } from './preview.ts';

const MOST_COMPARED_BYTES = 1 << 20;
const MOST_BACKUP_BYTES = 64 << 20;
const DEFAULT_MODE = 0o644;

const MAKE_FOLDER = `# slipway:folder
mkdir -p "$SLIPWAY_PATH"
`;
/** Names and numbers of owner and group: \`user group uid gid\`. */
const OWNER = `# slipway:owner
stat -c '%U %G %u %g' "$SLIPWAY_PATH" 2>/dev/null || stat -f '%Su %Sg %u %g' "$SLIPWAY_PATH"
`;

const Name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, { error: 'not a user or group name' });
const Copy = z
  .strictObject({
    src: z.string().min(1).optional().meta({ description: 'file of the repository, relative to its top folder' }),
    content: Secretable.optional().meta({ description: 'the text itself, instead of src', slipwaySecret: true }),
    dest: z.string().startsWith('/', { error: 'not an absolute path' }).regex(/[^/]$/, { error: 'name the file, not its folder' }),
    mode: z
      .string()
      .regex(/^0?[0-7]{3,4}$/, { error: 'not a mode; write it in quotes, for example "0640"' })
      .optional()
      .meta({ description: 'permissions in octal; those the file has, or 0644, when absent' }),
    owner: Name.optional(),
    group: Name.optional(),
    backup: z.boolean().default(false).meta({ description: 'keep the file that is replaced beside it' }),
  })
  .refine(({ src, content }) => (src === undefined) !== (content === undefined), { error: 'give either src or content', path: ['src'] });
type Copy = z.output<typeof Copy>;

/** Put a file on hosts. Nothing happens where it is already there. Fails with `SSH_FILE`, `CHECKOUT_FILE`, or the codes of SSH. */
export const sshCopy = defineStep({
  uses: 'ssh.copy',
  summary: 'put a file of the repository, or a text, on hosts',
  with: Copy,
  outputs: z.strictObject({ digest: z.string(), backup: z.string().nullable() }),
  example: { src: 'runbooks/files/erp/erp.conf', dest: '/etc/erp/erp.conf', mode: '0640' },
  mutates: true,
  describe: ({ src, dest }) => `copy ${src ?? 'a text'} to ${dest}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async (input, context) => {
    const comparison = await compare(input, context, context.checkout);
    const digest = digestOfBytes(comparison.wanted.content);
    if (checkOf(comparison).verdict === 'ok') return { status: 'ok', outputs: { digest, backup: null }, summary: `${input.dest} is as wanted` };
    const backup = input.backup && comparison.present ? await keepBackup(input.dest, context) : null;
    if (!comparison.present) {
      const made = await callHost(context, { script: MAKE_FOLDER, env: { SLIPWAY_PATH: input.dest.replace(/\/[^/]*$/, '') || '/' } });
      refuseExit(made, [0], { what: `making the folder of ${input.dest}`, host: context.host.name });
    }
    await write(input, comparison, context);
    context.heartbeat();
    return { status: 'changed', outputs: { digest, backup }, summary: `${input.dest} ${comparison.present ? 'replaced' : 'written'}` };
  },
  preview: (input, context) => previewHosts(context, async (look) => checkOf(await compare(input, look, context.checkout))),
});

function controlOf({ runId, signal, options }: Look): SshControl {
  return { runId, signal, ...(options.become === undefined ? {} : { become: options.become }) };
}

async function compare(input: Copy, look: Look, checkout: string): Promise<Comparison> {
  const content = input.src === undefined ? textBytes(input.content ?? '') : await readCheckoutFile(checkout, input.src);
  const present = await look.ports.ssh.read(look.host, input.dest, MOST_COMPARED_BYTES, controlOf(look));
  const isSameContent = present?.digest === digestOfBytes(content);
  return {
    dest: input.dest,
    // A file longer than was read is not whole; its digest is of all of it.
    present: present && { content: present.content, mode: present.mode, isWhole: digestOfBytes(present.content) === present.digest },
    wanted: {
      content,
      mode: input.mode === undefined ? (present?.mode ?? DEFAULT_MODE) : Number.parseInt(input.mode, 8),
      isSecret: input.content instanceof Secret,
    },
    isSameContent,
    ownership: present && (await ownershipChange(input, look)),
  };
}

function textBytes(content: string | Secret): Buffer {
  return Buffer.from(content instanceof Secret ? content.reveal() : content);
}

async function ownershipChange({ dest, owner, group }: Copy, look: Look): Promise<string | undefined> {
  if (owner === undefined && group === undefined) return undefined;
  const result = await callHost(look, { script: OWNER, env: { SLIPWAY_PATH: dest } });
  refuseExit(result, [0], { what: `looking at the owner of ${dest}`, host: look.host.name });
  const [user, team, uid, gid] = result.stdout.trim().split(' ');
  const isOwner = owner === undefined || owner === user || owner === uid;
  const isGroup = group === undefined || group === team || group === gid;
  return isOwner && isGroup ? undefined : `owner ${user}:${team} → ${owner ?? user}:${group ?? team}`;
}

async function keepBackup(dest: string, look: Look): Promise<string> {
  const present = await look.ports.ssh.read(look.host, dest, MOST_BACKUP_BYTES, controlOf(look));
  if (!present) throw new SlipwayError('SSH_FILE', `${dest} on ${look.host.name} disappeared while it was copied`, { retry: 'afterBackoff' });
  if (digestOfBytes(present.content) !== present.digest) {
    throw new SlipwayError('SSH_FILE', `${dest} on ${look.host.name} is larger than ${MOST_BACKUP_BYTES} bytes, too large for a backup`, {
      hint: 'leave backup out, or keep a copy by ssh.run',
    });
  }
  const stamp = new Date(look.ports.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = `${dest}.${stamp}~`;
  await look.ports.ssh.write(look.host, { path, content: present.content, mode: present.mode }, controlOf(look));
  return path;
}

async function write({ dest, owner, group }: Copy, { wanted }: Comparison, look: Look): Promise<void> {
  const file = { path: dest, content: wanted.content, mode: wanted.mode, ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  await look.ports.ssh.write(look.host, file, controlOf(look));
}
