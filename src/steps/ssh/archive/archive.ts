import { z } from 'zod';
import { SlipwayError } from '../../../core/index.ts';
import { defineStep, type HostCheck, type HostContext, type HostOutcome } from '../../kind.ts';
import { callHost, refuseExit } from '../call.ts';
import { AccountName } from '../file-fields.ts';
import { type Look, previewHosts } from '../preview.ts';
import { probeByCheck } from '../probe.ts';
import { prepare, type Prepared } from './prepare.ts';
import { FORMATS } from './read.ts';
import { LOOK_SCRIPT, PUT_SCRIPT } from './scripts.ts';

const Archive = z
  .strictObject({
    src: z.string().min(1).optional().meta({ description: 'archive of the repository, relative to its top folder' }),
    url: z
      .string()
      .regex(/^https?:\/\/[^\s@]+$/, { error: 'not an address on the web, or one with a password in it' })
      .optional()
      .meta({ description: 'where Slipway fetches it; the hosts need no way out' }),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, { error: 'not a SHA-256 checksum' })
      .optional(),
    dest: z
      .string()
      .regex(/^\/[^/\0]+(?:\/[^/\0]+)+$/, { error: 'not a folder of its own; write for example /opt/erp' })
      .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), { error: 'write the path without . and ..' }),
    format: z.enum(FORMATS).optional().meta({ description: 'by its name or first bytes when absent' }),
    strip: z.int().min(0).max(20).default(0).meta({ description: 'folders at the front of every path that are left out' }),
    owner: AccountName.optional(),
    group: AccountName.optional(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, { error: 'not a mode; write it in quotes, for example "0750"' })
      .default('0755')
      .meta({ description: 'permissions of the folder itself' }),
    replace: z.boolean().default(false).meta({ description: 'a folder that this step did not make may be replaced' }),
    verify: z.boolean().default(false).meta({ description: 'compare every file each time, and unpack again when one is another' }),
  })
  .refine(({ src, url }) => (src === undefined) !== (url === undefined), { error: 'give either src or url', path: ['src'] })
  .refine(({ url, sha256 }) => url === undefined || sha256 !== undefined, { error: 'what comes from elsewhere needs its checksum', path: ['sha256'] });
type Archive = z.output<typeof Archive>;
type Present = 'none' | 'empty' | 'occupied' | 'link' | 'drifted' | { readonly mark: string };

/** Unpack an archive into a folder. Fails with `ARCHIVE`, `ARCHIVE_UNSAFE`, `ARCHIVE_OCCUPIED`, `CHECKOUT_FILE`, `SSH_EXIT`, or the codes of SSH. */
export const sshArchive = defineStep({
  uses: 'ssh.archive',
  summary: 'unpack an archive into a folder of hosts',
  with: Archive,
  outputs: z.strictObject({ digest: z.string(), files: z.int(), bytes: z.int() }),
  example: {
    url: 'https://downloads.example.com/erp-2026.11.tar.gz',
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    dest: '/opt/erp',
    strip: 1,
    owner: 'erp',
  },
  mutates: true,
  describe: ({ src, url, dest }) => `unpack ${src ?? url} into ${dest}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: (input, context) => execute(input, context),
  probeHost: async (input, context) => {
    const prepared = await prepare(input, context);
    return probeByCheck(() => check(input, prepared, context), outputsOf(prepared));
  },
  preview: async (input, context) => {
    // An archive that cannot be used is wrong for every host: the plan ends here.
    const prepared = await prepare(input, context);
    return previewHosts(context, (look) => check(input, prepared, look));
  },
});

function outputsOf({ digest, files, bytes }: Prepared): { readonly digest: string; readonly files: number; readonly bytes: number } {
  return { digest, files, bytes };
}

async function presentAt({ dest, verify }: Archive, look: Look): Promise<Present> {
  const { host, options, ports, runId, signal } = look;
  const result = await callHost(
    { host, options, ports, runId, signal },
    { script: LOOK_SCRIPT, env: { SLIPWAY_PATH: dest, SLIPWAY_VERIFY: verify ? 'yes' : '' } },
  );
  refuseExit(result, [0], { what: `looking at ${dest}`, host: host.name });
  const words = result.stdout.trim().split(/\s+/);
  if (words.includes('drifted')) return 'drifted';
  if (words[0] === 'mark') return { mark: words[1] ?? '' };
  return (['none', 'empty', 'link'] as const).find((word) => word === words[0]) ?? 'occupied';
}

/** Why the folder cannot be replaced; undefined when it can. */
function obstacle({ dest, replace }: Archive, present: Present): string | undefined {
  if (present === 'link') return `${dest} is a link`;
  return present === 'occupied' && !replace ? `${dest} is there, and Slipway did not unpack it` : undefined;
}

async function check(input: Archive, prepared: Prepared, look: Look): Promise<Omit<HostCheck, 'host'>> {
  const present = await presentAt(input, look);
  if (isSame(present, prepared)) return { verdict: 'ok' };
  const stop = obstacle(input, present);
  if (stop !== undefined) return { verdict: 'unknown', detail: `${stop}: the step will be refused` };
  const now =
    typeof present === 'object'
      ? 'another archive is unpacked there'
      : present === 'drifted'
        ? 'files there were changed'
        : present === 'occupied'
          ? 'what is there goes'
          : 'new folder';
  return { verdict: 'wouldChange', detail: `${input.dest}: ${prepared.files} files, ${prepared.bytes} bytes (${now})` };
}

function isSame(present: Present, { mark }: Prepared): boolean {
  return typeof present === 'object' && present.mark === mark;
}

async function execute(input: Archive, context: HostContext): Promise<HostOutcome> {
  const prepared = await prepare(input, context);
  const { dest, mode, owner = '', group = '' } = input;
  const present = await presentAt(input, context);
  if (isSame(present, prepared)) return { status: 'ok', outputs: outputsOf(prepared), summary: `${dest} is as wanted` };
  const stop = obstacle(input, present);
  if (stop !== undefined) {
    throw new SlipwayError('ARCHIVE_OCCUPIED', `${stop} on ${context.host.name}`, {
      hint: 'choose another folder, move it away, or allow it with replace: true',
    });
  }
  const env = { SLIPWAY_PATH: dest, SLIPWAY_MODE: mode, SLIPWAY_OWNER: owner, SLIPWAY_GROUP: group };
  const result = await callHost(context, { script: PUT_SCRIPT, env, stdin: prepared.tar });
  refuseExit(result, [0], { what: `unpacking into ${dest}`, host: context.host.name });
  return { status: 'changed', outputs: outputsOf(prepared), summary: `${dest}: ${prepared.files} files unpacked` };
}
