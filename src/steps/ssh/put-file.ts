import { posix } from 'node:path';
import { digestOfBytes, SlipwayError } from '../../core/index.ts';
import type { HostContext, HostProbe } from '../kind.ts';
import type { SshControl } from '../ports.ts';
import { callHost, refuseExit } from './call.ts';
import { checkOf, type Comparison, isAsWanted } from './copy-check.ts';
import { draftMark } from './draft.ts';
import { DRAFT } from './file-fields.ts';
import { ACCEPT, MAKE_FOLDER, NO_VALIDATOR_EXIT, OWNER, REFUSED_EXIT, WIN_MAKE_FOLDER } from './file-scripts.ts';
import { numbered } from './numbered.ts';
import type { Look } from './preview.ts';
import { probeByCheck } from './probe.ts';

const MOST_COMPARED_BYTES = 1 << 20;
const MOST_BACKUP_BYTES = 64 << 20;
const DEFAULT_MODE = 0o644;

/** A file as it shall be on a host. */
export interface Wanted {
  readonly dest: string;
  readonly content: Uint8Array;
  readonly isSecret: boolean;
  /** Octal; that of the file in place, or 0644, when absent. */
  readonly mode?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly backup: boolean;
  readonly validate?: readonly string[] | undefined;
}
export interface Put {
  readonly status: 'ok' | 'changed';
  readonly digest: string;
  readonly backup: string | null;
  readonly summary: string;
}

export function controlOf({ runId, signal, options }: Look): SshControl {
  return { runId, signal, ...(options.become === undefined ? {} : { become: options.become }) };
}

/** The same for writing. */
function writeControlOf(context: HostContext): SshControl {
  return { ...controlOf(context), draft: { mark: draftMark(context), attempt: context.attempt } };
}

/** Look at the file in place. @throws {SlipwayError} `SSH_FILE` and the codes of SSH. */
export async function compareFile(wanted: Wanted, look: Look): Promise<Comparison> {
  const { dest, content, mode, isSecret } = wanted;
  refuseUnix(look, wanted);
  const present = await look.ports.ssh.read(look.host, dest, MOST_COMPARED_BYTES, controlOf(look));
  return {
    dest,
    // A file longer than was read is not whole; its digest is of all of it.
    present: present && { content: present.content, mode: present.mode, isWhole: digestOfBytes(present.content) === present.digest },
    wanted: { content, mode: mode === undefined ? (present?.mode ?? DEFAULT_MODE) : Number.parseInt(mode, 8), isSecret },
    isSameContent: present?.digest === digestOfBytes(content),
    ownership: present && (await ownershipChange(wanted, look)),
  };
}

/**
 * Put a file in place where it differs: whole or unchanged, judged by `validate` before it replaces anything.
 *
 * @throws {SlipwayError} `SSH_FILE`, `SSH_VALIDATE` (nothing was replaced), and the codes of SSH.
 */
export async function putFile(wanted: Wanted, context: HostContext, comparison?: Comparison): Promise<Put> {
  const found = comparison ?? (await compareFile(wanted, context));
  const { dest } = wanted;
  const digest = digestOfBytes(wanted.content);
  if (isAsWanted(found)) return { status: 'ok', digest, backup: null, summary: `${dest} is as wanted` };
  const backup = wanted.backup && found.present ? await keepBackup(dest, context) : null;
  if (found.present) await replace(wanted, found.wanted.mode, context);
  else await create(wanted, found.wanted.mode, context);
  context.heartbeat();
  return { status: 'changed', digest, backup, summary: `${dest} ${found.present ? 'replaced' : 'written'}` };
}

/** All of a file, or undefined when there is none. @throws {SlipwayError} `SSH_FILE` for one larger than 1 MiB. */
export async function readWhole(path: string, look: Look): Promise<Uint8Array | undefined> {
  const present = await look.ports.ssh.read(look.host, path, MOST_COMPARED_BYTES, controlOf(look));
  if (!present || digestOfBytes(present.content) === present.digest) return present?.content;
  throw new SlipwayError('SSH_FILE', `${path} on ${look.host.name} is larger than ${MOST_COMPARED_BYTES} bytes`, { hint: 'replace it as a whole by ssh.copy' });
}

/** Look whether the file is in place already. */
export function probeFile(wanted: Wanted, context: HostContext): Promise<HostProbe> {
  return probeByCheck(async () => checkOf(await compareFile(wanted, context)), { digest: digestOfBytes(wanted.content), backup: null });
}

async function ownershipChange({ dest, owner, group }: Wanted, look: Look): Promise<string | undefined> {
  if (owner === undefined && group === undefined) return undefined;
  const result = await callHost(look, { script: OWNER, env: { SLIPWAY_PATH: dest } });
  refuseExit(result, [0], { what: `looking at the owner of ${dest}`, host: look.host.name });
  const [user, team, uid, gid] = result.stdout.trim().split(' ');
  const isOwner = owner === undefined || owner === user || owner === uid;
  const isGroup = group === undefined || group === team || group === gid;
  return isOwner && isGroup ? undefined : `owner ${user}:${team} → ${owner ?? user}:${group ?? team}`;
}

