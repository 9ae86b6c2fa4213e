import { z } from 'zod';
import { SlipwayError } from '../../../core/index.ts';
import { defineStep } from '../../kind.ts';
import { matches, Pattern } from '../../pattern.ts';
import { checkOf } from '../copy-check.ts';
import { textOf } from '../diff.ts';
import { fileSettings } from '../file-fields.ts';
import { type Look, previewHosts } from '../preview.ts';
import { compareFile, probeFile, putFile, readWhole, type Wanted } from '../put-file.ts';
import { edited } from './edit.ts';

const { dest, ...settings } = fileSettings;
const OneLine = z
  .string()
  .max(10_000)
  .refine((text) => !/[\r\n\0]/.test(text), { error: 'it has more than one line' });
const Line = z
  .strictObject({
    path: dest,
    line: OneLine.optional().meta({ description: 'the line itself, without its end' }),
    match: Pattern.optional().meta({ description: 'which line is meant, when it may read otherwise now' }),
    state: z.enum(['present', 'absent']).default('present'),
    several: z
      .enum(['refuse', 'first', 'last', 'merge'])
      .default('refuse')
      .meta({ description: 'what to do when several lines match; merge keeps one in place of the first' }),
    insert: z
      .union([z.enum(['start', 'end']), z.strictObject({ after: Pattern }), z.strictObject({ before: Pattern })])
      .default('end')
      .meta({ description: 'where a line goes that is not there: behind the last, or before the first line that matches' }),
    create: z.boolean().default(false).meta({ description: 'make the file when it is not there' }),
    ...settings,
  })
  .superRefine(({ line, match, state }, context) => {
    if (state === 'present' && line === undefined) context.addIssue({ code: 'custom', path: ['line'], message: 'say which line shall be there' });
    if (state === 'absent' && line === undefined && match === undefined)
      context.addIssue({ code: 'custom', path: ['match'], message: 'say by line or match what shall go' });
    if (state === 'absent' && line !== undefined && match !== undefined)
      context.addIssue({ code: 'custom', path: ['match'], message: 'give either line or match to say what shall go' });
    if (state === 'present' && line !== undefined && match !== undefined && !isFound(line, match))
      context.addIssue({ code: 'custom', path: ['match'], message: 'it does not match the line itself, so that every run would add another one' });
  });
type Line = z.output<typeof Line>;

/** Too slow to tell is judged when it runs. */
function isFound(line: string, match: string): boolean {
  try {
    return matches(match, [line])[0] === true;
  } catch {
    return true;
  }
}

/** See to one line of a text file. Fails with `SSH_LINE`, `SSH_FILE`, `SSH_VALIDATE`, `PATTERN_SLOW`, or the codes of SSH. */
export const sshLine = defineStep({
  uses: 'ssh.line',
  summary: 'see to one line of a text file on hosts',
  with: Line,
  outputs: z.strictObject({ digest: z.string().nullable(), backup: z.string().nullable() }),
  example: {
    path: '/etc/haproxy/haproxy.cfg',
    line: '    maxconn 4096',
    match: '^\\s*#?\\s*maxconn\\b',
    several: 'merge',
    validate: ['haproxy', '-c', '-f', '{file}'],
  },
  mutates: true,
  describe: ({ path, line, match, state }) =>
    state === 'present' ? `have "${line}" in ${path}` : `have no line ${line === undefined ? `like ${match}` : `"${line}"`} in ${path}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async (input, context) => {
    const wanted = await wantedOf(input, context);
    if (!wanted) return { status: 'ok', outputs: { digest: null, backup: null }, summary: `there is no ${input.path}` };
    const { status, digest, backup, summary } = await putFile(wanted, context);
    return { status, outputs: { digest, backup }, summary };
  },
  probeHost: async (input, context) => {
    const wanted = await wantedOf(input, context);
    return wanted ? probeFile(wanted, context) : { verdict: 'done', outcome: { status: 'changed', outputs: { digest: null, backup: null } } };
  },
  preview: (input, context) =>
    previewHosts(context, async (look) => {
      if (context.approximate) return { verdict: 'unknown', detail: 'its values are known when earlier steps have run' };
      const wanted = await wantedOf(input, look);
      return wanted ? checkOf(await compareFile(wanted, look)) : { verdict: 'ok', detail: `there is no ${input.path}` };
    }),
});

/** The whole file as it shall be; undefined when there is none and none is wanted. */
async function wantedOf(input: Line, look: Look): Promise<Wanted | undefined> {
  const { path, create, line, match, state, several, insert, ...rest } = input;
  const text = await presentText(path, look);
  if (text === undefined && state === 'absent') return undefined;
  if (text === undefined && !create)
    throw new SlipwayError('SSH_FILE', `${path} on ${look.host.name}: there is no such file`, { hint: 'correct path, or let create make it' });
  try {
    return { ...rest, dest: path, content: Buffer.from(edited(text ?? '', { line, match, state, several, insert })), isSecret: false };
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || cause.code !== 'SSH_LINE') throw cause;
    throw new SlipwayError('SSH_LINE', `${path} on ${look.host.name}: ${cause.message}`, { cause, ...(cause.hint === undefined ? {} : { hint: cause.hint }) });
  }
}

async function presentText(path: string, look: Look): Promise<string | undefined> {
  const content = await readWhole(path, look);
  const text = content && textOf(content);
  if (content && text === undefined)
    throw new SlipwayError('SSH_FILE', `${path} on ${look.host.name} is no UTF-8 text`, { hint: 'replace it as a whole by ssh.copy' });
  return text;
}