async function replace(wanted: Wanted, mode: number, context: HostContext): Promise<void> {
  if (wanted.validate === undefined) await write(wanted, { path: wanted.dest, mode }, context);
  else await writeJudged(wanted, { validate: wanted.validate, mode }, context);
}

/** Mostly the folder is there, and making it sure would start a shell for every file. */
async function create(wanted: Wanted, mode: number, context: HostContext): Promise<void> {
  try {
    await replace(wanted, mode, context);
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.code !== 'SSH_FILE') throw thrown;
    await makeFolder(wanted.dest, context);
    await replace(wanted, mode, context);
  }
}

async function makeFolder(dest: string, context: HostContext): Promise<void> {
  const made = await callHost(context, { script: MAKE_FOLDER, powershell: WIN_MAKE_FOLDER, env: { SLIPWAY_PATH: folderOf(dest) } });
  refuseExit(made, [0], { what: `making the folder of ${dest}`, host: context.host.name });
}

/** Windows takes both kinds of slashes. */
function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, '').replace(/^([A-Za-z]:)?$/, '$1/');
}

/** Where the shell is PowerShell there are no permission bits, and no program judges a draft. */
function refuseUnix({ host }: Look, { dest, mode, owner, group, validate }: Wanted): void {
  const isWindows = host.shell === 'powershell';
  const wrong = isWindows ? Object.entries({ mode, owner, group, validate }).find(([, value]) => value !== undefined)?.[0] : undefined;
  if (wrong !== undefined)
    throw new SlipwayError('UNSUPPORTED_PLATFORM', `${wrong} of ${dest} means nothing on ${host.name}, which is Windows`, { hint: `leave ${wrong} out there` });
  if (isWindows !== /^[A-Za-z]:/.test(dest))
    throw new SlipwayError('UNSUPPORTED_PLATFORM', `${dest} is no path on ${host.name}`, {
      hint: isWindows ? 'write it with its drive: C:/erp/erp.conf' : 'write it from the root: /etc/erp.conf',
    });
}

async function keepBackup(dest: string, look: HostContext): Promise<string> {
  const present = await look.ports.ssh.read(look.host, dest, MOST_BACKUP_BYTES, controlOf(look));
  if (!present) throw new SlipwayError('SSH_FILE', `${dest} on ${look.host.name} disappeared while it was copied`, { retry: 'afterBackoff' });
  if (digestOfBytes(present.content) !== present.digest) {
    throw new SlipwayError('SSH_FILE', `${dest} on ${look.host.name} is larger than ${MOST_BACKUP_BYTES} bytes, too large for a backup`, {
      hint: 'leave backup out, or keep a copy by ssh.run',
    });
  }
  const stamp = new Date(look.ports.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = `${dest}.${stamp}~`;
  await look.ports.ssh.write(look.host, { path, content: present.content, mode: present.mode }, writeControlOf(look));
  return path;
}

async function write({ content, owner, group }: Wanted, { path, mode }: { readonly path: string; readonly mode: number }, look: HostContext): Promise<void> {
  const file = { path, content, mode, ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  await look.ports.ssh.write(look.host, file, writeControlOf(look));
}

/** Write a draft beside the file, have it judged, and put it in place, all of the last by one command on the host. */
async function writeJudged(
  wanted: Wanted,
  { validate, mode }: { readonly validate: readonly string[]; readonly mode: number },
  context: HostContext,
): Promise<void> {
  const { dest } = wanted;
  const draft = draftOf(dest, context);
  await write(wanted, { path: draft, mode }, context);
  const args = validate.map((arg) => arg.replaceAll(DRAFT, draft));
  const result = await callHost(
    { ...context, log: (line) => context.log(line, 'stderr') },
    { script: ACCEPT, env: { ...numbered(args), SLIPWAY_DRAFT: draft, SLIPWAY_PATH: dest } },
  );
  if (result.exitCode !== REFUSED_EXIT && result.exitCode !== NO_VALIDATOR_EXIT) {
    return refuseExit(result, [0], { what: `putting ${dest} in place`, host: context.host.name });
  }
  const said = result.stderr.trim().split('\n').slice(-5).join('\n').slice(-1_000);
  throw new SlipwayError('SSH_VALIDATE', `${validate[0]} refuses the draft of ${dest} on ${context.host.name}: ${said}`, {
    hint:
      result.exitCode === NO_VALIDATOR_EXIT ? 'install the program on the host, or correct validate' : 'correct the content; the file in place was not touched',
  });
}

/** The same draft for every attempt of a task, so that a crash leaves at most one, which the next attempt takes over. */
function draftOf(dest: string, context: HostContext): string {
  return posix.join(posix.dirname(dest), `.${posix.basename(dest).slice(0, 150)}.slipway-${draftMark(context)}`);
}
